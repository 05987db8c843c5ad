"""A splat cloud as it is shown at each of some frames, written to files for the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import bpy
import numpy as np

from ..backend import arrays
from . import shown


def write_frames(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    frames: Iterable[int],
    folder: Path,
    more: Callable[[], dict[str, np.ndarray]] = dict,
) -> None:
    """One FRAME.npz each: the cloud in world space, and what `more` gives at that frame. The scene's frame comes back.

    Raises ValueError as `shown_gaussians` and `more` do.
    """
    scene = context.scene
    before, subframe = scene.frame_current, scene.frame_subframe
    try:
        for frame in frames:
            scene.frame_set(frame)
            cloud = shown.shown_gaussians(context, obj)
            arrays.save(folder / f"{frame}.npz", cloud.to_arrays() | more())
    finally:
        scene.frame_set(before, subframe=subframe)


def scene_frames(scene: bpy.types.Scene) -> range:
    """The frames that the scene renders."""
    return range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
