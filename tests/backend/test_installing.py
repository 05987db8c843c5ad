"""The backend's installation, with tiny packages made here: no network is used."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from jobs import installing, installing_folder, installing_python
from jobs.installing_causes import explained
from tests.conftest import ROOT


def wheel(folder: Path, name: str, version: str, needs: str = "", size: int = 10) -> Path:
    """A wheel of one module whose text is `size` bytes of comment and its version."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    source = "#" + "x" * size + f"\nVERSION = {version!r}\n"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: MIT\n"
    metadata += f"Requires-Dist: {needs}\n" if needs else ""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder of two packages, one of which needs the other, in a first and a second version."""
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "sway_leaf", "1.0", needs="sway_root")
    wheel(folder, "sway_leaf", "2.0", needs="sway_root")
    wheel(folder, "sway_root", "1.5")
    return folder


@pytest.fixture
def requirements(tmp_path, monkeypatch):
    """Requirements of the first version, in place of the project's; pip asks nobody."""
    path = tmp_path / "requirements.txt"
    path.write_text("sway_leaf==1.0\n", encoding="utf-8")
    for module in (installing, installing_folder):
        monkeypatch.setattr(module, "REQUIREMENTS", path)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    return path


def run(folder: Path, **choice) -> installing.Installing:
    made = installing.start(folder, installing.Choice(python=sys.executable, **choice))
    made.wait()
    return made


def modules_of(folder: Path) -> str:
    """What the installed packages say of themselves."""
    code = "import sway_leaf, sway_root; print(sway_leaf.VERSION, sway_root.VERSION)"
    python = str(installing_folder.environment_python(folder))
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def test_installed_repaired_updated_and_removed_from_a_folder_of_wheels(tmp_path, wheels, requirements):
    """Without any network: installs, mends a package with a missing file, follows new requirements, leaves nothing."""
    folder = tmp_path / "backend"
    assert run(folder, wheels=str(wheels)).state == "finished"
    found = installing_folder.installed(folder)
    assert found is not None and found.current and found.packages["sway_leaf"] == "1.0"
    assert modules_of(folder) == "1.0 1.5"

    next((folder / "env").rglob("sway_root.py")).unlink()
    assert modules_of(folder) == ""
    assert run(folder, wheels=str(wheels)).state == "finished"
    assert modules_of(folder) == "1.0 1.5"

    requirements.write_text("sway_leaf==2.0\n", encoding="utf-8")
    found = installing_folder.installed(folder)
    assert found is not None and not found.current
    assert run(folder, wheels=str(wheels)).state == "finished"
    assert modules_of(folder) == "2.0 1.5"

    (folder / "mine.txt").write_text("keep", encoding="utf-8")
    installing.remove(folder)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_installed_from_an_index_with_a_list_of_licences(tmp_path, wheels, requirements, monkeypatch):
    """Through an index: the plan names what comes and its licence; a failure is one sentence; the next run resumes."""
    index = tmp_path / "simple"
    for name in ("sway_leaf", "sway_root"):
        page = index / name.replace("_", "-") / "index.html"
        page.parent.mkdir(parents=True)
        for file in wheels.glob(f"{name}-*"):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            page.open("a").write(f'<a href="{file.as_uri()}#sha256={digest}">{file.name}</a>\n')
    monkeypatch.setenv("PIP_INDEX_URL", index.as_uri())
    folder = tmp_path / "backend"
    requirements.write_text("sway_leaf==3.0\n", encoding="utf-8")
    failed = run(folder)
    assert failed.state == "failed" and "There is no sway_leaf==3.0 for this system" in failed.error
    assert installing_folder.unfinished(folder)

    requirements.write_text("sway_leaf==1.0\n", encoding="utf-8")
    made = run(folder, keep_downloads=True)
    assert made.state == "finished", made.error
    licences = {package.name: package.licence for package in installing_folder.plan(folder)}
    assert licences == {"sway_leaf": "MIT", "sway_root": "MIT"}
    assert len(list((folder / "downloads").glob("*.whl"))) == 2  # another machine's folder of wheels
    assert modules_of(folder) == "1.0 1.5"


class Breaking(http.server.BaseHTTPRequestHandler):
    """Serves one file, and breaks off the first answer half way."""

    content = bytes(range(256)) * 4000
    asked: list[str | None] = []

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()

    def do_GET(self):
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.asked.append(wanted)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        end = len(self.content) // 2 if len(self.asked) == 1 else len(self.content)
        self.wfile.write(self.content[start:end])

    def log_message(self, *_):
        pass


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path):
    """The second request asks for the missing half only, and the file is whole; a wrong hash is never accepted."""
    Breaking.asked.clear()
    server = http.server.HTTPServer(("127.0.0.1", 0), Breaking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    digest = hashlib.sha256(Breaking.content).hexdigest()
    entry = {"url": f"http://127.0.0.1:{server.server_port}/a", "sha256": digest, "name": "a.whl"}
    (tmp_path / "list.json").write_text(json.dumps([entry]), encoding="utf-8")
    script = str(ROOT / "jobs" / "installing_download.py")
    command = [sys.executable, "-I", script, str(tmp_path / "list.json"), str(tmp_path / "files")]
    done = _fetch(command)
    server.shutdown()
    messages = [json.loads(line) for line in done.splitlines()]
    assert messages[0] == {"total": len(Breaking.content)}
    assert messages[-1] == {"done": len(Breaking.content), "name": "a.whl"}
    assert (tmp_path / "files" / "a.whl").read_bytes() == Breaking.content
    assert not list((tmp_path / "files").glob("*.part"))
    assert Breaking.asked == [None, f"bytes={len(Breaking.content) // 2}-"]


def _fetch(command: list[str]) -> str:
    """Run the script with its standard input open, as the add-on does."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        return process.stdout.read()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ERROR: No matching distribution found for taichi==1.7.4", "no taichi==1.7.4 for this system"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("NewConnectionError: Temporary failure in name resolution", "could not be reached"),
        ("ERROR: something nobody has seen", "something nobody has seen"),
    ],
)
def test_what_pip_says_becomes_one_sentence(said, words, tmp_path):
    """A person reads what to do, and where the details are."""
    sentence = explained(["Collecting", said], tmp_path / "install.log")
    assert words in sentence and "install.log" in sentence and "\n" not in sentence


@pytest.mark.skipif(os.name == "nt", reason="a script that is no .exe cannot stand for a Python on Windows")
def test_a_python_that_does_not_fit_is_refused_by_name(tmp_path):
    """Too new, not there, no Python at all: each is said with the versions that fit."""
    newer = tmp_path / "python"
    newer.write_text("#!/bin/sh\necho 3.14.0\necho /usr\necho True\n", encoding="utf-8")
    newer.chmod(0o755)
    for path, words in ((newer, "is Python 3.14.0"), (tmp_path / "absent", "There is no Python")):
        with pytest.raises(ValueError, match=words) as refused:
            installing_python.probe(str(path))
        assert "3.10 to 3.13" in str(refused.value)
    assert installing_python.probe(sys.executable).version == sys.version_info[:3]


@pytest.mark.parametrize(
    ("system", "address", "kind"),
    [
        ("linux", "", "cuda"),
        ("linux", "https://example.org/whl/cpu", "cpu"),
        ("linux", "https://example.org/whl/rocm6.4", "rocm"),
        ("win32", "", "cpu"),
        ("win32", "https://example.org/whl/cu130", "cuda"),
        ("darwin", "", "metal"),
    ],
)
def test_which_torch_comes(system, address, kind, monkeypatch):
    """What the preferences promise to download is what pip's own index, or the further one, holds."""
    monkeypatch.setattr(sys, "platform", system)
    assert installing_python.torch_kind(address) == kind
