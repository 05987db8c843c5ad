"""The report of a fit: what it says of stiffness, frames and frequency, and its pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.context import JobContext
from backend.fitting import report_pictures
from backend.fitting.chain import pictures_of
from backend.fitting.driving import drive
from backend.fitting.push import Push
from backend.fitting.report import Comparison, compare
from backend.fitting.result import Fit
from backend.fitting.task import Task
from backend.fitting.uncertainty import LIMIT, PartStiffness
from backend.jobs import fit_report
from backend.video.clip import Clip
from tests.backend.fitting_cases import front_view, stalk

FRAMES, FPS, SIZE = 12, 24.0, 64


@pytest.fixture(scope="module")
def case():
    """(a task on the first frames of a clip, the fit that made the clip, the whole clip)."""
    from backend import taichi_runtime

    taichi_runtime.start("f32")
    gaussians, parts = stalk()
    driven = drive(gaussians, parts, particles=200, cells=10)
    count = len(driven.model)
    height = driven.model.rest[:, 2:].clip(0) / 0.2
    found = Fit(
        young=np.full(count, 3e4),
        young_by_part=np.array([3e4]),
        log_young_error=np.array([0.02]),
        velocity=height**1.5 * [0.3, 0, 0],
        damping=0.5,
        delay=0.0,
        frequency=2.0,
        loss_first=2.0,
        loss_last=0.1,
        history=(2.0, 0.5, 0.1),
    )

    def task(clip):
        background = np.ones(3)
        return Task(driven, clip, front_view(SIZE), gaussians, background, 1, 0.45, lambda fraction, text: None)

    empty = Clip(np.ones((FRAMES, SIZE, SIZE, 3), np.float32), FPS)
    chain = pictures_of(task(empty))
    moving = chain.pictures(Push(found.young, found.velocity, found.damping, found.delay))
    whole = Clip(np.clip(np.stack([chain.still(), *moving]), 0, 1).astype(np.float32), FPS)
    return task(Clip(whole.frames[:9], FPS)), found, whole


def test_the_truth_is_scored_as_such_and_unseen_frames_apart(case):
    """The fit that made a clip equals it, in frames it was fitted to and in those held out; a still one does not."""
    task, found, whole = case
    comparison = compare(task, found, whole)
    assert (comparison.seen, len(comparison.fitted)) == (8, FRAMES - 1)
    np.testing.assert_allclose(comparison.fitted, whole.frames[1:], atol=1e-5)  # float32, another number of frames
    held = comparison.scores(slice(comparison.seen, None))
    assert held is not None and held["frames"] == 3
    assert held["psnr_db"] > 90 and held["ssim"] > 0.999 and held["psnr_still_db"] < 40
    assert comparison.scores(slice(len(comparison.wanted), None)) is None


def test_a_wrong_fit_scores_worse_the_farther_it_foretells(case):
    """A fit of half the stiffness drifts from the clip: PSNR and SSIM fall below those of the truth."""
    task, found, whole = case
    wrong = compare(task, Fit(**{**vars(found), "young": found.young / 2}), whole)
    assert wrong.psnr[-3:].mean() < 45 and wrong.ssim[-1] < 0.999


def test_a_shorter_clip_is_refused(case):
    """Frames that were fitted to cannot be missing from the clip to compare with."""
    task, found, whole = case
    with pytest.raises(ValueError, match="has 5 frames, fewer than the 9"):
        compare(task, found, Clip(whole.frames[:5], FPS))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (0.02, "give or take 5 %"),
        (0.25, "give or take a factor of 1.8"),
        (0.9, "not identifiable from this clip"),
    ],
)
def test_words_for_an_error(error, words):
    """A small error is a percentage, a middling one a factor; one that is large or not finite is called what it is."""
    part = PartStiffness(2, 1e5, error)
    assert words in part.sentence and part.identified == (error <= LIMIT)
    assert not PartStiffness(2, 1e5, np.inf).identified
    low, high = part.bounds
    assert low * high == pytest.approx(1e10) and high / 1e5 == pytest.approx(10 ** (2 * error))


def test_files(case, tmp_path):
    """The job's function writes pictures, a film of every frame and a JSON file that any reader takes."""
    import av
    import cv2

    task, found, whole = case
    unsure = Fit(**{**vars(found), "log_young_error": np.array([np.inf])})
    context = JobContext("test", Path(tmp_path), lambda message: None)
    outputs, results, _ = fit_report.report(task, unsure, context, frequency=2.2, clip_frequency=2.0, whole=whole)
    assert results["frequency_error_percent"] == pytest.approx(10)
    assert "not identifiable" in results["sentences"][0] and "3 frames it had not seen" in results["sentences"][-1]
    kept = json.loads(outputs["report"].read_text(), parse_constant=lambda name: pytest.fail(name))
    assert kept["loss"] == list(found.history) and len(kept["psnr_db_by_frame"]) == FRAMES - 1
    assert kept["parts"][0]["log10_error"] is None
    with av.open(str(outputs["film"])) as film:
        assert sum(1 for _ in film.decode(video=0)) == FRAMES - 1
    assert all(cv2.imread(str(outputs[name])) is not None for name in ("preview", "loss"))


def test_difference_shows_only_what_differs():
    """In the strip the third band is black where fit and clip agree and bright where they do not."""
    wanted = np.full((6, 20, 20, 3), 0.5, np.float32)
    fitted = wanted.copy()
    fitted[:, :10] += 0.2
    everything = slice(0, 20), slice(0, 20)
    strip = report_pictures.side_by_side(Comparison(wanted, fitted, wanted[0], 24.0, 6), everything)
    side = report_pictures.LINE  # of pictures eight times as large, for the words above them
    below = strip[2 * (side + report_pictures.LABEL) + report_pictures.LABEL :]
    assert below.shape == (side, 3 * side, 3)
    # Between the two halves half a pixel, four of the larger ones, is blended on each side.
    np.testing.assert_allclose(below[: side // 2 - 4], 0.8, atol=1e-6)
    assert not below[side // 2 + 4 :].any()


def test_losses_of_two_kinds_stand_apart(case):
    """By tracks and by pictures: two plots as wide as one, each with the level of standing still of its own kind."""
    both = replace(case[1], history=(2.0, 1.0, 0.01, 0.005), tracked=2, tracks_still=4.0, loss_first=0.02)
    single = replace(both, history=(2.0, 1.0))
    halves = np.split(report_pictures.loss_plot(both), 2)
    assert all(half.shape == (report_pictures.STACKED, report_pictures.WIDTH, 3) for half in halves)
    # Of four, two and one, and of 20, 10 and 5: alike but for words and numbers.
    curves = [np.isclose(half, np.array(report_pictures.CURVE) / 255).all(-1) for half in halves]
    assert curves[0].any() and (curves[0] == curves[1]).all()
    assert report_pictures.loss_plot(single).shape == (report_pictures.ALONE, report_pictures.WIDTH, 3)
