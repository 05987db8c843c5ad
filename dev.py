#!/usr/bin/env python3
"""Everything a developer does: demo, test, build, lint, docs, bench. Standard library only; sets up what it needs."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import environments as env

ROOT = Path(__file__).resolve().parent
REAL_PLANT = Path(os.environ.get("SWAY_DATA", ROOT.parent / "shared" / "data")) / "splats/padilla_plant/plant.splat"


def run(python: Path, *arguments: object, **options) -> int:
    return subprocess.run([str(python), *map(str, arguments)], cwd=ROOT, **options).returncode


def read_toml(path: Path) -> dict:
    import tomllib  # new in Python 3.11, which `main` makes sure of

    return tomllib.loads(path.read_text(encoding="utf-8"))


def build() -> Path:
    """Build and validate the extension; return the zip's path."""
    blender = env.BLENDER.ensure()
    site = subprocess.run(
        [str(blender), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (tool,) = Path(site).glob("bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    manifest = read_toml(ROOT / "blender_manifest.toml")
    target = ROOT / "dist" / f"{manifest['id']}-{manifest['version']}.zip"
    target.parent.mkdir(exist_ok=True)
    for verb in (
        ["build", "--source-dir", str(ROOT), "--output-filepath", str(target)],
        ["validate", str(target)],
    ):
        done = subprocess.run([str(blender), str(tool), *verb], capture_output=True, text=True)
        if done.returncode:
            raise env.SetupError(f"the extension's {verb[0]} failed: {(done.stdout + done.stderr).strip()}")
    print(f"Built and validated {target.relative_to(ROOT)} ({target.stat().st_size / 1024:.0f} KiB)", flush=True)
    return target


def demo(options: argparse.Namespace) -> int:
    """The main job on a real capture, through the add-on's own operators, in a real Blender without a window."""
    worker, blender, package = env.WORKER.ensure(), env.BLENDER.ensure(), build()
    source = options.input or (REAL_PLANT if REAL_PLANT.exists() else None)
    out = Path(options.out).resolve()
    arguments: list[object] = ["--package", package, "--worker", worker, "--out", out]
    if source:
        arguments += ["--input", Path(source).resolve()]
    if options.up:
        arguments += ["--up", options.up]
    if options.quick:
        arguments.append("--quick")
    return run(blender, "-m", "tools.demo", *arguments) or run(worker, "-m", "tools.film", out)


def test(options: argparse.Namespace) -> int:
    """All suites: backend and worker in the worker's environment, the add-on in each Blender there is.

    With SWAY_BLENDER, a Blender's executable, also its window.
    """
    suites = ["tests/backend", "tests/golden", "tests/worker"]
    if os.environ.get("SWAY_BLENDER"):  # a window takes minutes where software draws it, so only when asked for
        suites.append("tests/window")
    failed = run(env.WORKER.ensure(), "-m", "pytest", *suites, *options.pytest)
    for blender in (env.BLENDER, env.BLENDER_NEXT):
        if blender.optional and env.find_python(blender.version) is None:
            print(f"Python {blender.version} not found: the add-on is not tested in {blender.name}.")
            continue
        variables = {**os.environ, "SWAY_WORKER_PYTHON": str(env.WORKER.python)}
        failed |= run(blender.ensure(), "-m", "pytest", "tests/blender", *options.pytest, env=variables)
    return failed


def lint(_options: argparse.Namespace) -> int:
    """ruff's lint and format, pyright over all that is typed."""
    python, worker = env.LINT.ensure(), env.WORKER.ensure()
    failed = run(python, "-m", "ruff", "check", ".")
    failed |= run(python, "-m", "ruff", "format", "--check", ".")
    return failed | run(python, "-m", "pyright", "--pythonpath", worker)


def docs(_options: argparse.Namespace) -> int:
    """The manual as web pages in out/manual, from docs/ and the parameters' declarations; a dead link fails."""
    failed = run(env.WORKER.ensure(), "-m", "tools.parameters")
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return failed | run(env.DOCS.ensure(), "-m", "mkdocs", "--quiet", "build", "--clean", env=quiet)


def bench(options: argparse.Namespace) -> int:
    """Run benchmarks, print a table against the targets of benchmarks/targets.toml, write JSON."""
    targets = read_toml(ROOT / "benchmarks" / "targets.toml")
    rows: list[dict] = []
    for name in options.names:
        source = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        python = env.BLENDER.ensure() if 'ENVIRONMENT = "blender"' in source else env.WORKER.ensure()
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "rows.json"
            variables = {**os.environ, "SWAY_WORKER_PYTHON": str(env.WORKER.ensure())}
            if run(python, "-m", "benchmarks", name, out, env=variables):
                return 1
            rows += [judged(row, targets) for row in json.loads(out.read_text(encoding="utf-8"))]
    for row in rows:
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        print(f"{row['figure']:<58} {row['value']:>12.4g} {row['unit']:<8} {row['target'] or '':<10} {mark}")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


def judged(row: dict, targets: dict) -> dict:
    """A row with its target as text (">= 45") and whether it was met; both None where there is no target."""
    target = targets.get(row["figure"])
    met = None
    if target:
        relation, bound = target.split()
        met = row["value"] >= float(bound) if relation == ">=" else row["value"] <= float(bound)
    return {"figure": row["figure"], "value": row["value"], "unit": row["unit"], "target": target, "met": met}


def with_python_3_11() -> int:
    """Run this script again with Python 3.11, wherever that is."""
    python = env.find_python("3.11")
    if python is None:
        print("dev.py: Python 3.11 is needed; install it from python.org or your package manager.", file=sys.stderr)
        return 1
    return subprocess.run([*python, __file__, *sys.argv[1:]]).returncode


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  (this is what finds out)
        return with_python_3_11()
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("demo", help="a splat file becomes a moving render")
    verb.add_argument(
        "--input", help="splat file (.ply, .splat, .spz, .sog, .ksplat); default: the real plant, else a procedural one"
    )
    verb.add_argument("--out", default="out", help="folder for the .blend, frames, films and report (default: out)")
    verb.add_argument("--quick", action="store_true", help="fewer and smaller frames")
    verb.add_argument(
        "--up", choices=["+X", "-X", "+Y", "-Y", "+Z", "-Z"], help="the file's up axis, when it does not say"
    )
    verb.set_defaults(call=demo)
    verb = verbs.add_parser("test", help="all tests")
    verb.add_argument("pytest", nargs="*", help="options for pytest, after --")
    verb.set_defaults(call=test)
    verbs.add_parser("build", help="the extension's zip in dist/, validated").set_defaults(call=lambda _: build() and 0)
    verbs.add_parser("lint", help="ruff and pyright").set_defaults(call=lint)
    verbs.add_parser("docs", help="the manual, in out/manual").set_defaults(call=docs)
    verb = verbs.add_parser("bench", help="benchmarks against their targets")
    verb.add_argument("names", nargs="+", metavar="NAME")
    verb.add_argument("--json", metavar="FILE")
    verb.set_defaults(call=bench)
    options = parser.parse_args()
    try:
        return options.call(options)
    except env.SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
