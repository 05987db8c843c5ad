"""Bake the simulated motion to the timeline, and free it again."""

from __future__ import annotations

import time
from typing import Any

import bpy

from ..backend import arrays
from ..backend.api.bake import BakeParams, Target
from ..backend.trajectory import Trajectory
from ..jobs import notices, queue, writing
from ..properties import steps
from ..properties.from_params import annotations_of, override
from ..scene import playback
from ..scene.bakes import bake, frames_bake, markers
from ..translations import say
from .worker_operator import TICK, SplatsOperator, active_splats, redraw


class SWAY_OT_bake(SplatsOperator, bpy.types.Operator):
    """Put the simulated motion on the timeline for good: it then plays and renders without the add-on"""

    bl_idname = "sway.bake"
    bl_label = "Bake"
    bl_options = {"UNDO"}
    __annotations__ = annotations_of(BakeParams, {"SKIP_SAVE"})

    _timer: bpy.types.Timer | None = None
    _begun: float
    """When frames began to be written (`time.monotonic`)."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        manager = context.window_manager
        manager.progress_begin(0, 1)
        try:
            obj, params, trajectory, target = self._asked(context)
            found = bake.bake(
                context,
                obj,
                trajectory,
                context.scene.frame_start,
                target,
                manager.progress_update,
                loop_frames=params.loop_frames or None,
                bones=params.bones,
                tolerance=params.tolerance,
            )
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        finally:
            manager.progress_end()
        self._finish(context, obj, trajectory, target, found)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        try:
            obj, _params, trajectory, target = self._asked(context)
            if target in bake.PARTICLES:
                return self.execute(context)
            frames = frames_bake.begin(context, obj, trajectory, context.scene.frame_start, target)
            self._writing, self._begun = writing.start(frames), time.monotonic()
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self._object = obj.session_uid
        self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._writing.stop()
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            redraw(context)
            if self._writing.ended:
                context.window_manager.event_timer_remove(self._timer)
                return self._written(context)
        return {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender gives up the operator: the file or the window is being closed."""
        self._writing.stop()

    def _asked(self, context: bpy.types.Context) -> tuple[bpy.types.Object, BakeParams, Trajectory, str]:
        """What to bake, and how. Raises ValueError when something is missing."""
        obj = active_splats(context)
        if not obj.sway.simulate.file:
            raise ValueError("There is no simulation to bake yet; press Simulate first.")
        override(context.scene.sway.bake, self, BakeParams)
        self._origin = steps.origin(context.scene, obj, "bake")
        params = steps.params(context.scene, "bake")
        trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
        return obj, params, trajectory, params.target.name.upper()

    def _written(self, context: bpy.types.Context) -> set[str]:
        """The thread has ended: play what there is."""
        frames = self._writing.frames
        obj = next((o for o in bpy.data.objects if o.session_uid == self._object), None)
        if obj is None:
            self.report({"ERROR"}, "The splat object is gone; its bake was not used.")
            return {"CANCELLED"}
        if self._writing.error:
            self.report({"ERROR"}, say(self._writing.error))
            self._notice(obj, self._writing.error, failed=True)
        done = frames.done
        if done == frames.count or (done and frames.target == "DISK"):
            bake.attach(context, obj, frames)
            found = {} if done == frames.count else {"frames_done": done}
            trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
            if frames.target == "DISK":
                found["folder"] = "/".join(frames.cache.folder.parts[-2:])
            said = self._finish(context, obj, trajectory, frames.target, found)
            if not self._writing.error:
                self._notice(obj, said)
            return {"FINISHED"}
        self.report({"INFO"}, say(f"Paused after {done} of {frames.count} frames; bake again to go on"))
        return {"CANCELLED"}

    def _notice(self, obj: bpy.types.Object, text: str, *, failed: bool = False) -> None:
        """Mark what came of a long bake, or of one that failed, as what comes of jobs is."""
        state, seconds = "failed" if failed else "finished", time.monotonic() - self._begun
        folder = self._writing.frames.cache.folder
        job = queue.Job("bake", self.bl_label, folder, obj.session_uid, obj.name, state=state, seconds=seconds)
        notices.tell(job, text, failed=failed)

    def _finish(self, context, obj, trajectory, target, found) -> str:
        """Note the bake as done; what it keeps, in a sentence."""
        first = context.scene.frame_start
        megabytes = bake.bake_size(obj, trajectory, target, context.scene.sway.bake.bones) / 2**20
        found |= {"frame_start": first, "frame_end": first + len(trajectory) - 1}
        found |= {"target": Target[target.lower()].label, "megabytes": megabytes}
        steps.finish(obj, "bake", self._origin, found=found)
        done = int(found.get("frames_done", len(trajectory)))
        markers.mark(context.scene, obj, first, first + int(found.get("loop_frames", done)) - 1)
        said = f"{describe(found)}. {kept(found)}"
        self.report({"INFO"}, say(said))
        return said


class SWAY_OT_pause_bake(bpy.types.Operator):
    """Stop after the frame that is being written; what is written plays, and baking again goes on from there"""

    bl_idname = "sway.pause_bake"
    bl_label = "Pause"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return writing.running() is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if (running := writing.running()) is not None:
            running.stop()
        return {"FINISHED"}


def describe(found: dict[str, Any]) -> str:
    """What a bake plays, in a few words."""
    if "loop_frames" in found:
        return f"Repeats every {found['loop_frames']} frames"
    if "frames_done" in found:
        count = found["frame_end"] - found["frame_start"] + 1
        return f"Paused: {found['frames_done']} of {count} frames"
    frames = f"Frames {found['frame_start']} to {found['frame_end']}"
    if "bones" in found:
        return f"{frames}: {found['bones']} bones, {found['keys']} keys, {1000 * found['error_m']:.2g} mm off"
    return frames


def kept(found: dict[str, Any]) -> str:
    """What a bake wrote, how much of it before compression, and where to; empty for a sample's."""
    if "target" not in found:
        return ""
    written = f"{found['target']}, at most {found['megabytes']:.1f} MB"
    return f"{written} in the folder {found['folder']}" if "folder" in found else f"{written} in the .blend"


class SWAY_OT_free_bake(SplatsOperator, bpy.types.Operator):
    """Remove the baked motion; the simulation stays and can be scrubbed and baked again"""

    bl_idname = "sway.free_bake"
    bl_label = "Free Bake"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = active_splats(context)
        bake.free_bake(context, obj)
        markers.unmark(context.scene, obj)
        steps.clear(obj, "bake")
        if obj.sway.simulate.file:
            trajectory = Trajectory.from_arrays(arrays.load(obj.sway.simulate.file))
            playback.show(obj, trajectory, context.scene.frame_start, obj.sway.simulate.file)
        return {"FINISHED"}
