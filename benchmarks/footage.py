"""A filmed flower's sway measured, and given to a procedural flower: from one clip, without splats of the subject.

The clip is PhysDreamer's capture of a carnation that is pushed once and swings out. Its first mode's motion is read off
by `spectral.video_modes`, its frequency and decay off that by `spectral.free_decay`; Young's modulus of a flower of
similar shape follows by the scaling law from its slowest mode; its free sway is simulated and measured the same way.
"""

from __future__ import annotations

import numpy as np

from backend import taichi_runtime
from backend.gaussians import Gaussians, sh_from_colours
from backend.spectral.free_decay import FreeDecay, free_decay
from backend.spectral.power_spectrum import find_peaks
from backend.spectral.video_modes import measure, mode_shape
from backend.video.files import read_film

from .figures import DATA, row
from .video_modes import CARNATION, HAND_HZ

WIDTH, FRAMES = 384, 300
HEIGHT, STEM, HEAD = 0.25, 0.003, 0.025
"""Of the flower, of its stem's and its head's radius, metres: a carnation's."""
YOUNG = 1e7
"""Pascals, from which the fitted modulus is scaled."""
PERIODS, PER_PERIOD = 6, 20
PUSH = 0.02
"""First swing over the flower's height, small enough to stay linear."""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit; none where the clip is absent."""
    clip = DATA / CARNATION
    if not clip.exists():
        return []
    peak, swing = measured_swing(*read_film(clip, WIDTH, FRAMES))
    rows = [
        row("Carnation: strongest frequency of the clip", peak, "Hz"),
        row("Carnation: strongest frequency, off the hand-measured track by", 100 * abs(peak / HAND_HZ - 1), "%"),
        row("Carnation: damped frequency of the first swings", swing.frequency, "Hz"),
        row("Carnation: decay", swing.decay, "1/s"),
        row("Carnation: damping ratio", 100 * swing.ratio, "% of critical"),
        row("Carnation: swings explained by one damped mode", 100 * swing.explained, "%"),
    ]
    young, found = fitted_flower(swing)
    return [
        *rows,
        row("Procedural flower: Young's modulus", young, "Pa"),
        row(
            "Procedural flower: damped frequency off the carnation's by",
            100 * abs(found.frequency / swing.frequency - 1),
            "%",
        ),
        row("Procedural flower: decay off the carnation's by", 100 * abs(found.decay / swing.decay - 1), "%"),
    ]


def measured_swing(film: np.ndarray, fps: float) -> tuple[float, FreeDecay]:
    """(strongest frequency in hertz, free swing of that mode) of a film [T, H, W, 3] that is pushed once."""
    measured = measure(film, fps)
    peak = float(find_peaks(measured.spectrum(), 4, 0.3, 0.5)[0])
    shape = mode_shape(measured, peak)
    share = measured.weight[..., None] * np.conj(shape)
    course = np.einsum("thwc,hwc->t", measured.motion, share) / np.einsum("hwc,hwc->", share, shape).real
    # A standing wave has one phase: its course is a line in the complex plane.
    axis = np.linalg.svd(np.stack([course.real, course.imag]) - [[course.real.mean()], [course.imag.mean()]])[0][:, 0]
    return peak, free_decay(axis @ [course.real, course.imag], fps, peak)


def fitted_flower(swing: FreeDecay) -> tuple[float, FreeDecay]:
    """(Young's modulus in pascals of a flower that should swing like that, how it does in the simulation)."""
    from backend.fitting.driving import drive
    from backend.fitting.fitted import tip_motion
    from backend.fitting.modes import sway_modes
    from backend.mpm.total_lagrangian.solver import ElasticSolver

    taichi_runtime.start("f32")
    driven = drive(*flower())
    slowest = sway_modes(driven.body, np.full(len(driven.body), YOUNG), 1)
    undamped = np.hypot(swing.frequency, swing.decay / (2 * np.pi))
    young = YOUNG * (undamped / slowest.frequency[0]) ** 2
    fps = PER_PERIOD * swing.frequency
    motion = ElasticSolver(driven.body).simulate(
        np.full(len(driven.body), young),
        2 * np.pi * undamped * PUSH * HEIGHT * slowest.shapes[0],
        PERIODS * PER_PERIOD,
        fps,
        damping=2 * swing.decay,
    )
    tip = tip_motion(np.concatenate([driven.model.rest[None], motion.positions]), driven.model)
    return young, free_decay(tip, fps, swing.frequency)


def flower(count: int = 9000, seed: int = 0) -> tuple[Gaussians, np.ndarray]:
    """(splats, parts [N]): a bent stem with a head of petals, part 1, in a vase that holds; metres, Z up."""
    rng = np.random.default_rng(seed)
    stem_count, head_count = count // 3, count // 3
    along = rng.uniform(0, 1, stem_count)
    around, out = rng.uniform(0, 2 * np.pi, stem_count), STEM * np.sqrt(rng.uniform(0, 1, stem_count))
    stem = np.stack([0.05 * along**2, 0 * along, HEIGHT * along], 1)
    stem[:, :2] += out[:, None] * np.stack([np.cos(around), np.sin(around)], 1)
    direction = rng.normal(size=(head_count, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    head = np.array([0.05, 0, HEIGHT]) + HEAD * np.cbrt(rng.uniform(0.1, 1, head_count))[:, None] * direction * [
        1,
        1,
        0.7,
    ]
    vase = rng.uniform([-0.02, -0.02, -0.06], [0.02, 0.02, 0.004], (count - stem_count - head_count, 3))
    positions = np.concatenate([stem, head, vase])
    kinds = np.repeat([0, 1, 2], [stem_count, head_count, len(vase)])
    colours = np.array([[0.2, 0.45, 0.15], [0.85, 0.25, 0.35], [0.7, 0.7, 0.72]])[kinds]
    turns = np.tile(np.float32([1, 0, 0, 0]), (count, 1))
    scales = np.full((count, 3), 0.0015, np.float32)
    opacity = np.full(count, 0.9, np.float32)
    cloud = Gaussians(positions.astype(np.float32), turns, scales, opacity, sh_from_colours(colours))
    return cloud, (kinds < 2).astype(np.int32)
