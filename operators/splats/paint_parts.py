"""Paint in the viewport which splats move, hold still or are background."""

from __future__ import annotations

import bpy

from ...scene.painting import PartPainter
from .editing import note_parts
from .painting_brush import BrushOperator
from .select_splats import PART_KINDS, part_number

_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_KEYS = {name: k for k, digit in enumerate(_DIGITS) for name in (digit, f"NUMPAD_{k}")}


class SWAY_OT_paint_parts(BrushOperator, bpy.types.Operator):
    """Paint over the splats that move: they are tinted at once, and only they will sway"""

    bl_idname = "sway.paint_parts"
    bl_label = "Paint Parts"
    hint = "Drag: paint   Ctrl: hold still   1 to 9: moving part   0: holding   B: background"

    kind: bpy.props.EnumProperty(
        name="Kind", description="For scripts: what is painted", items=PART_KINDS, options={"SKIP_SAVE"}
    )
    part: bpy.props.IntProperty(
        name="Part", description="For scripts: number of the moving part", default=1, min=1, options={"SKIP_SAVE"}
    )

    def painter_of(self, obj, view):
        return PartPainter(obj, view)

    def by_script(self, obj, painter, start, end):
        return painter.paint(obj, start, end, self.radius, part_number(self.kind, self.part), self.x_ray)

    def dab(self, obj, painter, start, end, event, settings):
        part = 0 if event.ctrl else part_number(settings.kind, settings.part)
        painter.paint(obj, start, end, settings.radius, part, settings.x_ray)

    def show(self, context, obj):
        obj.sway.show_parts = True

    def note(self, context, obj):
        note_parts(context.scene, obj)

    def key(self, event, settings):
        if event.type == "B":
            settings.kind = "BACKGROUND"
        elif event.type in _KEYS:
            number = _KEYS[event.type]
            settings.kind = "MOVING" if number else "HOLDING"
            settings.part = number or settings.part
        else:
            return False
        return True
