"""The backend's own environment: made, resumed and repaired by a thread that runs pip in processes of its own.

Nothing here touches bpy, and nothing is imported into Blender.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import installing_folder, installing_python
from .installing_causes import explained, of_system
from .installing_folder import REQUIREMENTS, Package, environment_python, fingerprint, plan, planned
from .installing_python import HIDDEN_WINDOW

NEEDED_PIP = (26, 0)
"""The first pip whose dry run reads no whole packages."""
GIGABYTES = {"cuda": (3.1, 7.5), "rocm": (5.0, 15.0), "metal": (0.4, 2.0), "cpu": (0.5, 2.2)}
"""Download, and room on the disk, for each kind of torch; roughly, since they grow with each version."""
_SCAN = """
import csv, sys, sysconfig, pathlib, shutil
site = pathlib.Path(sysconfig.get_path('purelib'))
for info in sorted(site.glob('*.dist-info')):
    record = info / 'RECORD'
    rows = list(csv.reader(record.open(encoding='utf-8', newline=''))) if record.exists() else []
    def broken(row):
        file = site / row[0]
        return not file.exists() or bool(row[2]) and file.stat().st_size != int(row[2])
    if not rows or any(broken(row) for row in rows if row and not row[0].endswith('.pyc')):
        print(info.name.split('-')[0])
        shutil.rmtree(info)
"""
"""Finds packages whose files are missing or cut short, and lets pip see them as absent."""


class Stopped(Exception):
    """Raised inside the thread once a person asked it to stop."""


@dataclass(frozen=True)
class Choice:
    """What a person chose."""

    python: str = ""
    """Interpreter to make the environment with; empty: the first that fits."""
    wheels: str = ""
    """Folder of wheels to install from without any network; empty: from the network."""
    extra_index: str = ""
    """Address of a further package index, as PyTorch's for another kind of torch."""
    keep_downloads: bool = False
    """Leave the packages in `downloads`, which is then a folder of wheels for another machine."""


@dataclass
class Installing:
    """One run of the installation, in a thread; read its fields from anywhere."""

    folder: Path
    choice: Choice
    stage: str = "Starting"
    fraction: float = 0.0
    detail: str = ""
    error: str = ""
    """Why it failed, as one sentence; empty where it did not."""
    state: str = "running"
    """running, finished, cancelled or failed."""
    packages: list[Package] = field(default_factory=list)
    """What is being installed, once that is known."""

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._process: subprocess.Popen | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="sway-install")

    @property
    def ended(self) -> bool:
        return self.state != "running"

    def begin(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        self._thread.join()

    def stop(self) -> None:
        """End at once; what was downloaded stays, and another run goes on from there."""
        self._stop.set()
        process = self._process
        if process and process.poll() is None:
            process.terminate()

    def _run(self) -> None:
        try:
            self._install()
            self.state, self.fraction, self.stage = "finished", 1.0, "Ready"
        except Stopped:
            self.state, self.stage = "cancelled", "Cancelled"
        except ValueError as error:
            self.state, self.error = "failed", str(error)
        except OSError as error:
            self.state, self.error = "failed", of_system(error)
        except Exception as bug:  # the thread must not die unheard
            self.state, self.error = "failed", f"Unexpected {type(bug).__name__}: {bug}; see {self._log}."

    @property
    def _log(self) -> Path:
        return self.folder / "install.log"

    def _install(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log.write_text("", encoding="utf-8")
        if self.choice.wheels and not any(Path(self.choice.wheels).glob("*.whl")):
            raise ValueError(f"{self.choice.wheels} holds no wheels (.whl); choose the folder that does.")
        (self.folder / "installed.json").unlink(missing_ok=True)
        self._make_environment()
        self._stage("Looking through what is there", 0.05)
        broken = [line for line in self._lines([*self._python, "-c", _SCAN]) if line]
        if broken:
            self.detail = f"To be repaired: {', '.join(broken)}"
        if self.choice.wheels:
            self._install_offline()
        else:
            self._install_online()
        self._finish()

    def _make_environment(self) -> None:
        python = environment_python(self.folder)
        if python.exists() and subprocess.run([python, "-c", "import pip"], **_QUIET).returncode == 0:
            return
        self._stage("Making the environment", 0.0)
        chosen = self.choice.python
        base = installing_python.probe(chosen) if chosen else installing_python.first_that_fits()
        self._need_room()
        shutil.rmtree(self.folder / "env", ignore_errors=True)
        for _line in self._lines([base.path, "-I", "-m", "venv", str(self.folder / "env")], allow=True):
            pass
        if not python.exists():
            raise ValueError(f"{base.path} could not make an environment; choose another Python, such as python.org's.")

    def _need_room(self) -> None:
        needed = 0.1 if self.choice.wheels else sum(GIGABYTES[installing_python.torch_kind(self.choice.extra_index)])
        free = shutil.disk_usage(self.folder).free / 1e9
        if free < needed:
            raise ValueError(
                f"{self.folder} has {free:.1f} GB free and the backend needs about {needed:.1f} GB; "
                "choose another folder."
            )

    def _install_offline(self) -> None:
        wheels = Path(self.choice.wheels)
        self._stage("Installing from the folder of wheels", 0.1)
        options = ["--no-index", "--find-links", str(wheels), "-r", str(REQUIREMENTS)]
        self._pip_install(options, sum(1 for _ in wheels.glob("*.whl")))

    def _install_online(self) -> None:
        downloads = self.folder / "downloads"
        self._stage("Updating pip", 0.07)
        if self._pip_version() < NEEDED_PIP:
            # An older one does as well, but reads whole packages to learn what they need.
            for line in self._lines([*self._pip, "install", "--upgrade", "pip"], allow=True):
                self.detail = line[:100]
        self._stage("Asking what is needed", 0.1)
        report = self.folder / "report.json"
        index = ["--extra-index-url", self.choice.extra_index] if self.choice.extra_index else []
        dry = ["install", "--dry-run", "--quiet", "--report", str(report), *index, "-r", str(REQUIREMENTS)]
        for line in self._lines([*self._pip, *dry]):
            self.detail = line[:100]
        self.packages = planned(report)
        report.unlink()
        if self.packages:
            names = {package.name for package in self.packages}
            entries = [vars(p) for p in (*(q for q in plan(self.folder) if q.name not in names), *self.packages)]
            (self.folder / "plan.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")
            self._download(downloads)
            files = [str(downloads / package.file_name) for package in self.packages]
            self._stage("Installing", 0.8)
            self._pip_install(["--no-index", "--no-deps", *files], len(files))
        if not self.choice.keep_downloads:
            shutil.rmtree(downloads, ignore_errors=True)

    def _download(self, downloads: Path) -> None:
        self._stage("Downloading", 0.15)
        listing = self.folder / "listing.json"
        files = [{"url": p.url, "sha256": p.sha256, "name": p.file_name} for p in self.packages]
        listing.write_text(json.dumps(files), encoding="utf-8")
        script = Path(__file__).with_name("installing_download.py")
        total, reason = 0, ""
        # Isolated, since the script's own folder has modules named as ones of the standard library.
        command = [*self._python, "-I", str(script), str(listing), str(downloads)]
        for line in self._lines(command, allow=True, keep_open=True):
            try:
                message = json.loads(line)
            except ValueError:
                continue
            total = message.get("total", total)
            if "done" in message:
                share = message["done"] / total if total else 0.0
                self.fraction = 0.15 + 0.65 * min(share, 1.0)
                self.detail = f"{message['name']}, {message['done'] / 1e6:,.0f} of {total / 1e6:,.0f} MB"
            elif "failed" in message:
                reason = f"{message['failed']} could not be downloaded ({message['error']})"
        missing = [package for package in self.packages if not (downloads / package.file_name).exists()]
        try:
            for package in missing:  # pip knows of proxies and passwords that the script does not
                self.detail = package.file_name
                command = [*self._pip, "download", "--no-deps", "--quiet", "--dest", str(downloads), package.url]
                for _line in self._lines(command):
                    pass
        except ValueError as error:
            raise ValueError(
                f"{reason}; check the network and press Resume, what has arrived is kept." if reason else str(error)
            ) from error

    def _pip_install(self, options: list[str], count: int) -> None:
        """Run pip install; progress is how many packages are in place."""
        site = next((self.folder / "env").rglob("site-packages"))
        before = sum(1 for _ in site.glob("*.dist-info"))
        ended = threading.Event()
        start = self.fraction

        def watch() -> None:
            while not ended.wait(0.5):
                there = sum(1 for _ in site.glob("*.dist-info")) - before
                self.fraction = start + (0.98 - start) * min(there / max(count, 1), 1.0)

        threading.Thread(target=watch, daemon=True).start()
        try:
            for line in self._lines([*self._pip, "install", "--no-input", *options]):
                self.detail = line[:100]
        finally:
            ended.set()

    def _finish(self) -> None:
        self._stage("Looking through what was installed", 0.98)
        code = (
            "import json, platform; from importlib.metadata import distributions as d;"
            "print(json.dumps([platform.python_version(), {x.metadata['Name']: x.version for x in d()}]))"
        )
        version, packages = json.loads(list(self._lines([*self._python, "-c", code]))[-1])
        marker = {"python": version, "packages": packages, "requirements": fingerprint()}
        (self.folder / "installed.json").write_text(json.dumps(marker, indent=1), encoding="utf-8")
        self.detail = ""

    @property
    def _python(self) -> list[str]:
        return [str(environment_python(self.folder)), "-X", "utf8"]

    @property
    def _pip(self) -> list[str]:
        return [*self._python, "-m", "pip", "--disable-pip-version-check", "--no-color"]

    def _pip_version(self) -> tuple[int, ...]:
        line = list(self._lines([*self._pip, "--version"]))[-1]
        return tuple(int(part) for part in re.findall(r"\d+", line)[:2])

    def _stage(self, name: str, fraction: float) -> None:
        if self._stop.is_set():
            raise Stopped
        self.stage, self.fraction, self.detail = name, fraction, ""

    def _lines(self, command: list[str], *, allow: bool = False, keep_open: bool = False) -> Iterator[str]:
        """Run a process and yield what it says. Raises Stopped, and ValueError where it fails and that is not allowed.

        `keep_open`: its standard input stays open while this program lives.
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if keep_open else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=environment,
            creationflags=HIDDEN_WINDOW,
        )
        said: list[str] = []
        with self._process as process, open(self._log, "a", encoding="utf-8") as log:
            log.write("$ " + " ".join(command) + "\n")
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                log.flush()
                said.append(line.strip())
                if self._stop.is_set():
                    process.terminate()
                    break
                yield line.strip()
        if self._stop.is_set():
            raise Stopped
        if process.returncode and not allow:
            raise ValueError(explained(said, self._log))


_QUIET: dict[str, Any] = {
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
    "creationflags": HIDDEN_WINDOW,
}
_running: Installing | None = None


def start(folder: Path, choice: Choice) -> Installing:
    """Begin an installation, or go on with one that broke off. Raises ValueError while another one runs."""
    global _running
    if _running and not _running.ended:
        raise ValueError("An installation is running already.")
    _running = Installing(folder, choice)
    _running.begin()
    return _running


def latest() -> Installing | None:
    """The installation that runs, or the last one that ran in this session."""
    return _running


def stop() -> None:
    """End a running installation: Blender is closing or the add-on is switched off."""
    if _running and not _running.ended:
        _running.stop()


def remove(folder: Path) -> None:
    """Remove what an installation made. Raises ValueError while one runs, or where a file is held."""
    if _running and not _running.ended:
        raise ValueError("An installation is running; cancel it first.")
    installing_folder.remove(folder)
