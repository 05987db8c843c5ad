"""Jobs as a person meets them: results that are read beside the main thread, Esc, notes, and undo around results."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture
def followed(addon, scene_module, monkeypatch, tmp_path):
    """Makes modal operators, each with a job that is in the queue; nothing is sent to any worker."""
    queue, notices = scene_module("jobs.queue"), scene_module("jobs.notices")
    mixin = scene_module("operators.worker_operator").WorkerOperator
    monkeypatch.setattr(queue, "pump", lambda: None)
    monkeypatch.setattr(queue, "_jobs", [])
    notices.see()

    class Followed(mixin):
        def __init__(self, label):
            self.job = queue.Job("simulate", label, tmp_path, 1, "plant")
            self.reports, self.threads = [], []
            queue._jobs.append(self.job)

        def load(self, context):
            return lambda: self.threads.append(threading.current_thread()) or "read"

        def apply(self, context):
            assert threading.current_thread() is threading.main_thread()
            return f"{self.loaded} and used"

        def report(self, level, text):
            self.reports.append((next(iter(level)), text))

        def tick(self):
            """Timer events until the operator ends."""
            for _ in range(1000):
                self._looked = -1e9
                if (said := self.modal(CONTEXT, SimpleNamespace(type="TIMER", value="NOTHING"))) != {"PASS_THROUGH"}:
                    return said
            raise AssertionError("it does not end")

    yield Followed
    notices.see()


CONTEXT = SimpleNamespace(
    screen=SimpleNamespace(is_animation_playing=False), window_manager=SimpleNamespace(windows=[]), workspace=None
)
ESC = SimpleNamespace(type="ESC", value="PRESS")


def test_a_result_is_read_in_a_thread_and_told(followed, scene_module):
    """Files are read beside the main thread, used on it; a long job's result is reported and noted until it is seen."""
    notices, operator = scene_module("jobs.notices"), followed("Simulate")
    operator.job.state, operator.job.seconds = "finished", 60.0
    assert operator.tick() == {"FINISHED"}
    assert operator.threads[0] is not threading.main_thread()
    assert operator.reports == [("INFO", "read and used")]
    assert [notice.text for notice in notices.unseen()] == ["read and used"]
    assert notices.about("simulate", 1).good


def test_a_failure_is_told_and_noted_however_short(followed, scene_module):
    """Nothing is used; the reason is an error report and a note."""
    notices, operator = scene_module("jobs.notices"), followed("Simulate")
    operator.job.state, operator.job.error = "failed", "It would take 100 GB."
    assert operator.tick() == {"CANCELLED"}
    assert operator.reports == [("ERROR", "It would take 100 GB.")] and not operator.threads
    assert [(notice.good, notice.text) for notice in notices.unseen()] == [(False, "It would take 100 GB.")]


def test_what_left_the_queue_by_anothers_end_says_so(followed, scene_module):
    """It is no cancel of a person's: a warning names the reason, and a note keeps it."""
    operator = followed("Simulate")
    operator.job.state, operator.job.error = "cancelled", "Simulate was not run, since Fit Material failed."
    assert operator.tick() == {"CANCELLED"}
    assert operator.reports == [("WARNING", "Simulate was not run, since Fit Material failed.")]
    assert len(scene_module("jobs.notices").unseen()) == 1


def test_esc_ends_the_running_job_only_and_lets_playing_stop(followed, scene_module):
    """The waiting job's operator, which hears Esc first, lets it through; so does everyone while the timeline plays."""
    running, waiting = followed("Fit Material"), followed("Simulate")
    playing = SimpleNamespace(**vars(CONTEXT) | {"screen": SimpleNamespace(is_animation_playing=True)})
    assert waiting.modal(CONTEXT, ESC) == {"PASS_THROUGH"} and waiting.job.cancelled_at is None
    assert running.modal(playing, ESC) == {"PASS_THROUGH"} and running.job.cancelled_at is None
    assert running.modal(CONTEXT, ESC) == {"RUNNING_MODAL"} and running.job.cancelled_at is not None


def test_a_result_that_was_asked_for_while_its_source_was_made_is_not_outdated(plant, scene_module):
    """A step's origin may name a result that is still to come; once that is there under this name, the step is done."""
    import bpy

    steps, scene = scene_module("properties.steps"), bpy.context.scene
    made_from = steps.origin(scene, plant, "fit", "the coming clip")
    steps.finish(plant, "reference", "", "clip.npz", made="the coming clip")
    steps.finish(plant, "fit", made_from, "fit.npz")
    assert steps.state(scene, plant, "fit") is steps.State.done
    steps.finish(plant, "reference", "", "clip.npz")
    assert steps.state(scene, plant, "fit") is steps.State.outdated


def test_undo_takes_back_a_shown_motion_and_redo_brings_it(plant, scene_module, swing, tmp_path):
    """After undo the timeline plays the motion before, after redo the new one: each from its own file."""
    import bpy

    playback, motion, splats, arrays = (
        scene_module(name) for name in ("scene.playback", "scene.motion", "scene.splats", "backend.arrays")
    )
    steps = scene_module("properties.steps")
    name = plant.name
    for label, amplitude in (("first", 1.0), ("second", 0.25)):
        trajectory = swing(amplitude=amplitude)
        path = str(arrays.save(tmp_path / f"{label}.npz", trajectory.to_arrays()))
        plant = bpy.data.objects[name]
        steps.finish(plant, "simulate", "", path)
        playback.show(plant, trajectory, 1, path)
        bpy.ops.ed.undo_push(message=label)

    def shown(frame):
        plant = bpy.data.objects[name]
        scene = bpy.context.scene
        scene.frame_set(frame)
        moved = splats.read_attribute(plant, motion.POSED_POSITION) - splats.read_splats(plant).positions
        return plant.sway.simulate.file, float(np.abs(moved).max())

    second = shown(4)
    bpy.ops.ed.undo()
    first = shown(4)
    bpy.ops.ed.redo()
    again = shown(4)
    # Amplitudes are as 4 to 1, and so are displacements of a splat, whatever the object's own scale.
    assert first[0].endswith("first.npz") and second[0].endswith("second.npz") and again == second
    assert first[1] == pytest.approx(4 * second[1], rel=0.05)


def test_frames_are_read_one_at_a_time_and_esc_ends_that(followed, scene_module, plain_scene, tmp_path, monkeypatch):
    """One frame a tick, the window's other events kept back; Esc ends it, even behind another job, and the scene's
    frame is what it was."""
    import bpy

    queue, pieces = scene_module("jobs.queue"), scene_module("jobs.pieces")
    monkeypatch.setattr(scene_module("operators.worker_operator").WorkerOperator, "_set_timer", lambda *_: None)
    scene, read = bpy.context.scene, []
    scene.frame_set(7)
    followed("Simulate")
    operator = followed("Render Film of Splats")
    frames = pieces.Pieces(scene, range(1, 9), lambda n: read.append((n, scene.frame_current)) or list, tmp_path)
    operator.job._ask = queue._Ask({}, {"frames": frames}, None, None)
    tick = SimpleNamespace(type="TIMER", value="NOTHING")
    while len(read) < 3:
        before = len(read)
        assert operator.modal(CONTEXT, tick) == {"PASS_THROUGH"}
        assert len(read) - before <= 1
    assert operator.modal(CONTEXT, SimpleNamespace(type="LEFTMOUSE", value="PRESS")) == {"RUNNING_MODAL"}
    assert operator.modal(CONTEXT, ESC) == {"RUNNING_MODAL"}
    assert operator.tick() == {"CANCELLED"}
    assert read == [(1, 1), (2, 2), (3, 3)] and frames.ended and scene.frame_current == 7


def test_a_frame_that_cannot_be_read_fails_the_job(followed, scene_module, plain_scene, tmp_path, monkeypatch):
    """Its reason is reported; the scene's frame is what it was."""
    import bpy

    queue, pieces = scene_module("jobs.queue"), scene_module("jobs.pieces")
    monkeypatch.setattr(scene_module("operators.worker_operator").WorkerOperator, "_set_timer", lambda *_: None)
    scene = bpy.context.scene
    scene.frame_set(7)

    def read(_frame):
        raise ValueError("The object is mirrored.")

    operator = followed("Render Film of Splats")
    operator.job._ask = queue._Ask({}, {"frames": pieces.Pieces(scene, [1], read, tmp_path)}, None, None)
    assert operator.tick() == {"CANCELLED"}
    assert operator.reports == [("ERROR", "The object is mirrored.")] and scene.frame_current == 7


def test_a_script_reads_all_frames_at_once(scene_module, plain_scene, tmp_path):
    """Every frame is shown, read and written, in order."""
    import bpy

    scene, written = bpy.context.scene, []
    pieces = scene_module("jobs.pieces").Pieces(scene, range(2, 7, 2), lambda n: lambda: written.append(n), tmp_path)
    pieces.run()
    assert written == [2, 4, 6] and pieces.ended and pieces.fraction == 1
