"""What stories begin with that do not tell of beginning: the extension is there, and a capture lies in the scene."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy

from tools.window import places
from tools.window.hand import Hand, Place, Waits
from tools.window.sidebar import ADDON, TAB, Sidebar

BUSY = 400
"""Seconds that a step may take, with its compilation, where others compute too."""


class Done(list):
    """What was done, in order; Blender's log says it as well, for whoever looks why a story stopped."""

    def append(self, what: str) -> None:
        super().append(what)
        print(f"{time.monotonic():.0f} s: {what}", flush=True)


def stages(request: dict, told: dict[str, Waits]) -> Waits:
    """Stages by name, one after another: all, or those that the request asks for with commas between."""
    only = request.get("stages", "").split(",")
    for name, stage in told.items():
        if only == [""] or name in only:
            yield from stage


def installed(hand: Hand, request: dict) -> Waits:
    """The extension with its backend, without a click: the newcomer's story installs by clicks."""
    yield from places.close_splash(hand)
    bpy.ops.extensions.package_install_files(
        filepath=request["package"], repo="user_default", enable_on_install=True, overwrite=True
    )
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.worker_python = request["worker"]
    bpy.context.preferences.view.smooth_view = 0
    preferences.cache_folder = str(Path(request["folder"]) / "cache")


def with_capture(hand: Hand, request: dict) -> Waits:
    """The same, with a capture imported and the sidebar open beside it; returns the sidebar."""
    yield from installed(hand, request)
    for other in list(bpy.context.scene.objects):
        bpy.data.objects.remove(other)
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=places.area("VIEW_3D")):
        bpy.ops.sway.import_splats("INVOKE_DEFAULT", True, filepath=request["capture"], up="+Z")
    sidebar = yield from sidebar_of(hand)
    active().modifiers["Sway Splats"].show_viewport = False  # software draws points faster than what they stand for
    return sidebar


def sidebar_of(hand: Hand) -> Waits:
    """The sidebar, which an import opens by itself, beside a view that software draws fast; returns it."""
    yield from hand.until(lambda: places.region("UI").active_panel_category == TAB, "the sidebar shows what comes next")
    # Software then draws the view at once, again and again as the mouse moves over what lies beside it.
    places.area("VIEW_3D").spaces.active.shading.type = "WIREFRAME"
    sidebar = Sidebar(hand)
    yield from sidebar.show()
    return sidebar


def active() -> bpy.types.Object | None:
    """The active splat object."""
    obj = bpy.context.view_layer.objects.active
    return obj if obj is not None and obj.type == "POINTCLOUD" else None


def made(step: str) -> bool:
    """Whether the active splat object has a step's result."""
    obj = active()
    return obj is not None and bool(getattr(obj.sway, step).made)


def clouds() -> int:
    """How many splat objects the scene has."""
    return sum(o.type == "POINTCLOUD" for o in bpy.context.scene.objects)


def queue() -> Any:
    """The module of the add-on's jobs."""
    from bl_ext.user_default.sway.jobs import queue

    return queue


def over_view(across: float = 1 / 3, up: float = 1 / 3) -> Place:
    """A place of the 3D viewport, at these fractions of its width and height."""
    view = places.region("WINDOW")
    return Place(view.x + int(view.width * across), view.y + int(view.height * up))


def on_screen(point: Any) -> Place:
    """Where a point of the world [3] is seen in the 3D viewport."""
    from bpy_extras.view3d_utils import location_3d_to_region_2d

    view = places.region("WINDOW")
    at = location_3d_to_region_2d(view, places.area("VIEW_3D").spaces.active.region_3d, point)
    return Place(view.x + round(at.x), view.y + round(at.y))
