"""Simulate a subject among what acts on it in the scene, and show the motion on the timeline as it grows."""

from __future__ import annotations

import time

import bpy

from ..backend import arrays
from ..backend.api.acting import Acting, ActingParams
from ..backend.api.materials import Preset
from ..backend.api.simulate import SimulateParams
from ..backend.trajectory import Trajectory
from ..properties import materials, steps
from ..properties.from_params import annotations_of, read
from ..scene import playback
from ..scene.acting.surroundings import write_surroundings
from ..scene.subject import write_subject
from .worker_operator import StepOperator, active_splats

SHOW_SHARE = 4
"""Times as long as showing the motion so far took, until it is shown again: the window stays usable."""


class SWAY_OT_simulate(StepOperator, bpy.types.Operator):
    """Simulate the splats among what acts on them; frames can be scrubbed on the timeline as they are done"""

    bl_idname = "sway.simulate"
    bl_label = "Simulate"
    STEP = "simulate"
    __annotations__ = {
        **annotations_of(SimulateParams, {"SKIP_SAVE"}),
        "material": bpy.props.EnumProperty(
            name="Material",
            description="What the splats are made of, in all parts; left out, the object keeps its materials",
            items=[(materials.FITTED, "Fitted", "The stiffness that Fit Material found")]
            + [(preset.name, preset.label, preset.doc) for preset in Preset],
            options={"SKIP_SAVE"},
        ),
    }

    _before = None
    _shown = ""
    _again = 0.0

    def begin(self, context):
        obj = active_splats(context)
        if self.properties.is_property_set("material"):
            obj.sway.part_materials.clear()
            obj.sway.material.preset = self.material
        self._before = playback.held(obj)
        self._shown, self._again = "", 0.0
        return StepOperator.begin(self, context)

    def inputs(self, context, obj, job):
        fitted = materials.is_fitted(obj)
        if fitted and not obj.sway.fit.file:
            raise ValueError("The material has not been fitted yet; press Fit Material first, or choose a material.")
        height = context.scene.sway.reference.resolution
        params = steps.params(context.scene, "simulate")
        acting = {o: read(o.sway.acting, ActingParams) for o in context.scene.objects}
        acting = {o: settings for o, settings in acting.items() if settings.kind is not Acting.nothing}
        files = {
            "subject": write_subject(context, obj, job.folder / "subject.npz", height, whole=not fitted),
            "surroundings": write_surroundings(context, obj, params, acting, job.folder / "surroundings.npz"),
        }
        if fitted:
            return {**files, "fit": obj.sway.fit.file}
        return {**files, "materials": materials.assignment_of(obj).save(job.folder / "materials.json")}

    def watch(self, context):
        """Show the motion so far."""
        if self.job.partial == self._shown or self.job.ended or time.monotonic() < self._again:
            return
        obj = self.object()
        if obj is None:
            return
        begun = time.monotonic()
        self._shown = self.job.partial
        playback.show(obj, Trajectory.from_arrays(arrays.load(self._shown)), context.scene.frame_start)
        now = time.monotonic()
        self._again = now + SHOW_SHARE * (now - begun)

    def give_up(self, context):
        obj = self.object()
        if obj is not None and self._shown:
            playback.restore(obj, self._before)

    def take_in(self, context, obj):
        trajectory = Trajectory.from_arrays(arrays.load(self.job.outputs["trajectory"]))
        self.note(obj, self.job.outputs["trajectory"])
        playback.show(obj, trajectory, context.scene.frame_start, obj.sway.simulate.file)
        tip = self.job.results["tip_amplitude_m"] * 100
        return f"{len(trajectory)} frames, the tip moves {tip:.1f} cm; scrub the timeline"
