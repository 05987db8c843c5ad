"""The add-on's preferences: the backend and how to get it, what it computes on, where results are kept."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import bpy

from .jobs import installing, installing_folder, installing_python, queue

ONLINE_ACCESS = (
    "Blender is set to stay offline; allow Online Access under Preferences > System > Network, "
    "or install from a folder of wheels."
)


def _restart_worker(_self: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    """What a worker computes on is settled as it starts."""
    if queue.running() is None:
        queue.stop_worker()


class SWAY_AP_Preferences(bpy.types.AddonPreferences):
    bl_idname = __package__ or "sway"

    source: bpy.props.EnumProperty(
        name="Install From",
        description="Where the backend's packages come from",
        items=[
            ("NETWORK", "Network", "Download the packages, as pip does"),
            ("WHEELS", "Folder of Wheels", "Install from a folder, without any network"),
        ],
    )
    wheels: bpy.props.StringProperty(
        name="Wheels",
        description="Folder with the .whl files of all packages; Keep Downloads makes one on another machine",
        subtype="DIR_PATH",
    )
    base_python: bpy.props.StringProperty(
        name="Python",
        description="Python 3.10 to 3.13 that makes the backend's environment; empty takes Blender's own when it fits, "
        "else the newest one found",
        subtype="FILE_PATH",
    )
    build: bpy.props.EnumProperty(
        name="Computes On",
        description="Which kind of PyTorch is wanted",
        items=[
            ("AUTO", "Automatic", "What this machine has"),
            ("CPU", "CPU", "The processor alone: the smallest download"),
            ("CUDA", "CUDA", "NVIDIA graphics cards"),
            ("ROCM", "ROCm", "AMD graphics cards, on Linux"),
            ("METAL", "Apple Metal", "Apple graphics"),
        ],
    )
    extra_index: bpy.props.StringProperty(
        name="Extra Index",
        description="Address of a further package index, for another kind of PyTorch: choose yours on PyTorch's page "
        "Get Started, and copy the address from the command that it shows",
    )
    keep_downloads: bpy.props.BoolProperty(
        name="Keep Downloads",
        description="Leave the packages in the backend's folder, to install another machine without network",
    )
    backend_folder: bpy.props.StringProperty(
        name="Backend Folder",
        description="Where the backend is installed; empty means Blender's own folder for this extension",
        subtype="DIR_PATH",
    )
    worker_python: bpy.props.StringProperty(
        name="Backend Python",
        description="An environment of your own that holds the packages of requirements/worker.txt, used instead",
        subtype="FILE_PATH",
        update=_restart_worker,
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="What the backend may use",
        items=[
            ("AUTO", "Automatic", "A graphics card where the backend finds one it can use"),
            ("CPU", "Processor Only", "Leave the graphics card to Blender's viewport"),
        ],
        update=_restart_worker,
    )
    cache_folder: bpy.props.StringProperty(
        name="Cache Folder",
        description="Where clips, fits and simulations are kept; empty means Blender's own folder for this extension",
        subtype="DIR_PATH",
    )
    health: bpy.props.StringProperty(
        name="Health", description="What the last health check found", options={"SKIP_SAVE"}
    )

    def draw(self, _context: bpy.types.Context) -> None:
        from .panels import backend_settings  # panels import this module

        backend_settings.draw(self.layout, self)


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
