"""`python -m backend run JOB.json...`, `list` and `show KIND`: jobs without Blender, on a farm or from a script."""

from __future__ import annotations

import importlib
import json
import pkgutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import jobs
from .api import wire
from .api.param import specs
from .context import JobContext

USAGE = """usage: python -m backend run JOB.json...   run jobs one after another; events are JSON lines
       python -m backend list              kinds of jobs
       python -m backend show KIND         a job file of that kind with every parameter, its default and what it does
       python -m backend                   serve Blender over standard input"""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


def read_job(path: Path) -> wire.Submit:
    """The job of a file: a `Submit` whose paths start from the file's folder; id and folder may be left out.

    Raises ValueError with one sentence for what is no job.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a job file: {error}.") from error
    if not isinstance(data, dict) or "kind" not in data:
        raise ValueError(f'{path} names no job; it needs a "kind", such as "simulate".')
    data.pop("type", None)
    request = wire.from_jsonable(wire.Submit, {"job": path.stem, "folder": path.stem, **data})
    base = path.resolve().parent
    inputs = {name: str(base / file) for name, file in request.inputs.items()}
    return replace(request, folder=str(base / request.folder), inputs=inputs, params=_absolute(request, base))


def _absolute(request: wire.Submit, base: Path) -> dict:
    """The parameters with paths that start from the job file's folder."""
    params = dict(request.params)
    for name, _hint, _default, spec in specs(params_of(request.kind)):
        if spec.subtype in ("FILE_PATH", "DIR_PATH") and params.get(name):
            params[name] = str(base / params[name])
    return params


def params_of(kind: str) -> type:
    """The parameters of a kind of job. Raises ValueError for one that does not exist."""
    if kind not in kinds():
        raise ValueError(f"There is no job of kind {kind!r}; there are {', '.join(kinds())}.")
    return importlib.import_module(f".jobs.{kind}", __package__).PARAMS


def kinds() -> list[str]:
    """Names of the modules in `jobs` that are jobs: they have `PARAMS` and `run`."""
    found = []
    for module in pkgutil.iter_modules(jobs.__path__):
        source = (Path(jobs.__path__[0]) / f"{module.name}.py").read_text(encoding="utf-8")
        if "\nPARAMS = " in source and "\ndef run(" in source:
            found.append(module.name)
    return found


def keep_job(request: wire.Submit) -> None:
    """Make a job's folder, and leave its file in there to be changed and run again."""
    folder = Path(request.folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "job.json"
    if not file.exists():
        file.write_text(json.dumps(wire.to_jsonable(request), indent=1), encoding="utf-8")


def run_files(
    paths: list[str],
    run_job: Callable[[wire.Submit, JobContext], wire.Done],
    claim: Callable[[], Callable[[wire.Message], None]],
) -> int:
    """Run the jobs of some files in one process, so that what was compiled for one serves the next.

    Exit status 0 when all have finished. Ctrl-C cancels the one that runs, and those after it.
    """
    requests = [read_job(Path(path)) for path in paths]
    send = claim()
    failed = 0
    for request in requests:
        context = JobContext(request.job, Path(request.folder), send)
        stopped = _cancels_on_interrupt(context)
        done = run_job(request, context)
        send(done)
        if stopped():
            return INTERRUPTED
        failed += done.state != "finished"
    return 1 if failed else 0


def _cancels_on_interrupt(context: JobContext) -> Callable[[], bool]:
    """Let Ctrl-C cancel a job; the returned function says whether it did."""
    pressed = []

    def interrupt(*_: object) -> None:
        pressed.append(True)
        context.cancel()

    signal.signal(signal.SIGINT, interrupt)
    return lambda: bool(pressed)


def show(kind: str) -> str:
    """A job file of a kind, and below it what each parameter does."""
    cls = params_of(kind)
    params = {name: wire.to_jsonable(default) for name, _hint, default, _spec in specs(cls)}
    template = json.dumps({"kind": kind, "folder": kind, "params": params, "inputs": {}}, indent=2)
    width = max((len(name) for name in params), default=0)
    lines = [f"  {name:<{width}}  {spec.doc}{_choices(hint)}" for name, hint, _default, spec in specs(cls)]
    return "\n".join([template, "", *lines])


def _choices(hint: object) -> str:
    return f" ({', '.join(hint.__members__)})" if hasattr(hint, "__members__") else ""


def main(
    arguments: list[str],
    run_job: Callable[[wire.Submit, JobContext], wire.Done],
    claim: Callable[[], Callable[[wire.Message], None]],
) -> int:
    """The command line, less serving Blender; returns the exit status."""
    try:
        match arguments:
            case ["run", first, *others]:
                return run_files([first, *others], run_job, claim)
            case ["list"]:
                sys.stdout.write("\n".join(kinds()) + "\n")
                return 0
            case ["show", kind]:
                sys.stdout.write(show(kind) + "\n")
                return 0
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write(USAGE + "\n")
    return 0 if arguments in (["-h"], ["--help"]) else 2
