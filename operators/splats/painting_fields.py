"""Paint in the viewport how stiff splats are, and which are held or free whatever their part says."""

from __future__ import annotations

import uuid

import bpy

from ...scene.fields import heat_map, overlay, painted
from ...scene.painting import HoldPainter, StiffnessPainter
from ..worker_operator import SplatsOperator, active_splats
from .painting_brush import BrushOperator

HOLDS = [
    ("HELD", "Held", "They hold still, whatever their part says"),
    ("FREE", "Free", "They move, whatever their part says"),
    ("NONE", "As Their Part", "They move or hold still as their part says"),
]
_NUMBERS = {"HELD": painted.HELD, "FREE": painted.FREE, "NONE": 0}


class FieldBrush(BrushOperator):
    """Mixin: shows the field while it is painted, and then what was shown before."""

    overlay_kind: str

    def show(self, context, obj):
        self._shown_before = heat_map.kind(obj) or "NONE"
        overlay.show(obj, context.scene, self.overlay_kind)

    def changed(self, context, obj):
        overlay.refresh(obj, context.scene)

    def hide(self, context, obj):
        try:
            overlay.show(obj, context.scene, self._shown_before)
        except ValueError:
            overlay.show(obj, context.scene, "NONE")

    def note(self, context, obj):
        note_painted(obj)
        overlay.refresh(obj, context.scene)


class SWAY_OT_paint_stiffness(FieldBrush, bpy.types.Operator):
    """Paint how many times as stiff as their material splats are; simulating, fitting and pulling by hand heed it"""

    bl_idname = "sway.paint_stiffness"
    bl_label = "Paint Stiffness"
    hint = "Drag: paint   Ctrl: the reverse   Shift: smooth   Shift F: strength"
    overlay_kind, uses_strength = overlay.PAINTED, True

    factor: bpy.props.FloatProperty(
        name="Times as Stiff",
        description="For scripts: what is painted",
        default=0.2,
        min=0.01,
        max=100.0,
        options={"SKIP_SAVE"},
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="For scripts: how far the stroke goes towards it",
        default=1.0,
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )

    def painter_of(self, obj, view):
        return StiffnessPainter(obj, view)

    def by_script(self, obj, painter, start, end):
        return painter.paint(obj, start, end, self.radius, self.factor, self.strength, self.x_ray)

    def dab(self, obj, painter, start, end, event, settings):
        place = obj, start, end, settings.radius
        if event.shift:
            painter.smooth(*place, settings.strength, settings.x_ray)
        else:
            factor = 1 / settings.stiffness if event.ctrl else settings.stiffness
            painter.paint(*place, factor, settings.strength, settings.x_ray)


class SWAY_OT_paint_holding(FieldBrush, bpy.types.Operator):
    """Paint which splats are held or free, whatever their part says"""

    bl_idname = "sway.paint_holding"
    bl_label = "Paint Holding"
    hint = "Drag: hold   Ctrl: free   Shift: as their part says"
    overlay_kind = overlay.HELD

    hold: bpy.props.EnumProperty(
        name="Hold", description="For scripts: what is painted", items=HOLDS, options={"SKIP_SAVE"}
    )

    def painter_of(self, obj, view):
        return HoldPainter(obj, view)

    def by_script(self, obj, painter, start, end):
        return painter.paint(obj, start, end, self.radius, _NUMBERS[self.hold], self.x_ray)

    def dab(self, obj, painter, start, end, event, settings):
        hold = painted.FREE if event.ctrl else 0 if event.shift else painted.HELD
        painter.paint(obj, start, end, settings.radius, hold, settings.x_ray)


class SWAY_OT_clear_painted(SplatsOperator, bpy.types.Operator):
    """Take away what was painted on the splats: they are as stiff as their material, and held as their parts say"""

    bl_idname = "sway.clear_painted"
    bl_label = "Clear Paint"
    bl_options = {"REGISTER", "UNDO"}

    field: bpy.props.EnumProperty(
        name="Field",
        description="What is taken away",
        items=[
            ("STIFFNESS", "Stiffness", "What was painted as stiffer or softer"),
            ("HOLDING", "Holding", "What was painted held or free"),
        ],
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = active_splats(context)
        if self.field == "STIFFNESS":
            painted.write_stiffening(obj, 0 * painted.read_stiffening(obj))
        else:
            painted.write_hold(obj, 0 * painted.read_hold(obj))
        note_painted(obj)
        overlay.refresh(obj, context.scene)
        return {"FINISHED"}


def note_painted(obj: bpy.types.Object) -> None:
    """Gives what is painted a new name, so that what was simulated without it counts as outdated."""
    anything = {painted.STIFFENING, painted.HOLD} & set(obj.data.attributes.keys())
    obj.sway.painted = uuid.uuid4().hex if anything else ""


CLASSES = (SWAY_OT_paint_stiffness, SWAY_OT_paint_holding, SWAY_OT_clear_painted)
