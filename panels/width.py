"""How many letters a label shows whole, where it is drawn."""

from __future__ import annotations

import bpy

LETTER = 6.2
"""Mean width of a letter of Blender's font, pixels at the usual scale."""
AROUND = 55
"""What a region's width goes to beside a panel's text: tabs, frames, and the ends of the label; pixels likewise."""
ICON = 3
"""Letters in whose place an icon stands."""
LEAST, USUAL = 12, 36
"""In the narrowest region, and where nothing is drawn."""
NARROW = 34
"""With fewer letters names are no longer whole beside what they name."""


def letters(*, icon: bool = False) -> int:
    """Of a line in the region that is being drawn, beside an icon or not."""
    region = bpy.context.region
    found = USUAL
    if region is not None and region.width > 1:
        found = max(int((region.width / bpy.context.preferences.system.ui_scale - AROUND) / LETTER), LEAST)
    return found - ICON if icon else found


def is_narrow() -> bool:
    """Whether the region is too narrow for a setting's name beside its value."""
    return letters() < NARROW


def side_by_side(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """For buttons that stand side by side, or below each other where the region is narrow."""
    return layout.column(align=True) if is_narrow() else layout.row(align=True)
