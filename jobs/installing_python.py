"""What this machine offers a backend: Pythons that fit, and what it computes on. Standard library only."""

from __future__ import annotations

import glob
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

OLDEST, NEWEST = (3, 10), (3, 13)
"""Versions of Python for which every compute package is built."""
HIDDEN_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
PROBE_SECONDS = 20
_PROBE = (
    "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3]);"
    "print(sys.base_prefix); print(sys.maxsize > 2**32)"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that can make the backend's environment."""

    path: str
    version: tuple[int, int, int]

    @property
    def label(self) -> str:
        return "Python " + ".".join(map(str, self.version))


def probe(path: str) -> Interpreter:
    """The interpreter at a path. Raises ValueError with one sentence where it cannot make the environment."""
    wanted = f"Python {_dotted(OLDEST)} to {_dotted(NEWEST)}"
    if not Path(path).is_file():
        raise ValueError(f"There is no Python at {path}; choose {wanted}.")
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            creationflags=HIDDEN_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"{path} does not start as a Python; choose {wanted}.") from error
    lines = done.stdout.split("\n")
    if done.returncode or len(lines) < 3:
        raise ValueError(f"{path} lacks Python's venv or ensurepip; choose a complete {wanted}, such as python.org's.")
    version = tuple(int(part) for part in lines[0].split("."))
    if not OLDEST <= version[:2] <= NEWEST:
        raise ValueError(f"{path} is Python {lines[0]}, for which not all packages are built; choose {wanted}.")
    if lines[2].strip() != "True":
        raise ValueError(f"{path} is a 32-bit Python; choose a 64-bit {wanted}.")
    return Interpreter(path, version)  # type: ignore[arg-type]


def candidates() -> list[str]:
    """Paths where Pythons may be, Blender's own first; not all of them need fit."""
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)] + ["python3", "python"]
    found = [sys.executable, *(shutil.which(name) or "" for name in names)]
    patterns = [
        "~/.pyenv/versions/*/bin/python",
        "/opt/homebrew/bin/python3.*[0-9]",
        "/Library/Frameworks/Python.framework/Versions/3.*/bin/python3",
        "~/AppData/Local/Programs/Python/Python3*/python.exe",
    ]
    for pattern in patterns:
        found += sorted(glob.glob(os.path.expanduser(pattern)), reverse=True)
    unique = {}
    for path in filter(None, found):
        unique.setdefault(os.path.realpath(path), path)
    return list(unique.values())


def first_that_fits() -> Interpreter:
    """Blender's own Python when it fits, else another one. Raises ValueError where there is none."""
    for path in candidates():
        try:
            return probe(path)
        except ValueError:
            continue
    raise ValueError(
        f"No Python {_dotted(OLDEST)} to {_dotted(NEWEST)} was found; install one from python.org and choose it here."
    )


def accelerator() -> str:
    """What torch can compute on besides the processor: "cuda", "rocm", "metal" or ""."""
    if sys.platform == "darwin":
        return "metal" if platform.machine() == "arm64" else ""
    if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists():
        return "cuda"
    if Path("/dev/kfd").exists() or shutil.which("rocminfo"):
        return "rocm"
    return ""


def torch_kind(extra_index: str) -> str:
    """What the torch that pip will find computes on: "cuda", "rocm", "metal" or "cpu".

    The default index holds torch for CUDA on Linux, which also works without a graphics card, and for the processor on
    Windows; PyTorch names the addresses of its other indexes after what they hold.
    """
    if sys.platform == "darwin":
        return "metal"
    if extra_index:
        return next((kind for word, kind in (("rocm", "rocm"), ("cpu", "cpu")) if word in extra_index), "cuda")
    return "cuda" if sys.platform.startswith("linux") else "cpu"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
