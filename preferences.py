"""The add-on's preferences: which Python computes, and where results are kept."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import bpy


class SWAY_AP_Preferences(bpy.types.AddonPreferences):
    bl_idname = __package__ or "sway"

    worker_python: bpy.props.StringProperty(
        name="Backend Python",
        description="Python interpreter of the environment that holds the compute packages (requirements/worker.txt)",
        subtype="FILE_PATH",
    )
    cache_folder: bpy.props.StringProperty(
        name="Cache Folder",
        description="Where clips, fits and simulations are kept; empty means Blender's own folder for this extension",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "worker_python")
        self.layout.prop(self, "cache_folder")
        row = self.layout.row()
        row.operator("sway.check_backend", icon="CHECKMARK")
        row.operator("sway.open_log", icon="TEXT")


def _preferences() -> SWAY_AP_Preferences:
    return bpy.context.preferences.addons[__package__].preferences  # type: ignore[return-value]


def worker_python() -> str:
    """The worker's interpreter: the preference, else the environment variable SWAY_WORKER_PYTHON.

    Raises ValueError when neither names an existing file.
    """
    path = bpy.path.abspath(_preferences().worker_python) or os.environ.get("SWAY_WORKER_PYTHON", "")
    if not path:
        raise ValueError("The compute backend is not set up; choose its Python under Preferences > Add-ons > Sway.")
    if not Path(path).is_file():
        raise ValueError(f"There is no Python at {path}; choose the backend's under Preferences > Add-ons > Sway.")
    return path


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
