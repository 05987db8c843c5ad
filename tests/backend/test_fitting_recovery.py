"""Stiffness found again: from tracks in closed form, and from a film that another set of particles acted in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend import taichi_runtime
from backend.deformation import six_numbers
from backend.fitting.chain import Chain
from backend.fitting.driving import drive
from backend.fitting.gradient import fit_gradient
from backend.fitting.modal import fit_modal
from backend.fitting.modes import Modes
from backend.fitting.observation import huber, observe, visible
from backend.fitting.push import Push
from backend.fitting.search import search
from backend.fitting.slopes import FIRST_PART_STEP, PART_STEP, at_pace, leading_part, slopes, slopes_of_parts
from backend.fitting.sway import State, SwayProblem
from backend.fitting.task import Task
from backend.fitting.timing import Timing
from backend.fitting.truncation import TruncatedSolver
from backend.render.rasteriser import Rasteriser
from backend.render.skinning import Skinning
from backend.video.clip import Clip
from tests.backend.fitting_cases import HEIGHT, front_view, stalk

SIZE, FRAMES, FPS = 96, 12, 30.0
TRUTH = 6.0
"""log10 of Young's modulus, pascals: sways at 3 Hz, 1.1 periods in the film."""


def film(gaussians, driven, camera, log_young) -> Clip:
    """The stalk, its parts of the given log10 E [C], set off sideways, with pixel noise of 0.01."""
    model = driven.model
    chain = Chain(
        TruncatedSolver(driven.body),
        Skinning(gaussians, driven.binding, model.rest),
        Rasteriser(camera, len(gaussians)),
        gaussians,
        np.ones(3),
        Timing(FRAMES - 1, FPS),
        cfl=0.45,
    )
    still = Rasteriser(camera, len(gaussians)).render(
        gaussians.positions, six_numbers(gaussians.covariances()), gaussians.colours, gaussians.opacity
    )
    height = np.clip(model.rest[:, 2:] / HEIGHT, 0, None)
    push = Push(10 ** np.array(log_young)[driven.part - 1], height**1.5 * [0.6, 0.2, 0])
    frames = np.stack([still, *chain.pictures(push)])
    noise = np.random.default_rng(3).normal(0, 0.01, frames.shape)
    return Clip((frames + noise).clip(0, 1).astype(np.float32), FPS)


@pytest.fixture(scope="module")
def task() -> Task:
    """A film acted by 220 particles, to be explained by 150 others."""
    taichi_runtime.start("f32")
    (gaussians, parts), camera = stalk(), front_view(SIZE)
    actor = drive(gaussians, parts, particles=220, cells=12, seed=7)
    return Task(
        driven=drive(gaussians, parts, particles=150, cells=12),
        clip=film(gaussians, actor, camera, [TRUTH]),
        camera=camera,
        gaussians=gaussians,
        background=np.ones(3),
        iterations=2,
        cfl=0.45,
        report=lambda fraction, text: None,
    )


@pytest.fixture(scope="module")
def problem(task) -> SwayProblem:
    tracks = observe(task.driven.model, task.clip, task.camera, task.depth)
    return SwayProblem(task.solver, task.modes, np.zeros_like(task.part), task.camera, tracks, task.timing, task.cfl)


def test_spline_delays_a_motion():
    """Sampled at the clip's frames, a 3 Hz sine that sets in 1.4 frames late; 16 samples a period leave 1e-3."""
    timing = Timing(20, 24.0)
    own = np.arange(1, timing.simulated_frames + 1) / timing.simulated_fps
    since = (np.arange(1, 21) - 1.4) / 24
    rate = 2 * np.pi * 3
    assert np.allclose(timing.spline(1.4) @ np.sin(rate * own), np.where(since > 0, np.sin(rate * since), 0), atol=2e-3)
    velocity = timing.spline(1.4, 1) @ np.sin(rate * own)
    # The natural guess at the spline's very first interval is the least accurate one.
    assert np.allclose(velocity[2:], rate * np.cos(rate * since[2:]), atol=0.02 * rate)


def test_only_the_front_is_visible(task):
    """Of a solid stalk the camera in front sees particles of its near half, none of its far side."""
    rest = task.driven.model.rest
    seen = visible(task.driven.model, task.camera, task.depth)
    assert len(seen) > 0.25 * len(rest)
    assert rest[seen, 1].max() < 0.005
    assert rest[:, 1].max() > 0.01


def test_huber_weights():
    """1 within the scale, inversely with the distance beyond."""
    assert np.allclose(huber(np.array([[0.3, 0.4], [3.0, 4.0]]), 1.0), [1, 0.2])


def test_pace_of_the_tracks(problem):
    """The film sways at the pace of the slowest mode at the true stiffness, told to a tenth from 1.1 periods."""
    expected = problem.modes.stiffened(10**TRUTH / problem.modes.young[0]).frequency[0]
    assert problem.tracks.pace(FPS) == pytest.approx(expected, rel=0.1)


def test_search_finds_what_the_closed_form_made(problem):
    """Tracks made by two modes, a stiffness, damping and onset on the search's own grid give just these back."""
    modes: Modes = problem.modes
    step = 2 * np.log10(problem.timing.fps / problem.timing.frames * 0.4 / modes.frequency[0])
    log_young = np.log10(modes.young[0]) + step + 0.02 * 70
    amplitudes = np.zeros(len(modes))
    amplitudes[:2] = [0.01, -0.005]
    truth = State(amplitudes, np.array([log_young]), 0.05, 1.25)
    course = problem.time_courses(problem.speed_up(truth), truth.damping, np.array([truth.delay]))[0]
    displacement = np.einsum("m,mt,mvi->tvi", amplitudes, course, problem.shown)
    made = replace(problem, tracks=replace(problem.tracks, displacement=displacement))
    found = search([made], [np.ones(displacement.shape[:2])])[0]
    assert found.log_young == pytest.approx(log_young, abs=1e-9)
    assert (found.damping, found.delay) == (0.05, 1.25)
    # The ridge, weak where the camera sees a mode, pulls amplitudes by two percent.
    shown = np.einsum("m,mvi->vi", found.amplitudes - amplitudes, problem.shown)
    assert np.abs(shown).max() < 0.03 * np.abs(np.einsum("m,mvi->vi", amplitudes, problem.shown)).max()


def test_slopes_are_those_of_the_simulation(problem):
    """Columns that stand in for simulations: stiffness by the scaling law, amplitude by linearity, onset by velocity.

    Against central differences of the solver. Motion of a twentieth of the height is not quite linear, and substeps
    are whole numbers: a few percent, amplitude the most. Damping also acts on what creeps: a quarter.
    """
    amplitudes = np.zeros(len(problem.modes))
    amplitudes[0] = 0.01
    state = State(amplitudes, np.array([6.1]), 0.02, 0.7)

    def pixels(**changes):
        changed = replace(state, **changes)
        return problem.pixels(changed, problem.simulate([changed])[0])

    by_amplitude, *_others, by_stiffness, by_damping, by_delay = slopes(problem, state, problem.simulate([state])[0])
    for column, one, two, step, tolerance in (
        (by_amplitude, pixels(amplitudes=0.9 * amplitudes), pixels(amplitudes=1.1 * amplitudes), 0.002, 0.08),
        (by_stiffness, pixels(log_young=np.array([6.05])), pixels(log_young=np.array([6.15])), 0.1, 0.05),
        (by_damping, pixels(damping=0.0), pixels(damping=0.04), 0.04, 0.25),
        (by_delay, pixels(delay=0.6), pixels(delay=0.8), 0.2, 0.05),
    ):
        expected = (two - one) / step
        assert np.linalg.norm(column - expected) < tolerance * np.linalg.norm(expected)


def test_slopes_of_parts_are_those_of_the_simulation(problem):
    """With halves of different stiffness: by each half's at the lower one's pace, and by an amplitude.

    Against differences of the solver: long ones while both halves are as stiff as each other. The lower half's is what
    the upper one's leaves of both; the closed form of motion by a twentieth of the height bends no way round, which is
    a seventh.
    """
    rest = problem.solver.model.rest
    halves = replace(problem, part=(rest[:, 2] > HEIGHT / 2).astype(int))
    amplitudes = np.zeros(len(problem.modes))
    amplitudes[0] = 0.01
    state = State(amplitudes, np.array([6.3, 5.7]), 0.0, 0.0)
    motion = halves.simulate([state])[0]
    assert leading_part(halves) == 0
    columns = slopes_of_parts(halves, state, motion, slopes(halves, state, motion), 0)

    def pixels(changed):
        return halves.pixels(changed, halves.simulate([changed])[0])

    def stiffer(change):
        return pixels(at_pace(halves, state, state.log_young + change, 0))

    lower, upper = columns[len(amplitudes) : len(amplitudes) + 2]
    step = np.array([0.05, 0])
    expected = (stiffer(step) - stiffer(-step)) / 0.1
    assert np.linalg.norm(lower - expected) < 0.3 * np.linalg.norm(expected)
    secant = (halves.pixels(state, motion) - stiffer(np.array([0, -PART_STEP]))) / PART_STEP
    assert np.allclose(upper, secant, atol=1e-3)
    larger, smaller = (pixels(replace(state, amplitudes=factor * amplitudes)) for factor in (1.1, 0.9))
    expected = (larger - smaller) / 0.002
    assert np.linalg.norm(columns[0] - expected) < 0.2 * np.linalg.norm(expected)
    slower = halves.velocity(at_pace(halves, state, np.array([6.1, 5.0]), 0))
    assert np.allclose(slower, 10**-0.1 * halves.velocity(state))
    even = replace(state, log_young=np.array([6.0, 6.0]))
    motion = halves.simulate([even])[0]
    upper = slopes_of_parts(halves, even, motion, slopes(halves, even, motion), 0)[len(amplitudes) + 1]
    softer = pixels(at_pace(halves, even, np.array([6.0, 6.0 - FIRST_PART_STEP]), 0))
    assert np.allclose(upper, (halves.pixels(even, motion) - softer) / FIRST_PART_STEP, atol=1e-3)


def test_modal_strategy_recovers_stiffness(task):
    """From a noisy film of other particles, over all of 1e3..1e8 Pa, to 0.1 in log10; the motion to half a pixel."""
    fit = fit_modal(task)
    assert np.log10(fit.young_by_part[0]) == pytest.approx(TRUTH, abs=0.1)
    assert fit.loss_last < 0.5 < fit.loss_first / 4
    assert fit.log_young_error[0] < 0.05
    assert fit.velocity.shape == task.driven.model.rest.shape


def test_modal_strategy_tells_parts_apart(task):
    """A lower half four times as stiff as the upper one: the pace tells the lower one to 0.05, the shape the upper.

    Optical flow of 96 pixels shows motion 2 % too small, most at the tip, which is a quarter of a decade there; from
    the particles' own tracks it is 0.006.
    """
    gaussians, parts = stalk()
    halves = np.where((parts > 0) & (gaussians.positions[:, 2] > HEIGHT / 2), 2, parts)
    actor = drive(gaussians, halves, particles=220, cells=12, seed=7)
    clip = film(gaussians, actor, task.camera, [6.3, 5.7])
    driven = drive(gaussians, halves, particles=150, cells=12)
    fit = fit_modal(replace(task, driven=driven, clip=clip, iterations=8))
    lower, upper = np.log10(fit.young_by_part)
    assert lower == pytest.approx(6.3, abs=0.05)
    assert upper == pytest.approx(5.7, abs=0.25)
    assert fit.log_young_error.max() < 0.15


def test_gradient_strategy_recovers_stiffness(task):
    """The same film explained pixel by pixel from a decade too soft, to 0.1 in log10."""
    fit = fit_gradient(task)
    assert np.log10(fit.young_by_part[0]) == pytest.approx(TRUTH, abs=0.1)
    assert fit.loss_last < 0.5 * fit.loss_first


def test_a_report_can_cancel(task):
    """Whatever `report` raises ends the fit, in the middle of a simulation too."""

    class Cancelled(Exception):
        pass

    def report(fraction, text):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit_modal(replace(task, report=report))


def test_refuses_a_clip_that_is_too_short(task):
    """The message says how many frames are needed."""
    with pytest.raises(ValueError, match="8 are needed"):
        replace(task, clip=Clip(task.clip.frames[:4], FPS))
