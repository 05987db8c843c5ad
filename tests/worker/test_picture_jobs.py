"""The animate job in a real worker process: cancelled on the way, refused in words."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from backend import arrays
from backend.picture import Kind, Layer, Line, Picture


@pytest.fixture
def queue(package):
    """The Blender side's job queue; its worker is ended after the test."""
    from bl_ext.user_default.sway.jobs import queue

    yield queue
    queue.stop_worker()


@pytest.fixture
def submit(queue, tmp_path):
    """Submit the animate job on a small reed before a wall."""
    rng = np.random.default_rng(0)
    image = np.full((96, 72, 3), 200, np.uint8)
    image[10:90, 30:42] = rng.integers(20, 90, (80, 12, 3))
    mask = np.zeros((96, 72), np.float32)
    mask[10:90, 30:42] = 1
    layer = Layer(Kind.plant, mask, (Line(np.array([[36.0, 88.0], [36.0, 12.0]])),), "Reed")
    picture = {**Picture(image, (layer,)).to_arrays(), "fps": np.array(24.0), "name": np.array("reed")}
    arrays.save(tmp_path / "picture.npz", picture)

    def submit(**params):
        job = queue.Job("animate", "animate", tmp_path / "job")
        inputs = {"picture": str(tmp_path / "picture.npz")}
        queue.submit(job, params, inputs, lambda: sys.executable, tmp_path / "worker.log")
        return job

    return submit


def test_a_long_film_is_cancelled_between_two_frames(queue, submit):
    """Cancel ends the job while frames are drawn, and the worker serves the next one."""
    job = submit(frames=2000)
    while job.stage != "Drawing frames":
        queue.pump()
        assert not job.ended, job.error
        time.sleep(0.01)
    queue.cancel(job)
    queue.wait(job)
    assert job.state == "cancelled"
    after = submit(frames=2)
    queue.wait(after)
    assert after.state == "finished"


def test_an_export_without_a_folder_is_refused(queue, submit):
    """One sentence that says what to choose."""
    job = submit(frames=2, outcome="export")
    queue.wait(job)
    assert (job.state, job.error) == ("failed", "Choose a folder to export to.")
