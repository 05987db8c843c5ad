"""Make the reference motion: a short clip of the view in which the subject moves; pick one of several."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..backend.api.reference import ReferenceParams
from ..properties import steps
from ..properties.from_params import annotations_of
from ..scene.subject import subject_writer
from ..translations import say
from .worker_operator import SplatsOperator, StepOperator, active_splats, redraw


class SWAY_OT_make_reference(StepOperator, bpy.types.Operator):
    """Make a short clip of the camera's view in which the subject moves: what the fit will imitate"""

    bl_idname = "sway.make_reference"
    bl_label = "Make Reference Motion"
    STEP = "reference"
    __annotations__ = annotations_of(ReferenceParams, {"SKIP_SAVE"})

    def inputs(self, context, obj, job):
        height = context.scene.sway.reference.resolution
        return {"subject": subject_writer(context, obj, job.folder / "subject.npz", height)}

    def take_in(self, context, obj):
        self.note(obj, self.job.outputs["clip"])
        found = self.job.results
        made = f"Reference motion: {found['frames']} frames, tip sways at {found['frequency_hz']:.2f} Hz"
        return f"{made}; pick one of {len(found['candidates'])}" if found["candidates"] else made


def candidate_file(file: str, number: int) -> Path:
    """The clip of a candidate (1, 2, ...) beside the one that is in use."""
    return Path(file).parent.parent / f"candidate_{number}" / "clip.npz"


class SWAY_OT_pick_reference(SplatsOperator, bpy.types.Operator):
    """Let the fit imitate this one of the clips that were made"""

    bl_idname = "sway.pick_reference"
    bl_label = "Pick Reference Motion"
    bl_options = {"UNDO"}

    number: bpy.props.IntProperty(
        name="Number", description="Which of the clips, counted from 1", min=1, default=1, options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self._pick(active_splats(context))
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        redraw(context)
        return {"FINISHED"}

    def _pick(self, obj: bpy.types.Object) -> None:
        """Raises ValueError where there is no such clip."""
        record, found = obj.sway.reference, steps.summary(obj, "reference")
        candidates = found.get("candidates", [])
        if not candidates:
            raise ValueError("There is one clip only; set Candidates above 1 and press Make Reference Motion.")
        if self.number > len(candidates):
            raise ValueError(f"There are {len(candidates)} clips to pick from, no number {self.number}.")
        file = candidate_file(record.file, self.number)
        if not file.is_file():
            raise ValueError("The clip's file is gone from the cache folder; press Make Reference Motion again.")
        if str(file) != record.file:
            picked = {**found, **candidates[self.number - 1]}
            steps.finish(obj, "reference", record.made_from, str(file), picked)


CLASSES = (SWAY_OT_make_reference, SWAY_OT_pick_reference)
