"""The "Sway" tab of the 3D viewport: the steps in the order of work, each with settings, button and state."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import bpy

from ..backend.api.reference import Source
from ..backend.api.simulate import SURROUNDINGS
from ..jobs import queue, writing
from ..operators.bake import describe as describe_bake
from ..operators.worker_operator import describe
from ..properties import materials, steps
from ..scene import playback
from ..scene.bakes import bake
from ..scene.estimate import estimate
from ..scene.splats import is_splats
from ..scene.subject import scene_fps
from .params import draw_params
from .pictures import draw_picture

_ICON = {steps.State.todo: "RADIOBUT_OFF", steps.State.done: "CHECKMARK", steps.State.outdated: "ERROR"}


class SidebarPanel:
    """Where every panel of the tab lives."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Sway"
    layout: bpy.types.UILayout
    bl_label: str


class SWAY_PT_splats(SidebarPanel, bpy.types.Panel):
    bl_label = "Splats"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("sway.import_splats", icon="IMPORT", text="Import Splats")
        obj = context.active_object
        if not is_splats(obj):
            layout.label(text="Select or import a splat object", icon="INFO")
            return
        layout.label(text=f"{obj.name}: {len(obj.data.points):,} splats", icon="OUTLINER_OB_POINTCLOUD")
        layout.prop(obj.sway, "fast_render")


class StepPanel(SidebarPanel):
    """A step of the work: greyed out until the one before has run."""

    step: ClassVar[str]
    operator: ClassVar[str]
    icon: ClassVar[str]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return is_splats(context.active_object)

    def draw_header(self, context: bpy.types.Context) -> None:
        running = queue.running()
        if running and running.kind == self.step:
            self.layout.label(icon="SORTTIME")
            return
        self.layout.label(icon=_ICON[steps.state(context.scene, context.active_object, self.step)])

    def draw(self, context: bpy.types.Context) -> None:
        obj = context.active_object
        layout = self.layout
        ready = self.ready(obj)
        column = layout.column()
        column.enabled = ready
        self.draw_settings(context, column)
        self.draw_button(context, column)
        if not ready:
            layout.label(text=self.waits_for(obj), icon="INFO")
        self.draw_state(context, obj, layout)

    def ready(self, obj: bpy.types.Object) -> bool:
        before = steps.needed(obj, self.step)
        return not before or bool(getattr(obj.sway, before).made)

    def waits_for(self, obj: bpy.types.Object) -> str:
        return f"First: {_TITLE[steps.needed(obj, self.step)]}"

    def draw_settings(self, context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        cls = steps.PARAMS[self.step]
        if cls:
            draw_params(layout, getattr(context.scene.sway, self.step), cls, hide=self.hidden(context))

    def hidden(self, context: bpy.types.Context) -> tuple[str, ...]:
        return ()

    def draw_button(self, _context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        running = queue.running()
        if running and running.kind == self.step:
            layout.progress(factor=running.fraction, text=describe(running))
            draw_picture(layout, running.preview)
            layout.operator("sway.cancel", icon="X")
            return
        row = layout.row()
        row.scale_y = 1.4
        row.enabled = running is None
        row.operator(self.operator, icon=self.icon)

    def draw_state(self, context: bpy.types.Context, obj: bpy.types.Object, layout: bpy.types.UILayout) -> None:
        found = steps.summary(obj, self.step)
        if not getattr(obj.sway, self.step).made:
            return
        if steps.state(context.scene, obj, self.step) is steps.State.outdated:
            layout.label(text="Outdated: something before it changed", icon="ERROR")
        for line in self.lines(found):
            layout.label(text=line)
        file = getattr(obj.sway, self.step).file
        if file:
            draw_picture(layout, str(Path(file).with_name("preview.png")))

    def lines(self, found: dict) -> list[str]:
        return []


class SWAY_PT_parts(StepPanel, bpy.types.Panel):
    bl_label = "Parts"
    step, operator, icon = "parts", "sway.guess_parts", "OUTLINER_DATA_POINTCLOUD"

    def draw_settings(self, context, layout):
        layout.prop(context.active_object.sway, "show_parts")

    def lines(self, found):
        return [f"{found['moving']:,} splats move, {found['holding']:,} hold still"]


class SWAY_PT_reference(StepPanel, bpy.types.Panel):
    bl_label = "Reference Motion"
    step, operator, icon = "reference", "sway.make_reference", "FORCE_WIND"

    def hidden(self, context):
        if context.scene.sway.reference.source == Source.wind.name:
            return ("path",)
        return ("frequency", "amplitude", "seed")

    def lines(self, found):
        return [f"{found['frames']} frames, tip sways at {found['frequency_hz']:.2f} Hz"]


class SWAY_PT_fit(StepPanel, bpy.types.Panel):
    bl_label = "Fit Material"
    step, operator, icon = "fit", "sway.fit_material", "MOD_PHYSICS"

    def lines(self, found):
        stiffness = " · ".join(f"{young:.2e} Pa" for young in found["young_pa"])
        return [
            f"Stiffness {stiffness}",
            f"Sways at {found['frequency_hz']:.2f} Hz, clip {found['clip_frequency_hz']:.2f} Hz",
            f"{found['gain_db']:.1f} dB closer to the clip than at rest",
        ]


class SWAY_PT_simulate(StepPanel, bpy.types.Panel):
    bl_label = "Simulate"
    step, operator, icon = "simulate", "sway.simulate", "PHYSICS"

    def draw_settings(self, context, layout):
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(context.active_object.sway.material, "preset")
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
        if materials.is_fitted(obj) and not obj.sway.fit.made:
            layout.label(text="Fit Material first, or choose a Material", icon="INFO")
            return
        StepPanel.draw_button(self, context, layout)
        if queue.running() is None:
            assignment = None if materials.is_fitted(obj) else materials.assignment_of(obj)
            params = steps.params(context.scene, "simulate")
            cost = estimate(obj, params, assignment, scene_fps(context.scene))
            if cost:
                layout.label(text=str(cost), icon="TIME")
            layout.operator("sway.drag", icon="VIEW_PAN")

    def lines(self, found):
        tip, frequency = found["tip_amplitude_m"] * 100, found["dominant_frequency_hz"]
        return [f"{found['frames']} frames", f"The tip moves {tip:.1f} cm at {frequency:.2f} Hz"]

    def draw_state(self, context, obj, layout):
        StepPanel.draw_state(self, context, obj, layout)
        if problem := playback.problem(obj):
            layout.label(text=problem, icon="ERROR")


class SWAY_PT_bake(StepPanel, bpy.types.Panel):
    bl_label = "Bake"
    step, operator, icon = "bake", "sway.bake", "RENDER_ANIMATION"

    def draw_button(self, context, layout):
        running, found = writing.running(), steps.summary(context.active_object, "bake")
        if running:
            layout.progress(factor=running.fraction, text=f"Writing frames, {running.fraction:.0%}")
            layout.operator("sway.pause_bake", icon="PAUSE")
            return
        row = layout.row(align=True)
        row.scale_y = 1.4
        row.enabled = queue.running() is None
        row.operator(self.operator, icon=self.icon, text="Resume" if "frames_done" in found else "Bake")
        if context.active_object.sway.bake.made:
            row.operator("sway.free_bake", icon="TRASH")
            dials = layout.column()
            dials.use_property_split = True
            bake.draw_dials(dials, context.active_object)
        layout.operator("sway.render_film", icon="RENDER_ANIMATION")

    def hidden(self, context):
        target = context.scene.sway.bake.target
        settings = {"loop_frames": "loop", "bones": "bones", "tolerance": "bones"}
        return tuple(name for name, only in settings.items() if target != only)

    def lines(self, found):
        return [describe_bake(found), "Plays without the add-on"]


_TITLE = {
    panel.step: panel.bl_label
    for panel in (SWAY_PT_parts, SWAY_PT_reference, SWAY_PT_fit, SWAY_PT_simulate, SWAY_PT_bake)
}


class AdvancedPanel(SidebarPanel):
    """The folded settings of a step."""

    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}
    step: ClassVar[str]

    def draw(self, context: bpy.types.Context) -> None:
        cls = steps.PARAMS[self.step]
        assert cls is not None
        hide = ("start", "step") if context.scene.sway.reference.source == Source.wind.name else ()
        draw_params(self.layout, getattr(context.scene.sway, self.step), cls, advanced=True, hide=hide)


class SWAY_PT_reference_advanced(AdvancedPanel, bpy.types.Panel):
    bl_parent_id, step = "SWAY_PT_reference", "reference"


class SWAY_PT_fit_advanced(AdvancedPanel, bpy.types.Panel):
    bl_parent_id, step = "SWAY_PT_fit", "fit"


CLASSES = (
    SWAY_PT_splats,
    SWAY_PT_parts,
    SWAY_PT_reference,
    SWAY_PT_reference_advanced,
    SWAY_PT_fit,
    SWAY_PT_fit_advanced,
    SWAY_PT_simulate,
    SWAY_PT_bake,
)
