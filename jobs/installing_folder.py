"""The folder of the backend's own environment: what is in it, whether it is whole, and removing it.

| name | what |
|---|---|
| `env/` | the virtual environment |
| `downloads/` | packages on their way; `.part` files go on where they broke off |
| `plan.json` | what pip will install: names, versions, licences, addresses, hashes |
| `installed.json` | written last: what is there, and from which requirements |
| `install.log` | everything that was run and what it said |
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements" / "worker.txt"


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    url: str = ""
    sha256: str = ""

    @property
    def file_name(self) -> str:
        return self.url.split("#")[0].split("?")[0].rsplit("/", 1)[-1].replace("%2B", "+")


@dataclass(frozen=True)
class Installed:
    """What `installed.json` says."""

    python: str
    packages: dict[str, str]
    requirements: str
    """SHA-256 of the requirements that it was made from."""

    @property
    def current(self) -> bool:
        return self.requirements == fingerprint()


def fingerprint() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def environment_python(folder: Path) -> Path:
    return folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def installed(folder: Path) -> Installed | None:
    """What a folder holds; None where nothing was ever finished."""
    marker = folder / "installed.json"
    if not marker.exists() or not environment_python(folder).exists():
        return None
    try:
        return Installed(**json.loads(marker.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None


def unfinished(folder: Path) -> bool:
    """Whether an installation was begun and broke off."""
    return installed(folder) is None and (folder / "env").exists()


def plan(folder: Path) -> list[Package]:
    """What the last installation set out to install, with licences; empty before that."""
    path = folder / "plan.json"
    if not path.exists():
        return []
    return [Package(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def remove(folder: Path) -> None:
    """Remove everything that an installation made, and nothing else. Raises ValueError where a file is held."""
    try:
        for name in ("env", "downloads"):
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        for name in ("installed.json", "plan.json", "listing.json", "install.log"):
            (folder / name).unlink(missing_ok=True)
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise ValueError(f"{error.filename} could not be removed; restart Blender and try again.") from error


def planned(report: Path) -> list[Package]:
    """The packages of pip's installation report."""
    found = []
    for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
        metadata, download = item["metadata"], item["download_info"]
        digest = download.get("archive_info", {}).get("hashes", {}).get("sha256", "")
        found.append(Package(metadata["name"], metadata["version"], licence_of(metadata), download["url"], digest))
    return found


def licence_of(metadata: dict[str, Any]) -> str:
    """A package's licence in a few words, from what its maker wrote into one field or another."""
    if metadata.get("license_expression"):
        return metadata["license_expression"]
    named = [c.rsplit(" :: ", 1)[-1] for c in metadata.get("classifier", []) if c.startswith("License ::")]
    if named:
        return ", ".join(named)
    first = (metadata.get("license") or "").strip().split("\n")[0]
    return first[:60] or "see the package"
