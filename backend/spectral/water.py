"""Water in a photograph, and what floats on it.

Chuang et al. 2005, sections 4.2 and 4.3: an ocean spectrum (Tessendorf 2001, "Simulating Ocean Water", eq. 40, 43, 44)
on the plane that the horizon gives, waves rounded to the loop, boats that follow the water along their water line.
Differs: waves are summed straight into the loop's frequencies, so that water is a spectral volume like any other, and
the reflections that the slope of a wave shifts count besides its height, as they are what one sees of small waves.
"""

from __future__ import annotations

import numpy as np

from ..picture import Layer, Wind
from .basis import Combined, Fourier
from .pixel_motion import Grid, PixelMotion

GRAVITY = 9.81
"""m/s^2."""
EYE = 1.6
"""Height of the camera above the water, metres."""
FOCAL = 1.1
"""Focal length over the picture's width: a 40 mm lens on a 36 mm film."""
WAVES = 160
LONGEST, SHORTEST = 6.0, 0.15
"""Wavelengths, metres."""
REFLECTION = 0.5
"""Metres in front of the plane by which a slope shifts what is mirrored: how much slopes count besides heights."""
SIDEWAYS = 0.35
"""Shift to the sides over the one up and down for equal slopes: mirrors lengthen upright shapes."""
RESOLVED = 6.0
"""Pixels or grid places: shorter waves are left out where they would be seen shorter than this."""


def water_motion(
    layer: Layer, grid: Grid, shape: tuple[int, int], wind: Wind, duration: float, fps: float
) -> PixelMotion:
    """Waves of a water layer that repeat after `duration` seconds; their size is the caller's to set.

    shape: (height, width) of the picture, pixels. The shapes are complex: one for each frequency k / duration.
    """
    height, width = shape
    horizon = horizon_row(layer, height)
    x, y = grid.places()
    below = np.maximum(y - horizon, 1e-3)
    focal = FOCAL * width
    depth = np.minimum(focal * EYE / below, 400.0)
    side = (x - width / 2) * depth / focal

    random = np.random.default_rng(wind.seed)
    number = 2 * np.pi / np.geomspace(SHORTEST, LONGEST, WAVES)  # wave number, rad/m
    # In a picture the wind's "up" blows away from the camera.
    across, away = wind.heading * (1, -1)
    angle = np.arctan2(away, across) + random.uniform(-np.pi / 2, np.pi / 2, WAVES)
    alignment = np.cos(angle - np.arctan2(away, across))
    # eq. 40 over the logarithm of the wave number: k dk of the plane leaves k^2 of k^-4.
    reach = wind.speed**2 / GRAVITY
    power = np.exp(-1 / (number * reach) ** 2) / number**2 * alignment**2
    amplitude = np.sqrt(power / 2) * np.hypot(*random.normal(size=(2, WAVES)))
    phase = random.uniform(0, 2 * np.pi, WAVES)
    cycles = np.maximum(np.round(np.sqrt(GRAVITY * number) / (2 * np.pi) * duration), 1).astype(int)  # eq. 44
    kept = (amplitude > 1e-3 * amplitude.max()) & (cycles < duration * fps / 2)
    bins = np.unique(cycles[kept])
    shapes = np.zeros((len(bins), *grid.shape, 2), np.complex64)
    seen = RESOLVED * max(grid.steps)
    for i in np.flatnonzero(kept):
        kx, kz = number[i] * np.cos(angle[i]), number[i] * np.sin(angle[i])
        # How fast the phase runs over the picture: rad per pixel.
        along_x = kx * depth / focal
        along_y = (kx * side + kz * depth) / below
        fine = np.hypot(along_x, along_y) * seen / (2 * np.pi)
        wave = amplitude[i] * np.exp(-(fine**2) - 1j * (kx * side + kz * depth - phase[i]))
        up = 1 - 1j * REFLECTION * kz
        shape_ = shapes[np.searchsorted(bins, cycles[i])]
        shape_[..., 1] -= (wave * up * below / EYE).astype(np.complex64)
        shape_[..., 0] += (wave * 1j * REFLECTION * SIDEWAYS * kx * below / EYE).astype(np.complex64)
    shapes *= (y > horizon)[..., None]
    return PixelMotion(shapes, Fourier(bins / duration, duration), grid)


def horizon_row(layer: Layer, height: int) -> float:
    """The layer's horizon, or a little above the upper end of its mask (pixels)."""
    if layer.horizon is not None:
        return float(layer.horizon)
    rows = np.flatnonzero((layer.area > 0.5).any(1))
    return float(rows[0] - 0.02 * height)


def boat_motion(layer: Layer, grid: Grid, water: PixelMotion, water_mask: np.ndarray) -> PixelMotion:
    """Heave and roll of a boat on `water`: the straight line that follows the waves best along its water line.

    water_mask [H, W]: parts of the line on land stay, so a bow on the beach is what the boat turns around.
    Shapes [2, h, w, 2]: one pixel up, and a turn by one radian around the line's middle.
    """
    line = layer.lines[0]
    steps = np.linspace(0, len(line.points) - 1, 64)
    points = np.stack([np.interp(steps, np.arange(len(line.points)), line.points[:, a]) for a in (0, 1)], -1)
    rows = np.clip(points[:, 1].astype(int), 0, water_mask.shape[0] - 1)
    columns = np.clip(points[:, 0].astype(int), 0, water_mask.shape[1] - 1)
    wet = water_mask[rows, columns]
    own = water.grid
    i = np.clip(((points[:, 1] - own.top) / own.steps[1]).astype(int), 0, own.rows - 1)
    j = np.clip(((points[:, 0] - own.left) / own.steps[0]).astype(int), 0, own.columns - 1)
    rise = water.shapes[:, i, j, 1] * wet  # [K, 64], pixels, down
    middle = points.mean(0)
    arm = points[:, 0] - middle[0]
    design = np.stack([np.ones_like(arm), arm], 1)
    fitted = np.linalg.lstsq(design, rise.T, rcond=None)[0]  # heave [K] and the turn's tangent [K]

    x, y = grid.places()
    shapes = np.zeros((2, *grid.shape, 2), np.float32)
    shapes[0, ..., 1] = 1
    shapes[1, ..., 0], shapes[1, ..., 1] = middle[1] - y, x - middle[0]
    return PixelMotion(shapes, Combined(fitted, water.basis), grid)
