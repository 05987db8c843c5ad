"""The add-on's preferences: the backend and how to get it, what it computes on, where results are kept."""

from __future__ import annotations

import bpy

from ..jobs import queue
from . import backend_settings


def _restart_worker(_self: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    """What a worker computes on is settled as it starts."""
    if queue.running() is None:
        queue.stop_worker()


class SWAY_AP_Preferences(bpy.types.AddonPreferences):
    bl_idname = __package__.rpartition(".")[0]

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
        backend_settings.draw(self.layout, self)
