"""The queue on Blender's side: order, what builds on what, what a failure does. With a worker of words."""

from __future__ import annotations

import queue as threads
import threading
import time

import pytest


class Said:
    """A worker that does nothing: what it is sent is kept, what it says is put into `messages`."""

    def __init__(self, *_):
        self.messages = threads.Queue()
        self.sent = []
        self.alive = True
        self.log = "worker.log"

    def send(self, message):
        self.sent.append(message)

    def stop(self):
        self.alive = False

    kill = stop


@pytest.fixture
def queue(package, monkeypatch):
    """The job queue, empty, with a worker of words."""
    from bl_ext.user_default.sway.jobs import queue

    monkeypatch.setattr(queue, "Worker", Said)
    queue.stop_worker()
    yield queue
    queue.stop_worker()


@pytest.fixture
def submit(queue, tmp_path):
    """Submits a job of a kind for subject 1, made of inputs; waits until these are written."""

    def submit(kind, inputs=None, subject=1):
        job = queue.Job(kind, kind.title(), tmp_path / kind, subject, "plant")
        queue.submit(job, {}, inputs or {}, lambda: "python", tmp_path / "worker.log")
        job._ask.written.result()
        settle(queue)
        return job

    return submit


def settle(queue):
    """A thread that has just returned may still count as alive."""
    for _ in range(100):
        queue.pump()
        if not queue.running() or queue.running().begun:
            return
        time.sleep(0.01)


def end(queue, job, state="finished", **outputs):
    """The worker says that a job has ended."""
    from bl_ext.user_default.sway.backend.api import wire

    queue._worker.messages.put(wire.Done(job.id, state, outputs, {}, error="no motion" if state == "failed" else ""))
    queue.pump()
    settle(queue)


def sent(queue):
    from bl_ext.user_default.sway.backend.api import wire

    return [message.kind for message in queue._worker.sent if isinstance(message, wire.Submit)]


def test_jobs_run_one_after_the_other(queue, submit):
    """The worker has one job at a time; the next one is sent when that has ended."""
    first, second = submit("reference"), submit("film", subject=0)
    assert sent(queue) == ["reference"] and queue.running() is first and queue.waiting() == [second]
    end(queue, first, clip="clip.npz")
    assert sent(queue) == ["reference", "film"] and queue.running() is second and not queue.waiting()


def test_a_job_takes_the_output_of_one_before_it(queue, submit):
    """What was asked for while it was still being made is known when it is sent."""
    reference = submit("reference")
    submit("fit", {"clip": queue.Output(reference, "clip"), "subject": "subject.npz"})
    end(queue, reference, clip="new.npz")
    assert queue._worker.sent[-1].inputs == {"clip": "new.npz", "subject": "subject.npz"}


def test_what_builds_on_a_failure_leaves_and_the_others_go_on(queue, submit):
    """A failure takes along what needs it, directly or through others, with a reason; the rest runs."""
    reference = submit("reference")
    fit = submit("fit", {"clip": queue.Output(reference, "clip")})
    simulate = submit("simulate", {"fit": queue.Output(fit, "fit")})
    other = submit("simulate", subject=2)
    end(queue, reference, "failed")
    assert reference.state == "failed" and (fit.state, simulate.state) == ("cancelled", "cancelled")
    assert "Reference failed" in fit.error and "Fit was cancelled" in simulate.error
    assert queue.running() is other and sent(queue)[-1] == "simulate"


def test_a_waiting_job_is_taken_out_with_what_builds_on_it(queue, submit):
    """Removed at once, without a word to the worker."""
    submit("film", subject=0)
    fit = submit("fit")
    simulate = submit("simulate", {"fit": queue.Output(fit, "fit")})
    assert queue.needed_by(fit) == [simulate]
    queue.cancel(fit)
    queue.pump()
    assert (fit.state, simulate.state) == ("cancelled", "cancelled") and not queue.waiting()
    assert len(queue._worker.sent) == 1


def test_a_job_moves_up_but_never_before_what_it_needs_or_what_runs(queue, submit):
    """Two that wait change places; one that needs the other's result does not, and nothing passes the running one."""
    submit("film", subject=0)
    fit = submit("fit")
    simulate = submit("simulate", {"fit": queue.Output(fit, "fit")})
    other = submit("simulate", subject=2)
    assert [queue.may_move_up(job) for job in (fit, simulate, other)] == [False, False, True]
    queue.move_up(simulate)
    queue.move_up(other)
    queue.move_up(other)
    assert queue.waiting() == [other, fit, simulate]
    queue.move_up(other)
    assert queue.waiting() == [other, fit, simulate]


def test_a_subject_has_one_job_of_a_label(queue, submit):
    """A second one, whose result would replace the first one's, is refused; another subject's is not."""
    submit("simulate")
    with pytest.raises(ValueError, match="in the queue for plant already"):
        submit("simulate")
    submit("simulate", subject=2)


def test_inputs_are_written_in_a_thread(queue, tmp_path):
    """What writes an input does so beside the main thread, and the job is sent when it has; what fails ends the job."""
    go, threads_seen = threading.Event(), []

    def write():
        go.wait(10)
        threads_seen.append(threading.current_thread())
        return "subject.npz"

    job = queue.Job("fit", "Fit", tmp_path, 1, "plant")
    queue.submit(job, {}, {"subject": write}, lambda: "python", tmp_path / "log")
    queue.pump()
    assert not queue._worker.sent
    go.set()
    job._ask.written.result()
    settle(queue)
    assert queue._worker.sent[0].inputs == {"subject": "subject.npz"}
    assert threads_seen[0] is not threading.main_thread()

    def full():
        raise OSError("No space left on device")

    second = queue.Job("film", "Film", tmp_path)
    queue.submit(second, {}, {"frames": full}, lambda: "python", tmp_path / "log")
    end(queue, job)
    assert second.state == "failed" and "No space" in second.error


def test_a_dead_worker_fails_its_job_alone(queue, submit):
    """Those that wait go to a new worker."""
    first, second = submit("fit"), submit("simulate", subject=2)
    worker = queue._worker
    worker.alive = False
    worker.messages.put(None)
    queue.pump()
    settle(queue)
    assert first.state == "failed" and "stopped unexpectedly" in first.error
    assert queue._worker is not worker and sent(queue) == ["simulate"] and second.begun


def test_a_result_counts_as_coming_until_the_scene_has_it(queue, submit):
    """Between a job's end and its being taken in, what builds on it is still made of it and not of an older one."""
    fit = submit("fit")
    assert queue.pending("fit", 1) is fit and queue.pending("fit", 2) is None
    end(queue, fit, fit="fit.npz")
    assert queue.pending("fit", 1) is fit
    simulate = submit("simulate", {"fit": queue.Output(fit, "fit")})
    assert queue._worker.sent[-1].inputs == {"fit": "fit.npz"} and simulate.begun
    queue.taken(fit)
    assert queue.pending("fit", 1) is None


def test_notices_stay_until_seen(queue, submit, package):
    """What came of long jobs and of failures is kept until a person has seen it; what was short is not."""
    from bl_ext.user_default.sway.jobs import notices

    notices.see()
    short, long, failed = submit("film", subject=0), submit("simulate"), submit("fit", subject=2)
    long.seconds = notices.LONG
    notices.tell(short, "written")
    notices.tell(long, "48 frames")
    notices.tell(failed, "no motion", failed=True)
    assert [notice.text for notice in notices.unseen()] == ["no motion", "48 frames"]
    assert notices.about("simulate", 1).text == "48 frames" and notices.about("simulate", 2) is None
    notices.see(subject=2)
    assert [notice.text for notice in notices.unseen()] == ["48 frames"]
    notices.see(long.id)
    assert not notices.unseen()
