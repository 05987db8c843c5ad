"""Clips that an object keeps for its fit beside its reference motion: other pushes, other sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from .from_params import CONTEXT


class SWAY_PG_Clip(bpy.types.PropertyGroup):
    """A clip that was kept; its name says what it shows."""

    made: bpy.props.StringProperty(name="Result", description="Identifies the reference motion that it was")
    file: bpy.props.StringProperty(name="File", description="The clip's file", subtype="FILE_PATH")
    same_motion: bpy.props.BoolProperty(
        name="Same Motion",
        translation_context=CONTEXT,
        description="It shows the very motion of the reference, at the same time, from another side; else it is a "
        "motion of its own",
    )


def others(obj: bpy.types.Object, reference: str) -> list[Any]:
    """The kept clips but for the one whose file is the `reference` motion itself."""
    return [clip for clip in obj.sway.further_clips if clip.file != reference]


def summary(obj: bpy.types.Object, reference: str) -> list[list[Any]]:
    """What a fit depends on, comparable; empty without further clips."""
    return [[clip.made, clip.same_motion] for clip in others(obj, reference)]


def files(obj: bpy.types.Object, reference: str) -> list[tuple[Path, bool]]:
    """Files of the further clips, and whether each shows the reference's motion. Raises ValueError if one is gone."""
    clips = others(obj, reference)
    for clip in clips:
        if not Path(clip.file).is_file():
            raise ValueError(f'The kept clip "{clip.name}" is gone from the cache folder; take it out of the list.')
    return [(Path(clip.file), clip.same_motion) for clip in clips]
