"""The fit's job: what was stopped goes on from its folder, and further clips are taken in."""

from __future__ import annotations

import numpy as np
import pytest

from backend import arrays, taichi_runtime
from backend.api.fit import FitParams
from backend.context import Cancelled, JobContext
from backend.fitting.chain import Push, pictures_of
from backend.fitting.driving import drive
from backend.fitting.task import Task
from backend.jobs import fit
from backend.subject import Subject, camera_arrays
from backend.video.clip import Clip
from tests.backend.fitting_cases import HEIGHT, front_view, stalk

SIZE, FRAMES, FPS = 64, 12, 30.0
PARAMS = FitParams(iterations=1, particles=100, grid_cells=10)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict[str, str]:
    """A stalk and a film of it, as files."""
    taichi_runtime.start("f32")
    folder = tmp_path_factory.mktemp("inputs")
    (gaussians, parts), camera = stalk(), front_view(SIZE)
    subject = Subject(gaussians, parts, camera, np.ones(3), FPS)
    actor = drive(gaussians, parts, particles=120, cells=10, seed=7)
    blank = Clip(np.zeros((FRAMES, SIZE, SIZE, 3), np.float32), FPS)
    task = Task(actor, blank, camera, gaussians, np.ones(3), 1, 0.45, lambda fraction, text: None)
    chain = pictures_of(task)
    height = np.clip(actor.model.rest[:, 2:] / HEIGHT, 0, None)
    push = Push(np.full(len(height), 1e6), height**1.5 * [0.6, 0, 0])
    frames = np.stack([chain.still(), *chain.pictures(push)]).clip(0, 1)
    clip = {
        "frames": np.round(255 * frames).astype(np.uint8),
        "fps": np.array(FPS),
        "frequency": np.array(3.0),
        **camera_arrays(camera),
    }
    return {
        "subject": str(arrays.save(folder / "subject.npz", subject.to_arrays())),
        "clip": str(arrays.save(folder / "clip.npz", clip)),
    }


class Impatient(JobContext):
    """A context in which a person cancels once there is something to go on with."""

    def progress(self, fraction: float, what: str = "") -> None:
        if (self.folder / fit.CHECKPOINT / "one.npz").is_file():
            self.cancel()
        super().progress(fraction, what)


def test_a_cancelled_job_goes_on_from_its_folder(inputs, tmp_path):
    """Cancelled while refining and resumed in another folder: the same bits as a job that ran through."""

    def found(name: str, more: dict[str, str]) -> dict[str, np.ndarray]:
        context = JobContext(name, tmp_path / name, lambda message: None)
        return arrays.load(fit.run(PARAMS, inputs | more, context)[0]["fit"])

    with pytest.raises(Cancelled):
        fit.run(PARAMS, inputs, Impatient("stopped", tmp_path / "stopped", lambda message: None))
    whole, resumed = found("whole", {}), found("resumed", {"resume": str(tmp_path / "stopped")})
    for name, value in whole.items():
        assert np.array_equal(resumed[name], value), name


def test_nothing_to_go_on_with_is_said(inputs, tmp_path):
    """A folder without a checkpoint is refused in a sentence that names it."""
    context = JobContext("fit", tmp_path / "fit", lambda message: None)
    with pytest.raises(FileNotFoundError, match="left nothing to go on with"):
        fit.run(PARAMS, inputs | {"resume": str(tmp_path)}, context)
