"""Virtual environments under .venvs/, each made from one pinned requirements file and remade when that changes.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class SetupError(Exception):
    """One sentence saying what is missing and what to do about it."""


@dataclass(frozen=True)
class Environment:
    name: str
    requirements: str
    """File in requirements/."""
    version: str
    """Python version, as "3.11"."""
    optional: bool = False
    """Skipped where its Python version is absent."""

    @property
    def folder(self) -> Path:
        return ROOT / ".venvs" / self.name

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def ensure(self) -> Path:
        """Make or remake the environment if needed and return its interpreter. Raises SetupError."""
        requirements = ROOT / "requirements" / self.requirements
        stamp, want = self.folder / "installed.txt", hashlib.sha256(requirements.read_bytes()).hexdigest()
        if self.python.exists() and stamp.exists() and stamp.read_text() == want:
            return self.python
        base = find_python(self.version)
        if base is None:
            raise SetupError(
                f"Python {self.version} is needed for .venvs/{self.name} and was not found; install it from python.org "
                f"or your package manager and run this again."
            )
        print(f"Setting up .venvs/{self.name} (once)", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run([*base, "-m", "venv", str(self.folder)], check=True)
        self._install(requirements)
        stamp.write_text(want)
        return self.python

    def _install(self, requirements: Path) -> None:
        """pip install, one line of progress a package."""
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
            assert pip.stdout is not None
            lines = []
            for line in pip.stdout:
                lines.append(line)
                word = line.split(maxsplit=1)[0] if line.strip() else ""
                if word in ("Collecting", "Downloading", "Installing", "Successfully"):
                    print("  " + line.strip()[:110], flush=True)
        if pip.returncode:
            print("".join(lines[-15:]), file=sys.stderr)
            raise SetupError(
                f"pip could not install {requirements.name}; see its lines above, check the network and run this again."
            )


WORKER = Environment("worker", "worker.txt", "3.11")
BLENDER = Environment("blender", "blender-4.5.txt", "3.11")
BLENDER_NEXT = Environment("blender-5.2", "blender-5.2.txt", "3.13", optional=True)
LINT = Environment("lint", "lint.txt", "3.11")
DOCS = Environment("docs", "docs.txt", "3.11")


def find_python(version: str) -> list[str] | None:
    """The command of a Python of that version, or None."""
    candidates = [[sys.executable], [f"python{version}"], ["py", f"-{version}"], ["python3"]]
    candidates += [[path] for path in sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}*/bin/python")))]
    probe = "import sys; print('%d.%d' % sys.version_info[:2])"
    for command in candidates:
        if shutil.which(command[0]) is None:
            continue
        found = subprocess.run([*command, "-c", probe], capture_output=True, text=True)
        if found.returncode == 0 and found.stdout.strip() == version:
            return command
    return None
