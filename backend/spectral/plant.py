"""Plants in the wind: several drawn lines of one layer, each a damped cantilever, sway together.

Chuang et al. 2005, section 4.1, with three additions: lines that start on another one are its branches and ride on it;
gusts travel, so that what the wind meets later answers later; leaves shiver on their own.
"""

from __future__ import annotations

import numpy as np

from ..picture import Layer, Line, Wind
from .basis import Combined, Fourier
from .motion_texture import Stroke
from .oscillator import loop_response, wind_coefficients
from .pixel_motion import Grid, PixelMotion

GUST_METRES = 4.0
"""Width of what a photograph of a plant shows, for the speed at which gusts cross it."""
FASTEST = 3.0
"""Natural frequency of the shortest part over the longest one's, at most."""
SLENDER = 0.7
"""Natural frequency goes with length to the power of minus this; 1 would be parts as slender as their parent."""
BRANCH_SHARE = 0.45
"""Sway of a branch relative to what it hangs on, over the stem's, for equal lengths."""
BRANCH_REACH = 0.35
"""Of a branch's length: how far to its sides it takes the picture along."""
JOINED = 0.12
"""A line that begins within this much of another one's length from it is its branch."""
OWN_WIND = 0.5
"""Share of each part's wind that no other part feels (standard deviation)."""
PATTERNS = 5
"""Independent patterns of shivering leaves."""
LEAF = 0.035
"""Size of what shivers as one, of the picture's height."""
LATTICE = 64
"""Leaves, after which a pattern repeats."""
SHIVER = 3.5
"""Frequency of shivering over the layer's natural one."""
SHIVER_SHARE = 0.3
"""Its size at flutter 1 over the layer's amplitude."""


def plant_motion(
    layer: Layer, grid: Grid, shape: tuple[int, int], wind: Wind, duration: float, fps: float
) -> PixelMotion:
    """Sway of a plant layer that repeats after `duration` seconds; its size is the caller's to set.

    shape: (height, width) of the picture, pixels. The shapes are real: one a line, then the patterns of leaves.
    """
    strokes, parents = plant_strokes(layer)
    fields = stroke_fields(strokes, parents, grid)
    random = np.random.default_rng(wind.seed)
    frequencies = loop_frequencies(max(s.frequency for s in strokes), duration, fps)
    weights = [_course(stroke, frequencies, shape, wind, random) for stroke in strokes]
    for i, (stroke, course) in enumerate(zip(strokes, weights, strict=True)):
        weights[i] = course * stroke.amplitude / _crest(course, frequencies, duration)
    if layer.flutter:
        free = np.linalg.norm(fields[[p is None for p in parents]], axis=-1).max(0)
        patterns = _leaves(grid, shape, random) * np.clip(free, 0, 1)[..., None]
        fast = loop_frequencies(SHIVER * layer.frequency, duration, fps)
        courses = np.zeros((PATTERNS, max(len(fast), len(frequencies))), complex)
        for row in courses:
            course = loop_response(
                wind_coefficients(fast, wind.speed, random),
                fast,
                SHIVER * layer.frequency * random.uniform(0.8, 1.25),
                0.2,
            )
            row[: len(fast)] = course / _crest(course, fast, duration) * SHIVER_SHARE * layer.flutter
        weights = [np.pad(w, (0, courses.shape[1] - len(w))) for w in weights] + list(courses)
        fields = np.concatenate([fields, patterns])
        frequencies = np.arange(1, courses.shape[1] + 1) / duration
    return PixelMotion(fields, Combined(np.array(weights), Fourier(frequencies, duration)), grid)


def plant_strokes(layer: Layer) -> tuple[list[Stroke], list[int | None]]:
    """The layer's lines as strokes with amplitudes relative to the longest one's, and each one's parent."""
    if not layer.lines:
        raise ValueError(f"{layer.title} has no stroke; draw one from where it is held to where it is free")
    order = sorted(range(len(layer.lines)), key=lambda i: -layer.lines[i].length)
    longest = layer.lines[order[0]].length
    strokes: list[Stroke] = []
    parents: list[int | None] = []
    for i in order:
        line = layer.lines[i]
        parent = _parent(line, strokes)
        share = line.length / longest
        frequency = line.frequency or layer.frequency * min(share**-SLENDER, FASTEST)
        amplitude = share**0.5 if parent is None else BRANCH_SHARE * share
        reach = None if parent is None else BRANCH_REACH * line.length
        strokes.append(Stroke(np.asarray(line.points, float), frequency, amplitude, layer.damping, reach))
        parents.append(parent)
    return strokes, parents


def stroke_fields(strokes: list[Stroke], parents: list[int | None], grid: Grid) -> np.ndarray:
    """Displacement per unit of each tip's [S, h, w, 2]: stems share the picture by nearness, branches ride on them."""
    x, y = grid.places()
    fields = np.stack([s.field_at(x, y) for s in strokes])
    stems = [i for i, parent in enumerate(parents) if parent is None]
    near = np.stack([1 / (_distance(strokes[i].points, x, y) + 0.05 * _length(strokes[i])) ** 3 for i in stems])
    fields[stems] *= (near / near.sum(0))[..., None].astype(np.float32)
    branches = [i for i, parent in enumerate(parents) if parent is not None]
    if branches:
        # Where branches overlap they share, so that a dense crown does not move further than its branches do.
        reach = np.stack(
            [np.exp(-0.5 * (_distance(strokes[i].points, x, y) / strokes[i].reach) ** 2) for i in branches]
        )
        fields[branches] *= (reach / np.maximum(reach.sum(0), 1))[..., None].astype(np.float32)
    return fields


def loop_frequencies(natural: float, duration: float, fps: float) -> np.ndarray:
    """The bins k / duration that carry a sway [K], hertz: up to four times the natural frequency, as frames allow."""
    return np.arange(1, max(int(min(4 * natural, fps / 2) * duration), 1) + 1) / duration


def _course(
    stroke: Stroke, frequencies: np.ndarray, shape: tuple[int, int], wind: Wind, random: np.random.Generator
) -> np.ndarray:
    """A stroke's answer D(f) [K] to the wind that meets it: eq. 2, the gust's delay, the part's own turbulence."""
    # The common wind comes from its own seed: every stroke must draw the same one.
    common = wind_coefficients(frequencies, wind.speed, np.random.default_rng(wind.seed + 1))
    middle = stroke.points.mean(0)
    delay = middle @ wind.heading / shape[1] * GUST_METRES / wind.speed
    met = common * np.exp(-2j * np.pi * frequencies * delay)
    met += OWN_WIND * wind_coefficients(frequencies, wind.speed, random)
    chord = stroke.points[-1] - stroke.points[0]
    across = np.array([-chord[1], chord[0]]) @ wind.heading
    sign = -1.0 if across < 0 else 1.0
    return sign * loop_response(met, frequencies, stroke.frequency, stroke.damping)


def _crest(course: np.ndarray, frequencies: np.ndarray, duration: float) -> float:
    """The largest value that a course D(f) [K] reaches in a loop."""
    times = np.linspace(0, duration, 8 * len(frequencies) + 16, endpoint=False)
    return float(np.abs((course @ np.exp(2j * np.pi * np.outer(frequencies, times))).real).max())


def _leaves(grid: Grid, shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Smooth random displacement patterns [PATTERNS, h, w, 2] of about unit size."""
    import cv2

    # A lattice that repeats, the same at every size of the picture, so that previews shiver alike.
    noise = random.normal(size=(PATTERNS, LATTICE, LATTICE, 2)).astype(np.float32)
    noise = np.pad(noise, ((0, 0), (2, 2), (2, 2), (0, 0)), "wrap")
    x, y = (np.asarray(place / (LEAF * shape[0]) % LATTICE + 2, np.float32) for place in grid.places())
    return np.stack([cv2.remap(n, x, y, cv2.INTER_CUBIC) for n in noise])


def _parent(line: Line, strokes: list[Stroke]) -> int | None:
    """The index of the nearest longer stroke that a line starts on, away from that one's own root."""
    found, nearest = None, np.inf
    root = line.points[:1]
    for i, stroke in enumerate(strokes):
        length = _length(stroke)
        distance = float(_distance(stroke.points, root[:, :1], root[:, 1:])[0, 0])
        from_root = np.linalg.norm(root[0] - stroke.points[0])
        if distance < JOINED * length and from_root > JOINED * length and distance < nearest:
            found, nearest = i, distance
    return found


def _length(stroke: Stroke) -> float:
    return float(np.linalg.norm(np.diff(stroke.points, axis=0), axis=1).sum())


def _distance(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """From places x, y [h, w] to a polyline [n, 2]: [h, w], pixels."""
    least = np.full(np.broadcast(x, y).shape, np.inf)
    for a, b in zip(points[:-1], points[1:], strict=True):
        d = b - a
        length = max(d @ d, 1e-12)
        t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / length, 0, 1)
        np.minimum(least, np.hypot(x - a[0] - t * d[0], y - a[1] - t * d[1]), out=least)
    return least
