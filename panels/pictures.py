"""Pictures in the sidebar: the clip, the fit so far. Loaded once, and again when the file has changed."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

from .width import room

UNIT = 20
"""Pixels at Blender's usual scale of what a picture's size is counted in."""
LARGEST = 20.0
_previews: bpy.utils.previews.ImagePreviewCollection | None = None


def draw_picture(layout: bpy.types.UILayout, path: str, columns: int = 1) -> None:
    """Show an image file as wide as the region, or as one of so many columns; nothing where there is none."""
    global _previews
    if not path or not Path(path).is_file():
        return
    if _previews is None:
        _previews = bpy.utils.previews.new()
    key = f"{path}:{Path(path).stat().st_mtime_ns}"
    if key not in _previews:
        _previews.load(key, path, "IMAGE")
    # A square: Blender draws the picture as large as it fits in.
    layout.template_icon(icon_value=_previews[key].icon_id, scale=min(room() / columns / UNIT, LARGEST))


def unregister() -> None:
    """Free the pictures."""
    global _previews
    if _previews is not None:
        bpy.utils.previews.remove(_previews)
        _previews = None
