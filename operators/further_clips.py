"""Keep clips for the fit beside the reference motion: several pushes or sides say more of the material than one."""

from __future__ import annotations

import bpy

from ..properties import steps
from ..translations import say
from .worker_operator import SplatsOperator, active_splats, redraw


class SWAY_OT_keep_clip(SplatsOperator, bpy.types.Operator):
    """Let the fit imitate this clip beside the next one that you make: of another push, or from another side"""

    bl_idname = "sway.keep_clip"
    bl_label = "Keep for the Fit"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = active_splats(context)
        record = obj.sway.reference
        if not record.file:
            self.report({"ERROR"}, say("There is no reference motion yet; press Make Reference Motion first."))
            return {"CANCELLED"}
        if all(clip.file != record.file for clip in obj.sway.further_clips):
            found = steps.summary(obj, "reference")
            clip = obj.sway.further_clips.add()
            clip.name = f"{found['frames']} frames, {found['frequency_hz']:.2f} Hz"
            clip.made, clip.file = record.made, record.file
        redraw(context)
        return {"FINISHED"}


class SWAY_OT_drop_clip(SplatsOperator, bpy.types.Operator):
    """Fit without this clip"""

    bl_idname = "sway.drop_clip"
    bl_label = "Take Out"
    bl_options = {"UNDO"}

    number: bpy.props.IntProperty(
        name="Number", description="Which of the kept clips, counted from 1", min=1, default=1, options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        kept = active_splats(context).sway.further_clips
        if self.number > len(kept):
            self.report({"ERROR"}, say(f"There are {len(kept)} kept clips, no number {self.number}."))
            return {"CANCELLED"}
        kept.remove(self.number - 1)
        redraw(context)
        return {"FINISHED"}


CLASSES = (SWAY_OT_keep_clip, SWAY_OT_drop_clip)
