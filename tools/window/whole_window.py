"""Blender's whole window at work on a capture, photographed: what `tools.window_pictures` has told."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import picture, places
from .hand import Hand, Place, Waits

ADDON = "bl_ext.user_default.sway"
DRAWN = 15.0
"""Seconds in which software draws a viewport full of splats."""
PART = 0.35
"""Of a fit, after which its loss has a course to be seen."""
WIDTH = 300
"""Of the sidebar, pixels."""
FRAME = 20
"""At which the plant leans."""


def tell(hand: Hand, request: dict) -> Waits:
    """Leaves an array [H, W, 3] uint8 a picture in the request's folder."""
    yield from places.close_splash(hand)
    bpy.ops.extensions.package_install_files(
        filepath=request["package"], repo="user_default", enable_on_install=True, overwrite=True
    )
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.worker_python, preferences.cache_folder = request["worker"], str(Path(request["folder"]) / "cache")
    queue = importlib.import_module(f"{ADDON}.jobs.queue")
    view, scene = places.area("VIEW_3D"), bpy.context.scene
    scene.frame_end = 48
    with places.inside(view):
        bpy.ops.sway.import_splats("INVOKE_DEFAULT", True, filepath=request["capture"], up=request["up"])
    yield from hand.until(lambda: places.region("UI").active_panel_category == "Sway", "the sidebar is open")
    obj = bpy.context.view_layer.objects.active
    yield from places.widen(hand, "VIEW_3D", WIDTH)
    with places.inside(view):
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.sway.guess_parts()
        bpy.ops.sway.make_reference()
        bpy.ops.sway.fit_material("INVOKE_DEFAULT")
    yield from hand.until(lambda: _is_compared(queue), "the fit goes on", 600)
    yield from _keep(hand, request, "fitting", lambda: obj.sway.fit.made)
    yield from hand.until(lambda: queue.running() is None, "the fit ends", 600)
    with places.inside(view):
        bpy.ops.sway.simulate()
        bpy.ops.sway.bake()
    scene.frame_set(FRAME)
    yield from _keep(hand, request, "baked", lambda: False)
    return {}


def _is_compared(queue: Any) -> bool:
    """Whether the fit shows the clip beside itself above the course of its loss."""
    job = queue.running()
    return job is None or bool(job.preview) and job.fraction > PART


def _keep(hand: Hand, request: dict, name: str, over: Any) -> Waits:
    """The window with the last steps of work in its sidebar, when all is drawn, and before what it shows is `over`."""
    sidebar = places.region("UI")
    yield from hand.turn(request["scroll"][name], places.middle(sidebar))
    for place in (Place(3, 3), Place(6, 6)):  # away from what would tell of itself
        yield from hand.move(place)
        yield 1.0
    sidebar.tag_redraw()
    yield DRAWN
    assert not over(), f"{name} was over before it was drawn"
    np.save(Path(request["folder"]) / name, picture.read(Path(request["screen"])))
