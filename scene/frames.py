"""A splat cloud as it is shown at a frame, written to files for the worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from ..backend import arrays
from . import shown


def frame_reader(
    context: bpy.types.Context,
    obj: bpy.types.Object,
    folder: Path,
    more: Callable[[], dict[str, np.ndarray]] = dict,
) -> Callable[[int], Callable[[], Path]]:
    """What reads the frame that is shown: the cloud in world space, and what `more` gives.

    What it returns writes them to FRAME.npz, and may be a thread's. It raises ValueError as `shown_gaussians` and
    `more` do.
    """

    def read(frame: int) -> Callable[[], Path]:
        cloud, beside = shown.shown_gaussians(context, obj), more()
        return lambda: arrays.save(folder / f"{frame}.npz", cloud.to_arrays() | beside)

    return read


def scene_frames(scene: bpy.types.Scene) -> range:
    """The frames that the scene renders."""
    return range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
