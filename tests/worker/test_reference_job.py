"""The reference-motion job: candidates, a person's film, videos of a model, what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from backend import arrays
from backend.api import wire
from backend.api.reference import ReferenceParams, Source
from backend.camera import Camera
from backend.context import Cancelled, JobContext
from backend.jobs import reference, reference_model
from backend.jobs.reference_candidate import Candidate
from backend.subject import Subject
from backend.video.clip import Clip
from backend.video.files import read_film, write_mp4
from tests.backend.fitting_cases import front_view, stalk
from tests.backend.toy_video_models import save

SIDE = 96


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """File of a stalk of 0.2 m on a slab, seen from the front."""
    gaussians, parts = stalk()
    whole = Subject(gaussians, parts, front_view(SIDE), np.full(3, 0.4), 24.0)
    return str(arrays.save(tmp_path_factory.mktemp("subject") / "subject.npz", whole.to_arrays()))


@pytest.fixture
def job(subject, tmp_path):
    """Runs the job; returns (outputs, results, messages)."""

    def run(**params):
        sent = []
        folder = tmp_path / "job"
        folder.mkdir(exist_ok=True)
        outputs, results = reference.run(
            ReferenceParams(**params), {"subject": subject}, JobContext("j", folder, sent.append)
        )
        return outputs, results, sent

    return run


@pytest.fixture
def film(job):
    """A film of the stalk as it sways, of the view itself: pictures [14, H, W, 3], uint8."""
    outputs, _results, _sent = job(frames=14, frequency=2.0)
    return read_film(outputs["film"], 4 * SIDE, 14)[0]


def _film_file(path: Path, film: np.ndarray, fps: float = 12.0) -> str:
    return str(write_mp4(path, film, fps))


def test_predicted_motion_sways_at_the_pace_asked_for(job):
    """What moves is the subject, at the frequency and as far as asked for; the first frame is the still view."""
    outputs, results, _sent = job(source=Source.predicted, frames=24, frequency=2.0, amplitude=5.0)
    clip = arrays.load(outputs["clip"])
    # A gust takes more than a period to pass and bends what it pushes: within a fifth of the free sway's frequency.
    assert results["frequency_hz"] == pytest.approx(2.0, rel=0.2)
    still = np.round(clip["still"] * 255)
    # One level of the coder's rounding.
    assert np.abs(clip["frames"][0].astype(float) - still).max() <= 1
    # The amplitude is that of the matted part; around it the motion is continued, and may reach a little farther.
    assert 0.05 * SIDE - 0.01 <= results["reach_px"] < 0.08 * SIDE


def test_each_candidate_is_another_gust_in_a_folder_of_its_own(job):
    """Three seeds give three different clips, the first is the one in use, and a sheet shows them as they come."""
    outputs, found, sent = job(frames=14, candidates=3, seed=5)
    clips = [arrays.load(outputs[f"clip_{k}"])["frames"] for k in (1, 2, 3)]
    assert [entry["seed"] for entry in found["candidates"]] == [5, 6, 7]
    assert all((a != b).any() for a, b in zip(clips, clips[1:], strict=False))
    assert (arrays.load(outputs["clip"])["frames"] == clips[0]).all()
    assert all(
        outputs[f"clip_{k}"].with_name(name).is_file() for k in (1, 2, 3) for name in ("film.mp4", "preview.png")
    )
    assert len([message for message in sent if isinstance(message, wire.Preview)]) == 3
    assert outputs["sheet"].is_file()
    one, alone, _sent = job(frames=14, seed=6)
    assert (arrays.load(one["clip"])["frames"] == clips[1]).all() and alone["candidates"] == []


def test_a_film_of_another_framing_is_laid_on_the_view(job, film, tmp_path):
    """A film whose camera stood a little higher and closer than the view's comes out as the film of the view itself."""
    import cv2

    moved = np.array([[1.06, 0, -5.0], [0, 1.06, 1.0]])
    other = np.stack([cv2.warpAffine(f, moved, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE) for f in film])
    path = _film_file(tmp_path / "other.mp4", other)
    outputs, found, _sent = job(source=Source.video, path=path, keep_background=False)
    laid = arrays.load(outputs["clip"])["frames"].astype(float)
    # Two resamplings and two passes of H.264: 2 % of the range in the mean; unaligned, edges are off by six pixels.
    assert np.abs(laid - film).mean() < 0.02 * 255
    crude, _found, _sent = job(source=Source.video, path=path, keep_background=False, align=False)
    assert np.abs(arrays.load(crude["clip"])["frames"] - film.astype(float)).mean() > 2 * np.abs(laid - film).mean()
    assert found["alignment"] > 0.9 and found["frames"] == 14 and found["fps"] == 12
    assert found["frequency_hz"] == pytest.approx(2.0, rel=0.15)


def test_a_folder_of_images_runs_at_the_given_rate(job, film, tmp_path):
    """Pictures on disk, every second of them, said to be taken at 30 frames a second; few of them are warned of."""
    import cv2

    for number, picture in enumerate(film):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), picture[..., ::-1])
    _outputs, found, sent = job(source=Source.images, image_folder=str(tmp_path), fps=30.0, step=2)
    assert found["fps"] == 15 and found["frames"] == 7
    assert any(isinstance(m, wire.Log) and m.level == "warning" and "7 frames" in m.text for m in sent)


def _spoilt(film: np.ndarray, how: str) -> np.ndarray:
    """A film with one thing wrong."""
    match how:
        case "cut":
            other = np.random.default_rng(0).integers(0, 255, (1, 12, 12, 3), np.uint8).repeat(8, 1).repeat(8, 2)
            return np.concatenate([film[:6], other.repeat(6, 0)])
        case "camera":
            return np.stack([np.roll(frame, 2 * t, 1) for t, frame in enumerate(film)])
        case "still":
            return np.repeat(film[:1], 14, 0)
        case "shape":
            return film[:, 24:72]
        case "short":
            return film[:2]
    return np.random.default_rng(0).integers(0, 255, (14, 12, 12, 3), np.uint8).repeat(8, 1).repeat(8, 2)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("cut", "bad.mp4 has a cut between its frames 6 and 7; choose a First Frame after it"),
        ("camera", "The camera moves in bad.mp4, .*; use a clip from a tripod, or stabilise it first"),
        ("still", "Nothing moves in bad.mp4 .*; choose a clip in which it sways"),
        ("shape", "bad.mp4 is 2.00 times as wide as high .*; set the render resolution to the clip's shape"),
        ("short", "bad.mp4 has 2 frames .*; a reference motion needs 3 or more: choose a longer video"),
        ("other", "does not show what the camera sees; put the camera where the clip was taken from"),
    ],
)
def test_films_that_cannot_serve_are_refused(job, film, tmp_path, how, words):
    """One sentence each that says what is wrong and what to do."""
    with pytest.raises(ValueError, match=words):
        job(source=Source.video, path=_film_file(tmp_path / "bad.mp4", _spoilt(film, how)))


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"source": Source.video}, ValueError, "Choose a video file"),
        ({"source": Source.images}, ValueError, "Choose a folder of images"),
        ({"source": Source.images, "image_folder": "/nowhere"}, FileNotFoundError, "no folder"),
        ({"source": Source.model}, ValueError, "Choose the folder of a video model, or press Download Video Model"),
        ({"source": Source.model, "model_folder": "/nowhere"}, FileNotFoundError, "there is no folder"),
    ],
)
def test_what_is_not_chosen_or_not_there_is_told(job, params, error, words):
    """Empty and wrong paths."""
    with pytest.raises(error, match=words):
        job(**params)


@pytest.mark.parametrize("source", [Source.wind, Source.predicted, Source.video])
@pytest.mark.parametrize(
    ("parts", "eye", "words"),
    [
        (0, -0.6, "no splat is marked as moving; paint"),
        (1, 0.6, "sees nothing or too little of the moving part"),
        (1, -20.0, "sees nothing or too little of the moving part"),
    ],
)
def test_nothing_to_move_is_told(tmp_path, source, parts, eye, words):
    """Nothing marked as moving, a camera that looks the other way or from afar: one sentence, whatever the source."""
    gaussians, own = stalk()
    away = Camera.look_at((0, eye, 0.09), (0, eye + 1, 0.09), 2.2 * SIDE, SIDE, SIDE)
    nothing = Subject(gaussians, parts * own, away, np.full(3, 0.4), 24.0)
    inputs = {"subject": str(arrays.save(tmp_path / "subject.npz", nothing.to_arrays()))}
    with pytest.raises(ValueError, match=words):
        reference.run(ReferenceParams(source=source), inputs, JobContext("j", tmp_path, lambda message: None))


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return str(save("ltx_condition", tmp_path_factory.mktemp("models")))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("incomplete", "is incomplete: its folder vae is missing; download the model again"),
        ("no video", "holds a StableDiffusionXLPipeline, which does not make videos from a picture; choose"),
        ("pickled", "holds pickled weights .* use a model saved as safetensors and remove these files"),
    ],
)
def test_models_that_cannot_serve_are_refused(job, toy, tmp_path, how, words):
    """One sentence each through the job, before anything of the model is loaded."""
    model = Path(shutil.copytree(toy, tmp_path / "model"))
    if how == "incomplete":
        shutil.rmtree(model / "vae")
    elif how == "pickled":
        (model / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    else:
        (model / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    with pytest.raises(ValueError, match=words):
        job(source=Source.model, model_folder=str(model))


def test_videos_that_do_not_keep_to_the_picture_are_thrown_away(job, toy):
    """A model of random weights makes noise: three seeds are tried, each refusal is noted, and the job says why."""
    with pytest.raises(ValueError, match="None of 3 videos could be used, the last because the model did not keep to"):
        job(source=Source.model, model_folder=toy, model_steps=1, model_height=32)


def test_videos_are_made_until_there_are_enough(job, toy, monkeypatch):
    """The first seed's video is refused, the next two are taken: their seeds, sizes and rate; steps are told."""

    def lenient(film, fps, view, name, seed, *, aligned, background, progress):
        if seed == 3:
            raise ValueError("Nothing moves.")
        assert film.shape == (14, SIDE, SIDE, 3)
        return Candidate(Clip(film.astype(np.float32), fps), 1.0, 2.0, seed)

    monkeypatch.setattr(reference_model, "candidate_of", lenient)
    _outputs, found, sent = job(
        source=Source.model, model_folder=toy, model_steps=2, model_height=32, candidates=2, seed=3, frames=14
    )
    assert [entry["seed"] for entry in found["candidates"]] == [4, 5] and found["fps"] == 24
    stages = {message.stage for message in sent if isinstance(message, wire.Progress)}
    assert any("graphics card" in m.text and "hours" in m.text for m in sent if isinstance(m, wire.Log))
    assert any(stage.startswith("Video 2 of 2, step") for stage in stages) or len(stages) > 3


def test_a_cancel_ends_the_job_within_a_step(subject, toy, tmp_path):
    """Cancelled in the first step of forty, the job stops before the second one's picture is shown."""
    sent = []
    context = JobContext("j", tmp_path, sent.append)

    def send(message):
        sent.append(message)
        if isinstance(message, wire.Preview):
            context.cancel()

    context._send = send
    params = ReferenceParams(source=Source.model, model_folder=toy, model_steps=40, model_height=32)
    with pytest.raises(Cancelled):
        reference.run(params, {"subject": subject}, context)
    assert len([message for message in sent if isinstance(message, wire.Preview)]) == 1
