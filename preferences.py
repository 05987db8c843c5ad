"""What the add-on's preferences say: which backend, what it computes on, where results are kept."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import bpy

from .jobs import installing, installing_folder, installing_python

ONLINE_ACCESS = (
    "Blender is set to stay offline; allow Online Access under Preferences > System > Network, "
    "or install from a folder of wheels."
)


def _preferences() -> Any:
    return bpy.context.preferences.addons[__package__].preferences


def backend_folder() -> Path:
    """Where the add-on installs the backend."""
    chosen = bpy.path.abspath(_preferences().backend_folder)
    return Path(chosen or bpy.utils.extension_path_user(__package__, path="backend", create=False))


def install_choice() -> installing.Choice:
    """What is to be installed, and from where. Raises ValueError with one sentence where that cannot work."""
    chosen = _preferences()
    wheels = bpy.path.abspath(chosen.wheels) if chosen.source == "WHEELS" else ""
    if chosen.source == "WHEELS" and not (wheels and Path(wheels).is_dir()):
        raise ValueError("Choose the folder that holds the wheels.")
    if chosen.source == "NETWORK" and not bpy.app.online_access:
        raise ValueError(ONLINE_ACCESS)
    if not wheels and (problem := torch_problem(chosen)):
        raise ValueError(problem)
    python = bpy.path.abspath(chosen.base_python)
    return installing.Choice(python, wheels, chosen.extra_index.strip(), chosen.keep_downloads)


def wanted_kind(chosen: Any) -> str:
    """The kind of torch that a person wants: "cpu", "cuda", "rocm" or "metal"."""
    return chosen.build.lower() if chosen.build != "AUTO" else installing_python.accelerator() or "cpu"


def torch_problem(chosen: Any) -> str:
    """Why pip would bring a torch that does not use what is wanted, as a sentence; empty where it would."""
    wanted, comes = wanted_kind(chosen), installing_python.torch_kind(chosen.extra_index.strip())
    if wanted == comes or wanted == "cpu" or chosen.build == "AUTO":
        return ""
    names = {item.identifier.lower(): item.name for item in chosen.bl_rna.properties["build"].enum_items}
    return (
        f"The torch that would come computes on {names[comes]}; for {names[wanted]} put the address of its packages, "
        "shown on PyTorch's page Get Started, into Extra Index."
    )


def worker_python() -> str:
    """The worker's interpreter: the one chosen, else the installed one, else the variable SWAY_WORKER_PYTHON.

    Raises ValueError where there is none.
    """
    path = bpy.path.abspath(_preferences().worker_python)
    if not path and installing_folder.installed(backend_folder()):
        path = str(installing_folder.environment_python(backend_folder()))
    path = path or os.environ.get("SWAY_WORKER_PYTHON", "")
    if not path:
        raise ValueError("The compute backend is not there yet; press Install Backend in Preferences > Add-ons > Sway.")
    if not Path(path).is_file():
        raise ValueError(f"There is no Python at {path}; choose the backend's under Preferences > Add-ons > Sway.")
    return path


def worker_environment() -> dict[str, str]:
    """Variables for the worker: what it may compute on."""
    return {"SWAY_DEVICE": _preferences().device.lower()}


def cache_folder() -> Path:
    """Where job folders are made."""
    chosen = bpy.path.abspath(_preferences().cache_folder)
    return Path(chosen or bpy.utils.extension_path_user(__package__, path="cache", create=True))


def log_file() -> Path:
    """What the worker and its libraries print."""
    return cache_folder() / "worker.log"


def job_folder(object_name: str, step: str) -> Path:
    """A new folder for one job; earlier results stay, so that undo finds them."""
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in object_name)
    return cache_folder() / safe / f"{step}-{uuid.uuid4().hex[:8]}"
