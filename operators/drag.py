"""Pull splats about by hand and see them swing; what was done can be kept as a simulation."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d, region_2d_to_location_3d

from .. import preferences
from ..backend import arrays
from ..backend.api.swing import SwingParams
from ..backend.api.wire import to_jsonable
from ..backend.swing import Hand, Swing, Touch, performed
from ..jobs import queue
from ..properties import materials, steps
from ..properties.from_params import annotations_of
from ..scene import playback
from ..scene.live import LivePose
from ..scene.subject import scene_fps, subject_writer
from ..translations import say
from .worker_operator import SplatsOperator, WorkerOperator, active_splats, subject_of, submit

TICK = 1 / 60
"""Seconds between two looks at the hand, at least."""
NEAR = 40
"""Pixels around the mouse within which a splat can be grabbed."""
QUIET = 0.05
"""Part of the largest swing at which a performance ends."""
_HINT = "Drag to pull   Enter or right mouse button: keep as simulation   Esc: put back"

_prepared: dict[int, tuple[str, str]] = {}
"""The swing file of an object, by session_uid, with what it was made from."""


class SWAY_OT_drag(SplatsOperator, WorkerOperator, bpy.types.Operator):
    """Grab the splats in the viewport, pull them, let go and see them swing; Enter keeps it as the simulation"""

    bl_idname = "sway.drag"
    bl_label = "Pull by Hand"
    bl_options = {"UNDO"}
    WAITS = False
    __annotations__ = {
        **annotations_of(SwingParams, {"SKIP_SAVE"}),
        "point": bpy.props.FloatVectorProperty(
            name="Point",
            description="For scripts: the splat nearest to here is grabbed",
            subtype="XYZ",
            options={"SKIP_SAVE"},
        ),
        "offset": bpy.props.FloatVectorProperty(
            name="Offset", description="For scripts: how far it is pulled", subtype="XYZ", options={"SKIP_SAVE"}
        ),
        "hold": bpy.props.FloatProperty(
            name="Hold",
            description="For scripts: how long it is held before it is let go",
            default=0.3,
            min=0,
            unit="TIME_ABSOLUTE",
            options={"SKIP_SAVE"},
        ),
        "frames": bpy.props.IntProperty(
            name="Frames", description="For scripts: how many frames are kept", default=48, min=2, options={"SKIP_SAVE"}
        ),
    }

    def begin(self, context):
        obj = active_splats(context)
        self._uid, self._origin = obj.session_uid, steps.origin(context.scene, obj, "simulate")
        self._params = SwingParams(**{name: getattr(self, name) for name in SwingParams.__dataclass_fields__})
        self._pose = None
        job = queue.Job("swing", self.bl_label, preferences.job_folder(obj.name, "swing"), *subject_of(obj))
        fitted = materials.is_fitted(obj)
        if fitted and not obj.sway.fit.file:
            raise ValueError("The material has not been fitted yet; press Fit Material first, or choose a material.")
        files = {"subject": subject_writer(context, obj, job.folder / "subject.npz", 64)}
        if fitted:
            files["fit"] = obj.sway.fit.file
        else:
            files["materials"] = materials.assignment_of(obj).save(job.folder / "materials.json")
        submit(job, to_jsonable(self._params), files)
        return job

    def apply(self, context):
        """Scripts: pull as told, and keep it."""
        obj = self._object()
        swing = Swing.from_arrays(arrays.load(self.job.outputs["swing"]))
        moved = swing.rest - np.array(self.point)
        particle = int(np.linalg.norm(moved, axis=1).argmin())
        touches = [Touch(0.0, particle, tuple(self.offset)), Touch(self.hold, None)]
        return self._keep(context, obj, swing, touches, self.frames)

    def invoke(self, context, _event):
        if bpy.app.background:
            return self.execute(context)
        if context.area is None or context.area.type != "VIEW_3D":
            self._refuse("Splats are pulled in the 3D viewport; press the button there.")
            return {"CANCELLED"}
        obj = context.active_object
        self._pose, self._area = None, context.area
        self._region = next(region for region in context.area.regions if region.type == "WINDOW")
        key = steps.origin(context.scene, obj, "simulate")
        known = _prepared.get(obj.session_uid)
        if known and known[0] == key and Path(known[1]).is_file():
            self._uid, self._origin = obj.session_uid, key
            self._start(context, known[1])
        elif not self._begun(context):
            return {"CANCELLED"}
        self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if self._pose is not None:
            return self._drag(context, event)
        return WorkerOperator.modal(self, context, event)

    def ended(self, context):
        if self.job.state != "finished":
            return WorkerOperator.ended(self, context)
        _prepared[self._uid] = (self._origin, self.job.outputs["swing"])
        try:
            self._start(context, self.job.outputs["swing"])
        except ValueError as error:
            self._close(context)
            self._refuse(error)
            return {"CANCELLED"}
        return {"RUNNING_MODAL"}

    def cancel(self, context):
        if self._pose is None:
            WorkerOperator.cancel(self, context)
        else:
            self._stop(context)

    def _object(self):
        obj = next((o for o in bpy.data.objects if o.session_uid == self._uid), None)
        if obj is None:
            raise ValueError("The splat object is gone.")
        return obj

    def _start(self, context, path):
        """From waiting to pulling."""
        obj = self._object()
        self._swing = Swing.from_arrays(arrays.load(path))
        self._before = playback.held(obj)
        playback.stop(obj)
        self._pose, self._hand = LivePose(obj, self._swing), Hand(self._swing)
        self._pose.write(obj, self._hand.amplitudes)
        self._touches, self._held = [], None
        self._began = self._last = time.monotonic()
        context.workspace.status_text_set(say(_HINT))

    def _drag(self, context, event):
        obj = self._object()
        region = self._region
        mouse = np.array([event.mouse_x - region.x, event.mouse_y - region.y], float)
        if event.type == "ESC" and event.value == "PRESS":
            self._stop(context)
            playback.restore(obj, self._before)
            return {"CANCELLED"}
        if event.type in ("RET", "NUMPAD_ENTER", "RIGHTMOUSE") and event.value == "PRESS":
            return self._finish(context, obj)
        if event.type == "LEFTMOUSE":
            if event.value == "PRESS" and not self._inside(event.mouse_x, event.mouse_y):
                return {"PASS_THROUGH"}
            if event.value == "PRESS":
                self._grab(context, obj, mouse)
            elif self._held is not None:
                self._let_go()
            return {"RUNNING_MODAL"}
        if event.type == "MOUSEMOVE" and self._held is not None:
            self._pull(context, mouse)
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            now = time.monotonic()
            self._hand.step(now - self._last)
            self._last = now
            if self._touches:
                self._pose.write(obj, self._hand.amplitudes)
                region.tag_redraw()
        return {"PASS_THROUGH"}

    def _inside(self, x, y):
        """Whether a place of the window is in the viewport, and not in a sidebar or header that lies over it."""

        def holds(region):
            return 0 <= x - region.x < region.width and 0 <= y - region.y < region.height

        # Hidden regions of other kinds keep places and sizes that mean nothing.
        over = (region for region in self._area.regions if region.type in ("UI", "TOOLS", "HEADER", "TOOL_HEADER"))
        return holds(self._region) and not any(map(holds, over))

    def _grab(self, context, obj, mouse):
        """Take hold of the splat under the mouse that is nearest to the eye."""
        view = np.array(context.space_data.region_3d.perspective_matrix)
        places = self._pose.places(obj)
        clip = np.concatenate([places, np.ones((len(places), 1))], 1) @ view.T
        seen = clip[:, 3] > 1e-6
        size = 0.5 * np.array([self._region.width, self._region.height])
        pixels = (clip[:, :2] / np.where(seen, clip[:, 3], 1)[:, None] + 1) * size
        away = np.where(seen, np.linalg.norm(pixels - mouse, axis=1), np.inf)
        if not away.min() < NEAR:
            return
        close = np.flatnonzero(away < max(8.0, 1.5 * away.min()))
        splat = close[clip[close, 3].argmin()]
        self._held = int(self._swing.binding.particles[splat, 0])
        self._depth = places[splat]
        self._from = mouse - location_3d_to_region_2d(self._region, context.space_data.region_3d, self._depth)
        self._start_offset = self._hand.displacement(self._held)
        self._hand.grab(self._held)
        self._touch(self._start_offset)

    def _pull(self, context, mouse):
        """Bring the hand to where the mouse is, across the view."""
        at = region_2d_to_location_3d(self._region, context.space_data.region_3d, mouse - self._from, self._depth)
        offset = self._start_offset + np.array(at) - self._depth
        self._hand.pull(offset)
        self._touch(offset)

    def _let_go(self):
        self._hand.release()
        self._held = None
        self._touch(np.zeros(3))

    def _touch(self, offset):
        now = time.monotonic() - self._began
        self._touches.append(Touch(now, self._held, tuple(map(float, offset))))

    def _finish(self, context, obj):
        self._stop(context)
        if not self._touches:
            playback.restore(obj, self._before)
            return {"CANCELLED"}
        start = self._touches[0].time
        touches = [Touch(t.time - start, t.particle, t.offset) for t in self._touches]
        if touches[-1].particle is not None:
            touches.append(Touch(touches[-1].time, None))
        slowest = self._swing.decay.min()
        rings = min(np.log(1 / QUIET) / max(slowest, 1e-3), 10.0)
        frames = int(np.ceil((touches[-1].time + rings) * scene_fps(context.scene))) + 1
        self.report({"INFO"}, say(self._keep(context, obj, self._swing, touches, frames)))
        return {"FINISHED"}

    def _keep(self, context, obj, swing, touches, frames):
        """Make a simulation of what the hand did."""
        fps = scene_fps(context.scene)
        trajectory = swing.trajectory(performed(swing, touches, frames, fps), fps)
        folder = preferences.job_folder(obj.name, "simulate")
        path = arrays.save(folder / "trajectory.npz", trajectory.to_arrays())
        far = float(np.linalg.norm(trajectory.positions - trajectory.rest, axis=-1).max())
        found = {
            "frames": frames,
            "tip_amplitude_m": far,
            "dominant_frequency_hz": float(swing.rate[0] / (2 * np.pi)),
            "hold_part_max_displacement_m": 0.0,
        }
        steps.finish(obj, "simulate", self._origin, str(path), found)
        playback.show(obj, trajectory, context.scene.frame_start, str(path))
        return f"{frames} frames of what the hand did; scrub the timeline"

    def _stop(self, context):
        self._close(context)
        context.workspace.status_text_set(None)
        self._pose = None
