"""A Blender scene as the worker gets to know it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from ..backend import arrays, rotations
from ..backend.subject import Subject
from . import camera, splats
from .acting import holding
from .fields import painted


def subject_writer(
    context: bpy.types.Context, obj: bpy.types.Object, path: Path, height: int, *, whole: bool = False
) -> Callable[[], str]:
    """What writes the object's splats, parts and the scene camera's view, `height` pixels high, to a file.

    They are taken now; the call, which may be a thread's, writes them and returns the path. A camera that frames the
    object is placed where there is none of use (`camera.frame_unseen`). Raises ValueError when nothing is marked as
    moving, unless all of it may then move (`whole`), and for a mirrored, sheared or unevenly scaled object.
    """
    scene = context.scene
    parts, stiffening = holding.parts_in(scene, obj, whole=whole), painted.read_stiffening(obj)
    if not (parts > 0).any():
        raise ValueError("No splat is marked as moving; press Guess Parts first.")
    camera.frame_unseen(context, obj)
    render = scene.render
    aspect = (render.resolution_x * render.pixel_aspect_x) / (render.resolution_y * render.pixel_aspect_y)
    view = camera.camera_of(scene, width=max(round(height * aspect), 16), height=height)
    rest, matrix = splats.read_splats(obj), np.array(obj.matrix_world)
    background, fps = background_of(scene), scene_fps(scene)
    try:
        rotations.similarity(matrix)
    except ValueError as error:
        raise ValueError(f"{obj.name}: {error}") from error

    def write() -> str:
        seen = rest.transformed(matrix, rotate_sh=True).seen_from(view.eye)  # the view does not change
        return str(arrays.save(path, Subject(seen, parts, view, background, fps, stiffening).to_arrays()))

    return write


def scene_fps(scene: bpy.types.Scene) -> float:
    return scene.render.fps / scene.render.fps_base


def background_of(scene: bpy.types.Scene) -> np.ndarray:
    """Display-referred colour [3] of the world behind the splats; mid grey when it is not a plain colour."""
    world = scene.world
    if world is None:
        return np.zeros(3)
    if not world.use_nodes:
        return np.clip(np.array(world.color), 0, 1)
    node = next((n for n in world.node_tree.nodes if n.type == "BACKGROUND"), None)
    if node is None or node.inputs["Color"].is_linked:
        return np.full(3, 0.5)
    colour = np.array(node.inputs["Color"].default_value[:3]) * node.inputs["Strength"].default_value
    return np.clip(colour, 0, 1)
