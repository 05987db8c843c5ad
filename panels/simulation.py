"""Simulate in the sidebar: materials, surroundings, and objects that act on splats."""

from __future__ import annotations

import bpy

from ..backend.api.acting import Acting, ActingParams
from ..backend.api.materials import Law, MaterialParams, names_of
from ..backend.api.quality import Quality
from ..backend.api.simulate import SIZE, SURROUNDINGS, SimulateParams
from ..jobs import queue
from ..properties import materials, steps
from ..scene import playback
from ..scene.acting.force_fields import is_field
from ..scene.estimate import estimate, sways
from ..scene.fields import rescaling
from ..scene.splats import is_splats
from ..scene.subject import scene_fps
from ..translations import say
from .params import draw_params, draw_setting
from .step_panel import StepPanel, draw_lines, draw_note
from .width import is_narrow

_SETTINGS = {
    Acting.nothing: (),
    Acting.collider: ("surface", "friction", "thickness"),
    Acting.impulse: ("speed", "radius", "start", "frames"),
    Acting.pull: ("length", "radius", "start", "frames"),
    Acting.carrier: ("part",),
    Acting.blade: ("start", "frames"),
    Acting.pin: ("radius",),
    Acting.plane: (),
}
_FIELD_ICONS = {"WIND": "FORCE_WIND", "FORCE": "FORCE_FORCE", "VORTEX": "FORCE_VORTEX", "DRAG": "FORCE_DRAG"}
_ACTING_ICONS = {
    Acting.collider: "MOD_PHYSICS",
    Acting.impulse: "FORCE_FORCE",
    Acting.pull: "VIEW_PAN",
    Acting.carrier: "CON_CHILDOF",
    Acting.blade: "MOD_BEVEL",
    Acting.pin: "PINNED",
    Acting.plane: "MESH_PLANE",
}


class SWAY_PT_simulate(StepPanel, bpy.types.Panel):
    bl_label = "Simulate"
    step, operator, icon = "simulate", "sway.simulate", "PHYSICS"

    def draw_settings(self, context, layout):
        draw_setting(layout, context.active_object.sway.material, "preset")
        StepPanel.draw_settings(self, context, layout)

    def hidden(self, context):
        still = context.scene.sway.simulate.wind in ("none", "fitted")
        fitted = materials.is_fitted(context.active_object)
        blowing = ("direction", "gustiness", "strength", "seed")
        return (*SURROUNDINGS, *(blowing if still else ()), *(("quality",) if fitted else ()))

    def ready(self, obj):
        return True

    def draw_button(self, context, layout):
        obj = context.active_object
        fit = obj.sway.fit.made or queue.pending("fit", obj.session_uid)
        if materials.is_fitted(obj) and not fit:
            draw_note(layout, "Fit Material first, or choose a Material", "INFO")
            return
        StepPanel.draw_button(self, context, layout)
        if queue.running() is None:
            assignment = None if materials.is_fitted(obj) else materials.assignment_of(obj)
            params = steps.params(context.scene, "simulate")
            cost = estimate(obj, params, assignment, scene_fps(context.scene))
            if cost:
                draw_note(layout, str(cost), "TIME")
            layout.operator("sway.drag", icon="VIEW_PAN")

    def lines(self, found):
        tip, frequency = found["tip_amplitude_m"] * 100, found["dominant_frequency_hz"]
        # A few frames hold no oscillation.
        how = f"The tip moves {tip:.1f} cm at {frequency:.2f} Hz" if frequency else f"The tip moves {tip:.1f} cm"
        return [f"{found['frames']} frames", how]

    def draw_state(self, context, obj, layout):
        StepPanel.draw_state(self, context, obj, layout)
        if problem := playback.problem(obj):
            draw_lines(layout, problem)
        if rescaling.is_possible(obj):
            layout.prop(obj.sway, "stiffness")


class SimulationPanel:
    """A folded panel below Simulate."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Sway"
    bl_parent_id = "SWAY_PT_simulate"
    bl_options = {"DEFAULT_CLOSED"}
    layout: bpy.types.UILayout


class SWAY_UL_part_materials(bpy.types.UIList):
    """Parts with a material of their own."""

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index=0, _flag=0):
        row = layout.row(align=True)
        row.prop(item, "part", text="Part", emboss=False)
        row.prop(item, "preset", text="")


class SWAY_PT_material(SimulationPanel, bpy.types.Panel):
    bl_label = "Material"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj = context.active_object
        return is_splats(obj) and not materials.is_fitted(obj)

    def draw(self, context: bpy.types.Context) -> None:
        layout, sway = self.layout, context.active_object.sway
        _draw_material(layout, sway.material)
        layout.separator()
        layout.label(text="Parts of Another Material")
        row = layout.row()
        row.template_list(
            "SWAY_UL_part_materials", "", sway, "part_materials", sway, "part_material", rows=2, maxrows=4
        )
        column = row.column(align=True)
        column.operator("sway.add_part_material", icon="ADD", text="")
        column.operator("sway.remove_part_material", icon="REMOVE", text="")
        if sway.part_material < len(sway.part_materials):
            item = sway.part_materials[sway.part_material]
            layout.operator("sway.assign_part", text="Part from Boxes", icon="MESH_CUBE").part = item.part
            _draw_material(layout, item)
        layout.operator("sway.add_asset_library", icon="ASSET_MANAGER")


def _draw_material(layout: bpy.types.UILayout, group: bpy.types.PropertyGroup) -> None:
    """The numbers that a material's law reads; those of a preset cannot be changed."""
    column = layout.column()
    column.active = column.enabled = group.preset == materials.CUSTOM
    names = names_of(Law[group.law])
    hide = [name for name in MaterialParams.__dataclass_fields__ if name not in names]
    draw_params(column, group, MaterialParams, hide=hide)
    draw_params(column, group, MaterialParams, advanced=True, hide=hide)


class SWAY_PT_surroundings(SimulationPanel, bpy.types.Panel):
    bl_label = "Surroundings"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_splats(context.active_object)

    def draw(self, context: bpy.types.Context) -> None:
        layout, group, scene = self.layout, context.scene.sway.simulate, context.scene
        layout.use_property_split = not is_narrow()
        layout.use_property_decorate = False
        column = layout.column()
        row = column.row()
        obj = context.active_object
        hangs = materials.is_fitted(obj) or sways(obj, steps.params(scene, "simulate"), materials.assignment_of(obj))
        row.enabled = scene.use_gravity and not hangs
        row.prop(group, "gravity")
        column.prop(group, "force_fields")
        fields = [o for o in scene.objects if is_field(o)]
        acting = [o for o in scene.objects if o.sway.acting.kind != Acting.nothing.name]
        if group.force_fields:
            for other in fields:
                kind = other.field.type
                column.label(text=other.name, icon=_FIELD_ICONS.get(kind, "FORCE_TURBULENCE"))
        column.prop(group, "acting_objects")
        if group.acting_objects:
            for other in acting:
                kind = Acting[other.sway.acting.kind]
                column.label(text=say(f"{other.name}: {kind.label}"), icon=_ACTING_ICONS[kind])
        column.prop(group, "floor")
        if group.floor:
            column.prop(group, "floor_height")
        row = layout.grid_flow(columns=2, align=True)
        row.operator("sway.add_acting", text="Impulse", icon="FORCE_FORCE").kind = Acting.impulse.name
        row.operator("sway.add_acting", text="Pull", icon="VIEW_PAN").kind = Acting.pull.name
        row.operator("sway.add_acting", text="Carrier", icon="CON_CHILDOF").kind = Acting.carrier.name
        row.operator("sway.add_acting", text="Blade", icon="MOD_BEVEL").kind = Acting.blade.name


class SWAY_PT_simulate_advanced(SimulationPanel, bpy.types.Panel):
    bl_label = "Advanced"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj = context.active_object
        return is_splats(obj) and not materials.is_fitted(obj)

    def draw(self, context: bpy.types.Context) -> None:
        group = context.scene.sway.simulate
        hide = () if group.quality == Quality.custom.name else SIZE
        draw_params(self.layout, group, SimulateParams, advanced=True, hide=(*SURROUNDINGS, *hide))


class ActingPanel:
    """How an object that is no splat cloud acts on splats."""

    bl_label = "Acts on Splats"
    layout: bpy.types.UILayout

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj = context.active_object
        return obj is not None and not is_splats(obj) and obj.type in ("MESH", "EMPTY", "CURVE", "SURFACE", "FONT")

    def draw(self, context: bpy.types.Context) -> None:
        group = context.active_object.sway.acting
        kind = Acting[group.kind]
        names = ("kind", *_SETTINGS[kind])
        if kind is Acting.collider and group.surface != "separate":
            names = tuple(name for name in names if name != "friction")
        hide = [name for name in ActingParams.__dataclass_fields__ if name not in names]
        draw_params(self.layout, group, ActingParams, hide=hide)


class SWAY_PT_acting(ActingPanel, bpy.types.Panel):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Sway"


class SWAY_PT_acting_physics(ActingPanel, bpy.types.Panel):
    bl_label = "Sway"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "physics"


CLASSES = (
    SWAY_PT_simulate,
    SWAY_UL_part_materials,
    SWAY_PT_material,
    SWAY_PT_surroundings,
    SWAY_PT_simulate_advanced,
    SWAY_PT_acting,
    SWAY_PT_acting_physics,
)
