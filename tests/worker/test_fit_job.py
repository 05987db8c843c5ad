"""The fit's job: stopped and resumed, further clips and views, an expected material, what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backend import arrays, taichi_runtime
from backend.api.fit import Expectation, FitParams, Strategy
from backend.camera import Camera
from backend.context import Cancelled, JobContext
from backend.fitting.chain import pictures_of
from backend.fitting.driving import drive
from backend.fitting.notes import DEPTH
from backend.fitting.push import Push
from backend.fitting.task import Task
from backend.gaussians import Gaussians
from backend.jobs import fit
from backend.parts import guess_parts
from backend.sample import potted_plant
from backend.subject import Subject, camera_arrays
from backend.video.clip import Clip
from tests.backend.fitting_cases import HEIGHT, front_view, stalk
from tests.conftest import ROOT

SIZE, FRAMES, FPS = 64, 12, 30.0
PARAMS = {"iterations": 1, "particles": 100, "grid_cells": 10}


class Filmed:
    """Films of splats that other particles than the fit's act, all with one stiffness."""

    def __init__(self, gaussians: Gaussians, parts: np.ndarray, young: float, size: int, fps: float) -> None:
        taichi_runtime.start("f32")
        self.gaussians, self.parts, self.young, self.size, self.fps = gaussians, parts, young, size, fps
        self.actor = drive(gaussians, parts, particles=120, cells=10, seed=7)

    def clip(self, camera: Camera, speed: list[float], **more) -> dict[str, np.ndarray]:
        """Set off with `speed` [3] at the top, m/s: a clip's arrays, with those of `more`."""
        blank = Clip(np.zeros((FRAMES, self.size, self.size, 3), np.float32), self.fps)
        task = Task(self.actor, blank, camera, self.gaussians, np.ones(3), 1, 0.45, lambda fraction, text: None)
        z = self.actor.model.rest[:, 2:]
        height = np.clip((z - z.min()) / np.ptp(z), 0, None)
        chain = pictures_of(task)
        frames = np.stack(
            [chain.still(), *chain.pictures(Push(np.full(len(z), self.young), height**1.5 * speed))]
        ).clip(0, 1)
        pictures = {"frames": np.round(255 * frames).astype(np.uint8), "fps": np.array(self.fps)}
        return pictures | {"frequency": np.array(3.0)} | camera_arrays(camera) | more

    def subject(self, camera: Camera) -> dict[str, np.ndarray]:
        return Subject(self.gaussians, self.parts, camera, np.ones(3), self.fps).to_arrays()


def _around(angle: float, target: np.ndarray, distance: float, size: int) -> Camera:
    """From `angle` around Z, 0 being the front."""
    eye = target + distance * np.array([np.sin(angle), -np.cos(angle), 0])
    return Camera.look_at(eye, target, 2.2 * size, size, size)


@pytest.fixture(scope="module")
def stalk_files(tmp_path_factory) -> dict[str, str]:
    """A stalk in two parts, and films of two pushes from two sides, as files."""
    (gaussians, parts), folder = stalk(), tmp_path_factory.mktemp("stalk")
    filmed = Filmed(gaussians, parts, 1e6, SIZE, FPS)
    filmed.parts = np.where(gaussians.positions[:, 2] > 0.5 * HEIGHT, 2, parts).astype(np.int32)
    front, side = front_view(SIZE), _around(np.pi / 2, np.array([0, 0, 0.09]), 0.6, SIZE)
    made = {
        "subject": filmed.subject(front),
        "clip": filmed.clip(front, [0.6, 0.1, 0]),
        "clip_2": filmed.clip(side, [0.1, -0.5, 0]),
    }
    return {name: str(arrays.save(folder / f"{name}.npz", values)) for name, values in made.items()}


class Impatient(JobContext):
    """A context in which a person cancels as soon as a stage has left something to go on with."""

    stage_to_stop_in: str

    def progress(self, fraction: float, what: str = "") -> None:
        if (self.folder / fit.CHECKPOINT / f"{self.stage_to_stop_in}.npz").is_file():
            self.cancel()
        super().progress(fraction, what)


STAGES = {
    Strategy.full: ("velocity", "one", "calibrated_0", "calibrated_1", "calibrated_2", "field"),
    Strategy.gradient: ("pictures",),
}
"""What a strategy leaves to go on with; the others are made of the same stages."""


@pytest.mark.parametrize("strategy", STAGES)
def test_a_job_stopped_in_each_stage_goes_on_with_the_same_bits(stalk_files, tmp_path, strategy):
    """Cancelled in the middle of every stage and resumed from folder to folder, with two parts and two clips where the
    strategy takes them: every array of the fit has the bits of a job that ran through.
    """
    several = strategy is Strategy.full
    inputs = {name: path for name, path in stalk_files.items() if several or name != "clip_2"}
    params = FitParams(**PARAMS, strategy=strategy, parts=2 if several else 1, field_steps=2)

    def found(name: str, more: dict[str, str]) -> dict[str, np.ndarray]:
        context = JobContext(name, tmp_path / name, lambda message: None)
        return arrays.load(fit.run(params, inputs | more, context)[0]["fit"])

    more: dict[str, str] = {}
    for stage in STAGES[strategy]:
        context = Impatient(stage, tmp_path / stage, lambda message: None)
        context.stage_to_stop_in = stage
        with pytest.raises(Cancelled):
            fit.run(params, inputs | more, context)
        left = {path.stem for path in (tmp_path / stage / fit.CHECKPOINT).glob("*.npz")} - {"identity"}
        assert left == set(STAGES[strategy][: STAGES[strategy].index(stage) + 1])
        more = {"earlier" if stage == "one" else "resume": str(tmp_path / stage)}
    resumed, whole = found("resumed", more), found("whole", {})
    for name, value in whole.items():
        assert resumed[name].tobytes() == value.tobytes(), name


def test_clips_and_views_of_a_plant_through_the_worker(tmp_path):
    """The sample plant from the front and at once from the side, and another push: a job file that names all three.

    It sways at 1.9 Hz, 0.9 periods in a film: stiffness to 0.1 in log10. With the second view nothing is said of depth.
    """
    gaussians = potted_plant(count=6000)
    filmed = Filmed(gaussians, guess_parts(gaussians), 10**8.2, 96, 24.0)
    target = filmed.actor.model.rest.mean(0)
    front, side = (_around(angle, target, 0.9, 96) for angle in (0, np.pi / 2))
    push = [0.5, 0.3, 0]
    made = {
        "subject": filmed.subject(front),
        "clip": filmed.clip(front, push),
        "clip_2": filmed.clip(side, push, motion=np.array(0)),
        "clip_3": filmed.clip(front, [-0.4, 0.1, 0]),
    }
    for name, values in made.items():
        arrays.save(tmp_path / f"{name}.npz", values)
    job = {
        "kind": "fit",
        "folder": "made",
        "params": {"particles": 200, "grid_cells": 12, "iterations": 2, "expected": "green_stem"},
        "inputs": {name: f"{name}.npz" for name in made},
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    command = [sys.executable, "-m", "backend", "run", str(tmp_path / "job.json")]
    messages = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    done = json.loads(messages[-1])
    assert done["state"] == "finished", done["error"]
    assert abs(np.log10(done["results"]["young_pa"][0]) - 8.2) < 0.1
    assert DEPTH not in done["results"]["remarks"]
    assert done["results"]["parts"][0]["expected"]["material"] == "Green Stem"


class Reached(Exception):
    """What a strategy stops with that only looks at its task."""


def test_options_reach_the_strategy(stalk_files, tmp_path, monkeypatch):
    """Every option of a job file ends where the strategies look for it; held-out frames are not theirs to see."""
    tasks: list[Task] = []

    def look(task: Task) -> None:
        tasks.append(task)
        raise Reached

    monkeypatch.setitem(fit.STRATEGIES, Strategy.full, look)
    options = {"density": 700.0, "poisson_ratio": 0.4, "cfl": 0.3, "wind": True, "fit_poisson": True, "scale": 0.5}
    losses = {"track_loss": 1.0, "blurred_loss": 2.0, "picture_loss": 3.0, "spectrum_loss": 4.0}
    rest = {"truncation": 5, "field_steps": 6, "held_out": 2, "seed": 7, "expected": Expectation.wood}
    params = FitParams(**PARAMS, **options, **losses, **rest, expected_spread=0.2, strategy=Strategy.full)
    with pytest.raises(Reached):
        fit.run(params, stalk_files, JobContext("fit", tmp_path, lambda message: None))
    (task,) = tasks
    weights = task.refining.losses
    assert (weights.tracks, weights.blurred, weights.pictures, weights.spectrum) == (1, 2, 3, 4)
    assert (task.refining.truncation, task.refining.steps, task.seed, task.iterations) == (5, 6, 7, 1)
    assert (task.cfl, task.wind, task.poisson, task.scale) == (0.3, True, True, 0.5)
    assert task.driven.body.poisson == 0.4 and (task.driven.model.density == 700).all()
    assert [len(view.clip) for view in task.observations] == [FRAMES - 2] * 2
    assert [view.motion for view in task.observations] == [0, 1]
    assert task.prior is not None and (task.prior.name, task.prior.spread) == ("Wood", 0.2)


def _spoilt(how: str) -> Callable[[dict], None]:
    """A change to the arrays of a clip or a subject."""

    def change(a: dict[str, np.ndarray]) -> None:
        match how:
            case "short":
                a["frames"] = a["frames"][:7]
            case "still":
                a["frames"] = np.repeat(a["frames"][:1], FRAMES, 0)
            case "shape":
                a["frames"] = a["frames"][:, 8:-8]
            case "empty":
                a["parts"] = np.zeros_like(a["parts"])
            case "whole":
                a["parts"] = np.ones_like(a["parts"])

    return change


@pytest.mark.parametrize(
    ("what", "how", "words"),
    [
        ("clip", "short", "clip has 7 frames; 8 are needed to tell stiffness from speed"),
        ("clip", "still", "hardly anything moves in the clip; use one with more motion"),
        ("clip", "shape", "clip and the camera differ in size; make the clip from this view"),
        ("subject", "empty", "no splat is marked as moving; paint the moving part first"),
        ("subject", "whole", "nothing holds the moving part; leave the pot or the ground unmarked"),
    ],
)
def test_inputs_that_cannot_serve_are_refused(stalk_files, tmp_path, what, how, words):
    """One sentence each that says what is wrong and what to do."""
    a = arrays.load(stalk_files[what])
    _spoilt(how)(a)
    inputs = {name: stalk_files[name] for name in ("subject", "clip")}
    inputs[what] = str(arrays.save(tmp_path / "spoilt.npz", a))
    with pytest.raises(ValueError, match=words):
        fit.run(FitParams(**PARAMS), inputs, JobContext("fit", tmp_path / "fit", lambda message: None))


@pytest.mark.parametrize(
    ("file", "error", "words"),
    [
        ("", ValueError, "Choose the file of the expected material, or expect nothing"),
        ("nowhere.sway", FileNotFoundError, "nowhere.sway is not there; choose a material saved by Save Material"),
        ("job.txt", ValueError, "job.txt is no material of Sway; choose a file written by Save Material"),
    ],
)
def test_materials_that_cannot_be_expected_are_refused(stalk_files, tmp_path, file, error, words):
    """None chosen, one that is not there, and one that is something else."""
    (tmp_path / "job.txt").write_text("no material")
    params = FitParams(**PARAMS, expected=Expectation.file, expected_file=str(tmp_path / file) if file else "")
    with pytest.raises(error, match=words):
        fit.run(params, stalk_files, JobContext("fit", tmp_path / "fit", lambda message: None))


def test_nothing_to_go_on_with_is_said(stalk_files, tmp_path):
    """A folder without a checkpoint is refused in a sentence that names it."""
    context = JobContext("fit", tmp_path / "fit", lambda message: None)
    with pytest.raises(FileNotFoundError, match="left nothing to go on with"):
        fit.run(FitParams(**PARAMS), stalk_files | {"resume": str(Path(tmp_path))}, context)
