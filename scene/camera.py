"""Blender's camera as the backend's pinhole `Camera`, and one that frames a cloud where a scene has none."""

from __future__ import annotations

from itertools import product
from math import pi, tan

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..backend.camera import Camera
from . import splats

NAME = "Sway Camera"
MARGIN = 1.15
"""How much larger than the objects' bounds the framed picture is."""
OUTSIDE = 0.002
"""Share of a cloud's splats on each side of an axis that may lie outside the frame."""
SMALLEST = 1 / 8
"""Of the picture's shorter side: how much of it a subject takes at least to be told from what is around it."""
FACTORY_PLACE = (7.3588915, -6.9257908, 4.9583092)
"""Where Blender's own startup file has its camera, metres."""
FLIP_YZ = np.diag([1.0, -1.0, -1.0])
"""Blender's camera axes (y up, looking along -z) to the backend's (y down, looking along +z)."""


def camera_of(scene: bpy.types.Scene, width: int | None = None, height: int | None = None) -> Camera:
    """The scene camera at the current frame, in pixels of the render or of another picture size of the same shape.

    Follows sensor fit, shift, resolution percentage and pixel aspect.
    Raises ValueError for a scene without a camera and for one that is not a perspective.
    """
    obj = scene.camera
    if obj is None:
        raise ValueError(f"scene {scene.name} has no camera; add one or let Sway frame the splats")
    data = obj.data
    if data.type != "PERSP":
        raise ValueError(f"camera {obj.name} is not a perspective camera; set its type to Perspective")
    render = scene.render
    own_width = render.resolution_x * render.resolution_percentage // 100
    own_height = render.resolution_y * render.resolution_percentage // 100

    # Blender measures sensor and shift against the fitted side, in x pixels (BKE_camera_params_compute_viewplane).
    stretch = render.pixel_aspect_y / render.pixel_aspect_x
    fit = data.sensor_fit
    if fit == "AUTO":
        fit = "HORIZONTAL" if own_width >= own_height * stretch else "VERTICAL"
    side = own_width if fit == "HORIZONTAL" else own_height * stretch
    # With fit AUTO a tall picture, too, is measured by the sensor's width.
    sensor = data.sensor_height if data.sensor_fit == "VERTICAL" else data.sensor_width
    focal = data.lens / sensor * side  # x pixels
    centre = (own_width / 2 - data.shift_x * side, own_height / 2 + data.shift_y * side / stretch)

    pose = np.array(obj.matrix_world.normalized())  # camera to world [4, 4]; a camera's scale does not zoom
    rotation = FLIP_YZ @ pose[:3, :3].T
    camera = Camera(rotation, -rotation @ pose[:3, 3], (focal, focal / stretch), centre, own_width, own_height)
    if width is None and height is None:
        return camera
    return camera.resized(width or own_width, height or own_height)


def frame_camera(context: bpy.types.Context, objects: list[bpy.types.Object]) -> bpy.types.Object:
    """Makes (or moves) "Sway Camera" to see the bounds of the objects from the front, looking along +Y, and uses it.

    Raises ValueError without objects.
    """
    if not objects:
        raise ValueError("there is nothing to frame; select a splat cloud first")
    context.view_layer.update()
    scene = context.scene
    corners = np.concatenate([world_corners(obj) for obj in objects])  # [8 n, 3]
    low, high = corners.min(0), corners.max(0)
    size = np.maximum(high - low, 1e-3)

    obj = bpy.data.objects.get(NAME)
    if obj is None or obj.type != "CAMERA":
        obj = bpy.data.objects.new(NAME, bpy.data.cameras.new(NAME))
    if obj.name not in scene.collection.all_objects:
        scene.collection.objects.link(obj)
    data = obj.data
    data.lens = 50.0
    data.display_size = 0.2 * float(size.max())
    render = scene.render
    aspect = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    widest = tan(data.angle / 2)  # of the longer side
    half_view = (widest * min(aspect, 1), widest * min(1 / aspect, 1))
    distance = MARGIN * max(size[0] / 2 / half_view[0], size[2] / 2 / half_view[1])  # m, from the bounds' front
    eye = ((low + high) / 2) * (1, 0, 1) + (0, low[1] - distance, 0)
    obj.matrix_world = Matrix.Translation(eye) @ Matrix.Rotation(pi / 2, 4, "X")
    data.clip_start = distance / 100
    data.clip_end = 100 * (distance + size[1])
    scene.camera = obj
    context.view_layer.update()
    return obj


def frame_unseen(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Gives a scene a camera that frames the object, where it has none or has what Blender starts with, too far away.

    A camera that a person has placed stays. Raises ValueError as `camera_of` does.
    """
    context.view_layer.update()
    camera = context.scene.camera
    if camera is None or (_is_factory(camera) and share_of_picture(context, obj) < SMALLEST):
        frame_camera(context, [obj])


def share_of_picture(context: bpy.types.Context, obj: bpy.types.Object) -> float:
    """How much of the picture's shorter side an object's box takes, its larger way; 0 where it is outside.

    Raises ValueError as `camera_of` does.
    """
    context.view_layer.update()
    camera = camera_of(context.scene)
    corners = world_corners(obj)
    depths = camera.to_camera(corners)[:, 2]
    if depths.max() <= 0:
        return 0.0
    if depths.min() <= 0:  # the camera is beside the object or within
        return 1.0
    pixels, size = camera.project(corners), np.array([camera.width, camera.height])
    inside = np.minimum(pixels.max(0), size) - np.maximum(pixels.min(0), 0)
    return float(inside.max() / size.min()) if (inside > 0).all() else 0.0


def _is_factory(obj: bpy.types.Object) -> bool:
    """Whether a camera stands as Blender's startup file has it."""
    place = np.array(obj.matrix_world.translation)
    return obj.name == "Camera" and obj.animation_data is None and np.allclose(place, FACTORY_PLACE, atol=1e-4)


def world_corners(obj: bpy.types.Object) -> np.ndarray:
    """Corners [8, 3] of an object's box, metres, world; for splats without the few that float far off."""
    return np.array([obj.matrix_world @ Vector(corner) for corner in _box(obj)])


def _box(obj: bpy.types.Object) -> list:
    """Its corners [8] in the object's own frame."""
    if not splats.is_splats(obj):
        return list(obj.bound_box)
    positions = splats.read_attribute(obj, splats.POSITION)
    low, high = np.quantile(positions, [OUTSIDE, 1 - OUTSIDE], axis=0)
    return list(product(*zip(low, high, strict=True)))
