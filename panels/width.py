"""How much room a label has where it is drawn, in pixels at Blender's usual scale."""

from __future__ import annotations

import bpy

AROUND = 58
"""What a region's width goes to beside a panel's text: tabs, frames, and the ends of the label."""
ICON = 20
"""An icon beside a text."""
LEAST, USUAL = 74, 225
"""Room in the narrowest region, and where nothing is drawn."""
NARROW = 210
"""With less room names are no longer whole beside what they name."""


def room(*, icon: bool = False) -> float:
    """For a line of text in the region that is being drawn, beside an icon or not."""
    region = bpy.context.region
    found = USUAL
    if region is not None and region.width > 1:
        found = max(region.width / bpy.context.preferences.system.ui_scale - AROUND, LEAST)
    return found - ICON if icon else found


def is_narrow() -> bool:
    """Whether the region is too narrow for a setting's name beside its value."""
    return room() < NARROW


def side_by_side(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """For buttons that stand side by side, or below each other where the region is narrow."""
    return layout.column(align=True) if is_narrow() else layout.row(align=True)
