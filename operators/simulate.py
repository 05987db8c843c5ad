"""Simulate a subject among what acts on it in the scene, and show the motion on the timeline as it grows."""

from __future__ import annotations

import time

import bpy
import numpy as np

from ..backend.api.acting import Acting, ActingParams
from ..backend.api.materials import Preset
from ..backend.api.simulate import SimulateParams
from ..jobs.background import Background
from ..properties import materials, steps
from ..properties.from_params import annotations_of, read
from ..scene import playback
from ..scene.acting.surroundings import write_surroundings
from ..scene.subject import subject_writer
from .pace import Pace
from .worker_operator import StepOperator, active_splats


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
    _coming: Background | None = None
    """The motion so far, while it is read."""
    _shown = ""

    def begin(self, context):
        obj = active_splats(context)
        if self.properties.is_property_set("material"):
            obj.sway.part_materials.clear()
            obj.sway.material.preset = self.material
        self._before = None
        self._shown, self._pace = "", Pace()
        # What acts on the splats is told from here on, and where they are now; both may change while it is simulated.
        self._first, self._matrix = context.scene.frame_start, np.array(obj.matrix_world)
        return StepOperator.begin(self, context)

    def inputs(self, context, obj, job):
        fitted = materials.is_fitted(obj)
        fit = self.earlier(obj, "fit", "fit") if fitted else ""
        if fitted and not fit:
            raise ValueError("The material has not been fitted yet; press Fit Material first, or choose a material.")
        height = context.scene.sway.reference.resolution
        params = steps.params(context.scene, "simulate")
        acting = {o: read(o.sway.acting, ActingParams) for o in context.scene.objects}
        acting = {o: settings for o, settings in acting.items() if settings.kind is not Acting.nothing}
        files = {
            "subject": subject_writer(context, obj, job.folder / "subject.npz", height, whole=not fitted),
            "surroundings": write_surroundings(context, obj, params, acting, job.folder / "surroundings.npz"),
        }
        if fitted:
            return {**files, "fit": fit}
        return {**files, "materials": materials.assignment_of(obj).save(job.folder / "materials.json")}

    def watch(self, context):
        """Show the motion so far."""
        obj = self.object()
        if obj is None:
            return
        if self._coming is not None:
            if self._coming.ended:
                self._show_coming(obj)
        elif self.job.partial != self._shown and self._pace.is_due:
            self._begun_at, self._shown = time.monotonic(), self.job.partial
            self._coming = Background(playback.reading(obj, self._shown, self._matrix, self._first))

    def _show_coming(self, obj):
        coming, self._coming = self._coming, None
        if self._before is None:
            self._before = [playback.held(obj)]
        playback.play(obj, coming.result(), self._first)
        self._pace.shown(since=self._begun_at)

    def give_up(self, context):
        obj = self.object()
        if obj is not None and self._before is not None:
            playback.restore(obj, self._before[0])

    def load(self, context):
        return playback.reading(self.required(), self.job.outputs["trajectory"], self._matrix, self._first)

    def take_in(self, context, obj):
        self.note(obj, self.job.outputs["trajectory"])
        playback.play(obj, self.loaded, self._first, obj.sway.simulate.file)
        tip = self.job.results["tip_amplitude_m"] * 100
        return f"{self.job.results['frames']} frames, the tip moves {tip:.1f} cm; scrub the timeline"
