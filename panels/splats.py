"""Splats and Parts in the sidebar: import, statistics, cleaning, selecting, painting parts."""

from __future__ import annotations

import bpy

from ..backend.api.acting import Acting
from ..jobs import queue
from ..operators.splats.look import WAYS
from ..scene import look, nodes
from ..scene.acting import holding
from ..scene.drawing import display
from ..scene.fields import heat_map, overlay, painted
from ..scene.splats import is_splats
from ..scene.statistics import statistics
from ..translations import say
from ..translations.lines import measured
from .step_panel import SidebarPanel, StepPanel, draw_lines, draw_note
from .width import is_narrow, room, side_by_side

FEW = 11
"""Letters that a value has room for beside its name in a narrow region."""


class SWAY_PT_splats(SidebarPanel, bpy.types.Panel):
    bl_label = "Splats"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("sway.import_splats", icon="IMPORT", text="Import Splats")
        obj = context.active_object
        if not is_splats(obj):
            draw_note(layout, "Select or import a splat object", "INFO")
            return
        count = say(f"{len(obj.data.points):,} splats")  # by itself: the object's name is never translated
        whole = f"{obj.name}: {count}"
        lines = [whole] if measured(whole) <= room(icon=True) else [obj.name, count]
        column = layout.column(align=True)
        for line, icon in zip(lines, ("OUTLINER_OB_POINTCLOUD", "BLANK1"), strict=False):
            column.label(text=line, icon=icon, translate=False)
        if not obj.sway.bake.made:
            row = layout.row()
            row.scale_y = 1.4
            row.enabled = queue.running() is None
            row.operator("sway.make_it_sway", icon="PLAY")


class SWAY_PT_parts(StepPanel, bpy.types.Panel):
    bl_label = "Parts"
    step, operator, icon = "parts", "sway.guess_parts", "OUTLINER_DATA_POINTCLOUD"

    def draw_settings(self, context, layout):
        layout.prop(context.active_object.sway, "show_parts")

    def lines(self, found):
        return [f"{found['moving']:,} splats move, {found['holding']:,} hold still"]


class SplatsPanel(SidebarPanel):
    """A folded panel below Splats, for an object that has some."""

    bl_parent_id = "SWAY_PT_splats"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_splats(context.active_object)


class SWAY_PT_display(SplatsPanel, bpy.types.Panel):
    bl_label = "Display"

    def draw(self, context):
        layout, obj = self.layout, context.active_object
        linear = look.is_linear(obj)
        row = layout.row(align=True)
        for way, chosen in (("CAPTURED", not linear), ("LIGHT", linear)):
            label = next(label for key, label, _text in WAYS if key == way)
            row.operator("sway.set_up_colours", text=label, depress=chosen).way = way
        view = context.scene.view_settings.view_transform
        draw_lines(layout, "Lamps and AgX work; edges blend as light" if linear else "Exactly as captured, in view Raw")
        if linear == (view == "Raw"):
            draw_note(layout, f"View transform {view} does not fit: click again", "ERROR")
        column = layout.column()
        column.prop(obj.sway, "fast_render")
        self._inputs(column, obj, display.VIEW_DEPENDENT, display.DILATED)
        row = column.row()
        row.enabled = bool(display.setting(obj, display.DILATED))
        self._inputs(row, obj, display.ANTIALIASED)
        self._inputs(column, obj, display.RELIT)
        column.prop(obj, "visible_shadow", text="Cast Shadows")
        self._inputs(layout.column(), obj, display.VIEWPORT_LIMIT, display.NATIVE)

    def _inputs(self, layout, obj, *labels):
        for label in labels:
            if display.setting(obj, label) is not None:
                nodes.draw_input(layout, obj.modifiers[display.MODIFIER], label)


class SWAY_PT_overlay(SplatsPanel, bpy.types.Panel):
    bl_label = "Colour Overlay"

    def draw(self, context):
        layout, obj = self.layout, context.active_object
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(obj.sway, "overlay")
        if obj.sway.overlay_problem:
            draw_lines(layout, obj.sway.overlay_problem)
        if obj.sway.overlay == "NONE":
            return
        column = layout.column()
        for label in (heat_map.LOW, heat_map.HIGH) if obj.sway.overlay in overlay.MOVING else ():
            nodes.draw_input(column, obj.modifiers[heat_map.MODIFIER], label)
        nodes.draw_input(column, obj.modifiers[heat_map.MODIFIER], heat_map.STRENGTH)


class SWAY_PT_statistics(SplatsPanel, bpy.types.Panel):
    bl_label = "Statistics"

    def draw(self, context):
        found = statistics(context.active_object)
        rows = (
            ("Splats", f"{found.splats:,}"),
            ("SH Degree", str(found.sh_degree)),
            ("Size", _metres(found.size)),
            ("Without 1 %", _metres(found.inner_size)),
            ("Memory", f"{found.memory / 2**20:.1f} MB"),
            ("Moving", f"{found.moving:.0%}"),
        )
        column = self.layout.column(align=True)
        for name, value in rows:
            if is_narrow() and len(value) > FEW:  # below its name
                column.label(text=name)
                column.row().label(text=f"  {value}", translate=False)
                continue
            split = column.split(factor=0.5 if is_narrow() else 0.4)
            label = split.row()
            label.alignment = "LEFT" if is_narrow() else "RIGHT"
            label.label(text=name)
            split.label(text=value, translate=False)
        self.layout.operator("sway.scale_to_size", icon="DRIVER_DISTANCE")


def _metres(size) -> str:
    """Three sides of a box, short enough for a narrow region."""
    return " × ".join(f"{metres:.2g}" if metres < 10 else f"{metres:.0f}" for metres in size) + " m"


class SWAY_PT_clean_up(SplatsPanel, bpy.types.Panel):
    bl_label = "Clean Up"

    def draw(self, context):
        layout = self.layout
        layout.operator("sway.remove_floaters", icon="OUTLINER_OB_POINTCLOUD")
        layout.operator("sway.cull_splats", icon="FILTER")
        column = layout.column(align=True)
        column.prop(context.scene.sway.editing, "cropper", text="")
        row = side_by_side(column)
        row.operator("sway.crop_splats", text="Crop to Box", icon="CUBE").shape = "BOX"
        row.operator("sway.crop_splats", text="Crop to Sphere", icon="SPHERE").shape = "SPHERE"
        layout.operator("sway.merge_splats", icon="AUTOMERGE_ON")


class SWAY_PT_select(SplatsPanel, bpy.types.Panel):
    bl_label = "Select"

    def draw(self, context):
        layout, settings = self.layout, context.scene.sway.editing
        column = layout.column(align=True)
        column.operator("sway.select_splats_by_colour", text="By Colour", icon="COLOR")
        column.operator("sway.select_splats_by_height", text="By Height", icon="EMPTY_SINGLE_ARROW")
        column.operator("sway.select_linked_splats", text="Linked", icon="LINKED")
        row = layout.row(align=True)
        row.operator("sway.separate_splats", icon="MOD_EXPLODE")
        row.operator("sway.delete_splats", text="Delete", icon="X")
        assign = layout.operator("sway.assign_selected", icon="GROUP_VERTEX")
        assign.kind, assign.part = settings.kind, settings.part


class SWAY_PT_paint_parts(SplatsPanel, bpy.types.Panel):
    bl_label = "Paint"
    bl_parent_id = "SWAY_PT_parts"

    def draw(self, context):
        layout, settings = self.layout, context.scene.sway.editing
        side_by_side(layout).prop(settings, "kind", expand=True)
        column = layout.column(align=True)
        column.use_property_split, column.use_property_decorate = not is_narrow(), False
        part = column.row()
        part.enabled = settings.kind == "MOVING"
        part.prop(settings, "part")
        column.prop(settings, "radius")
        column.prop(settings, "x_ray")
        layout.operator("sway.paint_parts", icon="BRUSH_DATA")


class SWAY_PT_paint_fields(SplatsPanel, bpy.types.Panel):
    bl_label = "Stiffness and Holding"
    bl_parent_id = "SWAY_PT_parts"

    def draw(self, context):
        layout, settings, obj = self.layout, context.scene.sway.editing, context.active_object
        column = layout.column(align=True)
        column.use_property_split, column.use_property_decorate = not is_narrow(), False
        column.prop(settings, "stiffness")
        column.prop(settings, "strength")
        column.prop(settings, "radius")
        column.prop(settings, "x_ray")
        painted_on = obj.data.attributes.keys()
        for operator, icon, name, field in (
            ("sway.paint_stiffness", "BRUSH_DATA", painted.STIFFENING, "STIFFNESS"),
            ("sway.paint_holding", "PINNED", painted.HOLD, "HOLDING"),
        ):
            row = layout.row(align=True)
            row.operator(operator, icon=icon)
            clear = row.row(align=True)
            clear.enabled = name in painted_on
            clear.operator("sway.clear_painted", text="", icon="X").field = field
        row = side_by_side(layout)
        row.operator("sway.add_acting", text="Pin", icon="PINNED").kind = Acting.pin.name
        row.operator("sway.add_acting", text="Holding Plane", icon="MESH_PLANE").kind = Acting.plane.name
        for holder in holding.holders(context.scene):
            layout.label(text=holder.name, icon="PINNED" if holder.type == "EMPTY" else "MESH_PLANE")


CLASSES = (
    SWAY_PT_splats,
    SWAY_PT_parts,
    SWAY_PT_display,
    SWAY_PT_overlay,
    SWAY_PT_statistics,
    SWAY_PT_clean_up,
    SWAY_PT_select,
    SWAY_PT_paint_parts,
    SWAY_PT_paint_fields,
)
