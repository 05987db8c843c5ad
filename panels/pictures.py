"""Pictures in the sidebar: the clip, the fit so far. Loaded once, and again when the file has changed."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

_previews: bpy.utils.previews.ImagePreviewCollection | None = None


def draw_picture(layout: bpy.types.UILayout, path: str, scale: float = 9.0) -> None:
    """Show an image file; nothing where there is none."""
    global _previews
    if not path or not Path(path).is_file():
        return
    if _previews is None:
        _previews = bpy.utils.previews.new()
    key = f"{path}:{Path(path).stat().st_mtime_ns}"
    if key not in _previews:
        _previews.load(key, path, "IMAGE")
    layout.template_icon(icon_value=_previews[key].icon_id, scale=scale)


def unregister() -> None:
    """Free the pictures."""
    global _previews
    if _previews is not None:
        bpy.utils.previews.remove(_previews)
        _previews = None
