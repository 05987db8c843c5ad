"""Stochastic motion textures of plants: strokes and wind in, displacement of every pixel out.

Chuang et al. 2005, section 4.1: a stroke from root to tip sways like a cantilever beam whose tip is a damped oscillator
in the wind. Two uses: `looping_texture` is the paper's seamless loop; `motion_texture` makes a *reference clip* for
fitting a simulation, which starts at rest, is set off by one short gust and then rings down in light wind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..spectral_volume import SpectralVolume
from .oscillator import loop_response, response, wind, wind_coefficients

GUST_PERIODS = 0.2
"""Length of the gust in periods of the first stroke: short, so that what follows is close to free vibration with an
initial velocity given at half the gust, GUST_PERIODS / (2 frequency) after `onset`."""
SUBSTEPS = 16
"""Force samples per frame for `response`."""


@dataclass(frozen=True)
class Stroke:
    """One swaying part of a picture: a line from where it is held to where it is free."""

    points: np.ndarray
    """Polyline root -> tip [n, 2], pixels (x, y); pixel (0, 0) has its centre at (0.5, 0.5)."""
    frequency: float
    """Natural frequency, hertz."""
    amplitude: float
    """Largest displacement of the tip, pixels."""
    damping: float = 0.06
    """Ratio to critical damping, 0 <= damping < 1."""
    reach: float | None = None
    """How far to its sides the stroke takes the picture along, pixels (standard deviation); None: the whole picture."""

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 2 or len(self.points) < 2:
            raise ValueError("a stroke needs at least two points, from root to tip")
        if np.linalg.norm(self.points[-1] - self.points[0]) < 1:
            raise ValueError("a stroke's root and tip fall on the same pixel; draw it longer")
        if not self.frequency > 0:
            raise ValueError(f"a stroke's frequency is {self.frequency} Hz; it must be above 0")
        if not 0 <= self.damping < 1:
            raise ValueError(f"a stroke's damping is {self.damping}; it must be at least 0 and below 1")

    def field(self, height: int, width: int) -> np.ndarray:
        """Displacement of every pixel when the tip moves by one pixel [H, W, 2], float32.

        Along the stroke it is perpendicular to it, towards +x for an upright one; 0 at the root and behind it. What
        lies beside turns with the stroke, as the cross-sections of a bent beam do: when a plant leans to the right its
        left leaves rise. (The paper shifts whole rows instead; a simulated plant turns its leaves.)
        The stroke is read along its chord, so a bent line bends the directions and nothing is torn.
        """
        y, x = np.mgrid[:height, :width] + 0.5
        return self.field_at(x, y)

    def field_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """`field` at places x and y [h, w], pixels: [h, w, 2], float32."""
        pieces = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        points = self.points[np.append(True, pieces > 0)]
        arc = np.append(0, np.cumsum(pieces[pieces > 0]))
        tangents = np.gradient(points, arc, axis=0)
        root, tip = points[0], points[-1]
        length = np.linalg.norm(tip - root)
        chord = (tip - root) / length
        stations = np.maximum.accumulate((points - root) @ chord)

        along = (x - root[0]) * chord[0] + (y - root[1]) * chord[1]
        within = np.clip(along, 0, length)
        u = np.interp(within, stations, arc / arc[-1]) + (along - within) / arc[-1]
        centre = _along(within, stations, points) + (along - within)[..., None] * chord
        tangent = _along(within, stations, tangents)
        tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
        offset = np.stack([x, y], -1) - centre
        turn = beam_slope(u) / arc[-1]
        field = beam_profile(u)[..., None] * _quarter_turn(tangent) + turn[..., None] * _quarter_turn(offset)
        if self.reach is not None:
            beside = (offset**2).sum(-1) + np.maximum(along - length, 0) ** 2
            field *= np.exp(-beside / (2 * self.reach**2))[..., None]
        return field.astype(np.float32)


def beam_profile(u: np.ndarray) -> np.ndarray:
    """Deflection of an evenly loaded cantilever: 0 at the root u = 0, 1 at the tip u = 1 (Chuang et al. 2005).

    0 behind the root, straight on beyond the tip.
    """
    v = np.clip(u, 0, 1)
    return v**4 / 3 - 4 * v**3 / 3 + 2 * v**2 + np.maximum(u - 1, 0) * beam_slope(np.ones(()))


def beam_slope(u: np.ndarray) -> np.ndarray:
    """Derivative of `beam_profile`."""
    v = np.clip(u, 0, 1)
    return 4 * v**3 / 3 - 4 * v**2 + 4 * v


def _along(place: np.ndarray, stations: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Vectors [n, 2] given at `stations` [n], interpolated at every place [H, W]: [H, W, 2]."""
    return np.stack([np.interp(place, stations, values[:, axis]) for axis in (0, 1)], -1)


def _quarter_turn(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., 2] turned by 90 degrees, from y to -x (upwards to the right, with y down)."""
    return np.stack([-vectors[..., 1], vectors[..., 0]], -1)


def motion_texture(
    strokes: list[Stroke],
    mask: np.ndarray,
    frames: int,
    fps: float,
    seed: int = 0,
    onset: float = 0.0,
    *,
    gustiness: float = 0.04,
    wind_speed: float = 3.0,
) -> tuple[SpectralVolume, np.ndarray]:
    """A plant at rest that a gust sets off: (volume, displacements [T, H, W, 2] float32, pixels).

    mask [H, W], 0..1: what moves; around it the displacement fades to 0. Frame 0 is exactly at rest. The gust begins
    `onset` seconds after it and lasts GUST_PERIODS of the first stroke's period; `gustiness` is the strength of the
    wind that goes on blowing, as the static deflection it would cause (standard deviation) over the gust's largest one.
    The same seed gives the same motion. The volume is the discrete Fourier transform of the displacements over the
    `frames / fps` seconds of the clip: it returns them exactly at the frames, but its end does not meet its beginning.
    """
    _check(strokes, frames, fps)
    random = np.random.default_rng(seed)
    step = 1 / (fps * SUBSTEPS)
    count = (frames - 1) * SUBSTEPS
    time = (np.arange(count) + 0.5) * step - onset
    phase = time * strokes[0].frequency / GUST_PERIODS
    gust = np.where((phase > 0) & (phase < 1), np.sin(np.pi * np.clip(phase, 0, 1)) ** 2, 0)
    breeze = np.where(time > 0, wind(count, step, wind_speed, random), 0)

    tips = np.empty((len(strokes), frames))
    for i, stroke in enumerate(strokes):
        pushed = response(gust, step, stroke.frequency, stroke.damping)[::SUBSTEPS]
        stirred = response(breeze, step, stroke.frequency, stroke.damping)[::SUBSTEPS]
        motion = pushed / np.abs(pushed).max() + gustiness * stirred
        tips[i] = motion / np.abs(motion).max() * stroke.amplitude

    fields = _fields(strokes, mask)
    displacements = np.einsum("st,shwc->thwc", tips.astype(np.float32), fields)
    spectrum = np.fft.rfft(tips, axis=1) * 2 / frames
    spectrum[:, 0] /= 2
    if frames % 2 == 0:
        spectrum[:, -1] /= 2
    volume = SpectralVolume(
        np.einsum("sk,shwc->khwc", spectrum.astype(np.complex64), fields),
        np.fft.rfftfreq(frames, 1 / fps),
        frames / fps,
        mask.astype(np.float32),
        f"motion texture set off by a gust, seed {seed}",
    )
    return volume, displacements


def looping_texture(
    strokes: list[Stroke], mask: np.ndarray, frames: int, fps: float, seed: int = 0, *, wind_speed: float = 3.0
) -> SpectralVolume:
    """A plant in steady gusty wind that repeats exactly after `frames` frames.

    Only the frequencies k / T up to four times the fastest stroke's natural one are kept: the response above it is
    weaker than 1/15 of the static one and falls with the square of the frequency. Each tip reaches its stroke's
    amplitude once per loop.
    """
    _check(strokes, frames, fps)
    duration = frames / fps
    highest = min(4 * max(stroke.frequency for stroke in strokes), fps / 2)
    frequencies = np.arange(1, max(int(highest * duration), 1) + 1) / duration
    force = wind_coefficients(frequencies, wind_speed, np.random.default_rng(seed))

    instants = np.exp(2j * np.pi * np.outer(frequencies, np.arange(frames) / fps))
    tips = np.empty((len(strokes), len(frequencies)), np.complex64)
    for i, stroke in enumerate(strokes):
        motion = loop_response(force, frequencies, stroke.frequency, stroke.damping)
        tips[i] = motion / np.abs((motion @ instants).real).max() * stroke.amplitude
    return SpectralVolume(
        np.einsum("sk,shwc->khwc", tips, _fields(strokes, mask)),
        frequencies,
        duration,
        mask.astype(np.float32),
        f"looping motion texture, seed {seed}",
    )


def _check(strokes: list[Stroke], frames: int, fps: float) -> None:
    if not strokes:
        raise ValueError("there is no stroke to move the picture by; draw one from root to tip")
    if frames < 2 or not fps > 0:
        raise ValueError(f"a motion of {frames} frames at {fps} frames per second is empty; ask for at least 2 frames")


def _fields(strokes: list[Stroke], mask: np.ndarray) -> np.ndarray:
    """Unit displacement fields of the strokes [S, H, W, 2], faded to 0 away from the mask [H, W].

    They stay whole for as far as the mask can travel: the inverse warp reads the field outside the mask too.
    """
    import cv2

    if not (mask > 0.5).any():
        raise ValueError("the mask of the moving part is empty; mark what should move")
    height, width = mask.shape
    travel = 4 + 2 * sum(stroke.amplitude for stroke in strokes)
    distance = cv2.distanceTransform((mask < 0.02).astype(np.uint8), cv2.DIST_L2, 5)
    fade = np.clip((distance - travel) / travel, 0, 1)
    envelope = (1 - fade**2 * (3 - 2 * fade)).astype(np.float32)
    return np.stack([stroke.field(height, width) * envelope[..., None] for stroke in strokes])
