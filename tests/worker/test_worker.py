"""The worker as a real process: every promise of the protocol, kept or broken in front of us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT


@pytest.fixture
def queue(package, tmp_path):
    """The Blender side's job queue with a worker of this interpreter; nothing of it survives the test."""
    from bl_ext.user_default.sway.jobs import queue

    yield queue
    queue.stop_worker()


@pytest.fixture
def submit(queue, tmp_path):
    """Submit a job of some kind and return it, running."""

    def submit(kind="check", params=None, inputs=None):
        job = queue.Job(kind, kind, tmp_path / kind)
        queue.submit(job, params or {}, inputs or {}, lambda: sys.executable, tmp_path / "worker.log")
        return job

    return submit


def test_job_finishes_with_results_and_rising_progress(queue, submit):
    """A job reports progress that never falls, then one Done with its results."""
    job, seen = submit(params={"seconds": 0.5}), []
    queue.wait(job, lambda j: seen.append(j.fraction))
    assert job.state == "finished" and job.results["rounds"] > 0
    assert job.results["peak_rss_mb"] > 10 and "Computing" in job.results["seconds"]
    assert seen == sorted(seen) and any(0 < f < 1 for f in seen)


def test_cancel_ends_a_running_job_and_keeps_the_worker(queue, submit):
    """Cancel takes effect between two steps of the loop, long before the worker would be ended for not obeying."""
    job = submit(params={"seconds": 300.0})
    while job.stage != "Computing":
        queue.pump()
        time.sleep(0.01)
    pid = queue._worker.pid
    queue.cancel(job)
    queue.wait(job)
    assert job.state == "cancelled" and queue._worker.pid == pid
    second = submit(params={"seconds": 0.0})
    queue.wait(second)
    assert second.state == "finished" and queue._worker.pid == pid


def test_a_waiting_job_can_be_cancelled(queue, submit):
    """A job that has not begun ends as cancelled at once, while the one before it goes on."""
    first, second = submit(params={"seconds": 300.0}), submit(params={"seconds": 300.0})
    while first.state != "running":
        queue.pump()
        time.sleep(0.01)
    queue.cancel(second)
    queue.wait(second)
    assert (first.state, second.state) == ("running", "cancelled")
    queue.cancel(first)
    queue.wait(first)
    assert first.state == "cancelled"


@pytest.mark.parametrize(
    ("kind", "params", "sentence"),
    [
        ("check", {"seconds": -1.0}, "Seconds is -1 s; it must lie between 0 and 600 s."),
        ("check", {"speed": 1}, "CheckParams has no field speed."),
        ("check", {"seconds": "long"}, "seconds is 'long'; it must be a number."),
        ("os.path", {}, "there is no job of kind 'os.path'."),
    ],
)
def test_bad_requests_fail_with_one_sentence(queue, submit, kind, params, sentence):
    """What cannot be run is refused in words, and the worker stays usable."""
    job = submit(kind, params)
    queue.wait(job)
    assert (job.state, job.error) == ("failed", sentence)
    after = submit(params={"seconds": 0.0})
    queue.wait(after)
    assert after.state == "finished"


def test_a_killed_worker_is_reported_with_its_log_and_replaced(queue, submit):
    """A crash becomes one sentence that names the log; the next job gets a new worker."""
    job = submit(params={"seconds": 300.0})
    while job.state != "running":
        queue.pump()
        time.sleep(0.01)
    os.kill(queue._worker.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    queue.wait(job)
    assert job.state == "failed" and "stopped unexpectedly" in job.error and "worker.log" in job.error
    after = submit(params={"seconds": 0.0})
    queue.wait(after)
    assert after.state == "finished"


def test_an_interpreter_that_does_not_exist_is_one_sentence(queue, tmp_path):
    """A wrong path in the preferences is refused before anything is started."""
    job = queue.Job("check", "check", tmp_path)
    with pytest.raises(ValueError, match="could not be started"):
        queue.submit(job, {}, {}, lambda: str(tmp_path / "python"), tmp_path / "log")


def test_worker_leaves_when_stdin_closes(queue, submit):
    """Blender going away takes the worker along, even in the middle of a job."""
    job = submit(params={"seconds": 300.0})
    while job.state != "running":
        queue.pump()
        time.sleep(0.01)
    process = queue._worker._process
    process.stdin.close()
    assert process.wait(5) == 0


def test_noise_on_stdout_does_not_reach_the_protocol(tmp_path):
    """Libraries that print get stderr; stdout carries messages only."""
    noisy = "import runpy, sys, os; sys.argv = ['backend', 'run', sys.argv[1]]\n"
    noisy += "import backend.jobs.check as c; run = c.run\n"
    noisy += "c.run = lambda *a: (print('noise'), os.write(1, b'more noise'), run(*a))[2]\n"
    noisy += "runpy.run_module('backend', run_name='__main__')"
    request = {"job": "a", "kind": "check", "folder": str(tmp_path / "job"), "params": {"seconds": 0.0}}
    (tmp_path / "job.json").write_text(json.dumps(request))
    done = subprocess.run(
        [sys.executable, "-c", noisy, str(tmp_path / "job.json")], cwd=ROOT, capture_output=True, text=True
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert messages[-1]["type"] == "done" and messages[-1]["state"] == "finished"
    assert "noise" in done.stderr and done.returncode == 0
