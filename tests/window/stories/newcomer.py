"""From a factory Blender and the zip to a baked plant, in as few clicks as a person needs."""

from __future__ import annotations

import bpy
import numpy as np

from tools.window import places
from tools.window.hand import Hand, Waits

SAMPLES = 'bpy.ops.wm.call_menu(name="SWAY_MT_samples"'
DISPLAY = "Sway Splats"
"""The modifier that draws splats; without it they are the points of their cloud."""


def tell(hand: Hand, request: dict) -> Waits:
    """Install the zip, add the potted plant; says how many clicks it took, and how far the baked plant moves."""
    yield from places.close_splash(hand)
    yield from places.install(hand, request["package"])
    yield from places.close_window(hand, 1)
    yield from places.menu(hand, "VIEW3D_MT_add", SAMPLES, "bpy.ops.sway.add_sample(kind='plant'")
    yield from hand.until(lambda: bpy.context.screen.is_animation_playing, "the timeline plays")
    clicks = hand.clicks
    bpy.ops.screen.animation_cancel(restore_frame=True)
    obj = bpy.context.view_layer.objects.active
    start = bpy.context.scene.frame_start
    moved = np.linalg.norm(points(obj, start + 10) - points(obj, start), axis=1).max()
    return {"clicks": clicks, "baked": bool(obj.sway.bake.made), "moved_m": float(moved)}


def points(obj: bpy.types.Object, frame: int) -> np.ndarray:
    """Where the splats of an object are in a frame: [N, 3] in metres."""
    obj.modifiers[DISPLAY].show_viewport = False
    bpy.context.scene.frame_set(frame)
    geometry = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()
    found = np.empty(3 * len(geometry.pointcloud.points), np.float32)
    geometry.pointcloud.attributes["position"].data.foreach_get("vector", found)
    obj.modifiers[DISPLAY].show_viewport = True
    return found.reshape(-1, 3)
