"""From a predicted motion to a layer of the picture: its mask made sharp, and what a person marked taken as said.

A prediction is coarse and may be wrong. Its mask is cut out along the picture's own edges; lines that are drawn from
where a part is held to where it is free make the motion around them that of a beam held there, as large and with the
rhythm that was predicted; a mask that was painted says what moves and what does not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...picture import Kind, Layer, Line
from ...spectral_volume import SpectralVolume
from .. import matting
from ..automatic import automatic_mask
from ..layers import marks
from ..pixel_motion import Grid
from ..plant import plant_strokes, stroke_fields
from .guidance import Guidance
from .prediction import SIZE, Prediction, predict
from .prior import AMPLITUDES, WIDTH

LOOKED_AT = 384
"""Longer side of the picture on which the mask is cut out, pixels."""
MOVES, BARELY = 0.15, 0.03
"""Of the largest predicted motion: what moves more belongs to what moves; the second where a mask says what does."""
REACH = 5
"""Pixels of that picture around what likely moves that may belong to it, too."""
AGREES = 0.5
"""Share of what likely moves that the cut must leave; and no more than 1 over it."""
STILL = 0.1
"""Pixels on a picture of 256: less than this, everywhere, is no motion."""
ALONG = 0.04
"""Of the picture's longer side: what lies so near to a drawn line counts as the subject."""
BESIDE = 0.12
"""Of a line's length: how far to its sides it is believed (standard deviation)."""
LEAST = 0.5
"""Of the usual motion of plants: a drawn part's tip moves at least so far, whatever was predicted there."""
UNSEEN = (0.5, 0.75)
"""Share of a subject that is taken for still: up to the first the predictor is believed, from the second not at all."""
WAVE = 2.0
"""Of a subject's longer side: how long the waves are in which it moves as one."""
TOO_LITTLE = 0.002
"""Of the picture: a mask below this holds nothing."""


def guessed(
    image: np.ndarray, guidance: Guidance, subject: bool = True, weights: Path | None = None, size: int = SIZE
) -> Prediction:
    """The fast predictor's answer for a picture [H, W, 3 or 4].

    subject: where no mask is given, only about what is in focus, if that can be found and has something that moves, as
    has the picture as a whole; what strokes run along belongs to it. weights, size: of `predict`.
    """
    alone = predict(image, guidance, weights, size)
    if subject and guidance.mask is None and likely(alone.sample()).any():
        mask = _subject(image, guidance.strokes)
        if (mask > 0.5).any():
            found = predict(image, replace(guidance, mask=mask), weights, size)
            if likely(found.sample()).any():
                return _swayed(found, mask, _doubt(alone, mask))
    return alone


def _doubt(alone: Prediction, mask: np.ndarray) -> float:
    """Whether the predictor knows nothing of a subject [H, W], 0..1: it takes most of it for still if nobody marks it.

    Some of it may well be still, as the pot of a plant.
    """
    import cv2

    small = cv2.resize(mask, alone.mask.shape[::-1], interpolation=cv2.INTER_AREA)
    still = 1 - float((alone.mask * small).sum() / max(float(small.sum()), 1e-6))
    return float(np.clip((still - UNSEEN[0]) / (UNSEEN[1] - UNSEEN[0]), 0, 1))


def _swayed(found: Prediction, mask: np.ndarray, doubt: float) -> Prediction:
    """A prediction of a subject [H, W], and that it moves as one instead, which is as likely as `doubt`.

    What moves as one does so everywhere alike, in waves across the subject as in a cloth, as far as plants usually do:
    a network that did not see that something moves does not know how either.
    """
    import cv2

    rows, columns = found.mask.shape
    small = np.clip(cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA), 0, 1)
    inside = np.nonzero(small > 0.5)
    if not len(inside[0]):
        return found
    wide = WAVE * max(np.ptp(inside[1]), np.ptp(inside[0]), 1)
    wave = small * np.exp(-2j * np.pi * np.arange(columns) / wide)
    shapes = (wave[..., None] * np.eye(2)[:, None, None]).astype(np.complex64)
    usual = AMPLITUDES * found.size[1] / WIDTH
    deviations = np.concatenate(
        [np.sqrt(1 - doubt) * found.deviations, np.sqrt(doubt) * np.repeat(usual[:, None], 2, 1)], 1
    )
    return replace(
        found,
        shapes=np.concatenate([found.shapes, shapes]),
        deviations=deviations,
        mask=(1 - doubt) * found.mask + doubt * small,
        matte=(1 - doubt) * found.matte + doubt * mask,
    )


def _subject(image: np.ndarray, strokes: tuple[np.ndarray, ...]) -> np.ndarray:
    """What is in focus and what lies along strokes [H, W], 0..1; 0 where nothing stands out."""
    import cv2

    shape = image.shape[:2]
    zoom = max(1, round(LOOKED_AT / max(shape)))
    wide = image if zoom == 1 else cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    try:
        mask = np.clip(cv2.resize(automatic_mask(wide), shape[::-1], interpolation=cv2.INTER_AREA), 0, 1)
    except ValueError:
        mask = np.zeros(shape, np.float32)
    wide = 2 * max(round(ALONG * max(shape)), 1) + 1
    along = marks(tuple(Line(points) for points in strokes), shape).astype(np.float32)
    return np.maximum(mask, cv2.dilate(along, np.ones((wide, wide))))


def predicted_layer(
    image: np.ndarray,
    volume: SpectralVolume,
    *,
    moves: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    lines: tuple[Line, ...] = (),
    outside: tuple[Line, ...] = (),
    name: str = "",
) -> Layer:
    """A layer that moves as predicted where nothing else is said.

    image [H, W, 3 or 4]; volume: a motion of it at any resolution; moves [h, w], 0..1: how likely each pixel moves,
    where more is known than the volume's mask; mask [H, W], 0..1: what moves, if a person said so.
    Raises ValueError where nothing moves.
    """
    shape = image.shape[:2]
    if mask is None:
        mask = found_mask(image, likely(volume) if moves is None else moves, lines)
    if outside:
        mask = matting.without(image, mask, marks(lines, shape), marks(outside, shape))
    if (mask > 0.5).mean() < TOO_LITTLE:
        raise ValueError("nothing in the picture seems to move; draw a line along what should, from where it is held")
    if lines:
        volume = corrected(volume, lines, shape)
    return Layer(Kind.volume, mask, lines, name, volume=calibrated(restricted(volume, mask)))


def motion_map(volume: SpectralVolume) -> np.ndarray:
    """Root mean square displacement over time [h, w], pixels of the volume."""
    return np.sqrt((np.abs(volume.coefficients) ** 2).sum((0, 3)) / 2)


def likely(volume: SpectralVolume) -> np.ndarray:
    """How likely each of a volume's pixels moves [h, w], 0..1: as its mask says, where it has any motion to speak of.

    All 0 where the motion is too little to be seen anywhere.
    """
    motion = motion_map(volume)
    peak = float(np.quantile(motion, 0.995))
    if peak <= STILL * volume.width / WIDTH:
        return np.zeros(motion.shape, np.float32)
    least = BARELY if volume.mask.min() < 0.5 else MOVES
    return (volume.mask * (motion > least * peak)).astype(np.float32)


def found_mask(image: np.ndarray, moves: np.ndarray, lines: tuple[Line, ...] = ()) -> np.ndarray:
    """What moves [H, W], 0..1, along the picture's edges, from how likely it does [h, w], 0..1, of any size.

    GrabCut (Rother et al. 2004) that begins with what likely moves, then a matte. What lines run along belongs to it.
    Empty where nothing moves.
    """
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, LOOKED_AT / max(height, width))
    size = max(round(width * scale), 8), max(round(height * scale), 8)
    small = cv2.resize(image[..., :3], size, interpolation=cv2.INTER_AREA)
    eight_bit = small if small.dtype == np.uint8 else np.round(np.clip(small, 0, 1) * 255).astype(np.uint8)
    wide = cv2.resize(moves.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    cut = _cut(eight_bit, wide)
    here = tuple(replace(line, points=line.points * scale) for line in lines)
    missed = tuple(line for line in here if not (marks((line,), cut.shape) & cut).any())
    if missed:
        cut |= matting.cut_out(eight_bit, marks(missed, cut.shape))
    solid = cv2.resize(cut.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    return matting.refine(image, solid) if solid.any() else solid.astype(np.float32)


def _cut(picture: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """What moves [h, w], bool, at its colours' edges; as likely as `moves` [h, w] says where colours do not tell."""
    import cv2

    certain = moves > 0.5
    if not certain.any() or certain.all():
        return certain
    near = cv2.dilate((moves > 0.2).astype(np.uint8), np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)) > 0
    labels = np.where(certain, cv2.GC_PR_FGD, np.where(near, cv2.GC_PR_BGD, cv2.GC_BGD)).astype(np.uint8)
    cv2.setRNGSeed(0)  # its colour clusters start at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(picture[..., ::-1]), labels, None, *models, 3, cv2.GC_INIT_WITH_MASK)
    cut = labels == cv2.GC_PR_FGD
    return cut if AGREES < cut.sum() / certain.sum() < 1 / AGREES else certain


def restricted(volume: SpectralVolume, mask: np.ndarray) -> SpectralVolume:
    """The volume with a picture's mask [H, W] as its own: what lies outside is no longer its motion."""
    import cv2

    small = cv2.resize(mask.astype(np.float32), (volume.width, volume.height), interpolation=cv2.INTER_AREA)
    return replace(volume, mask=small)


def calibrated(volume: SpectralVolume) -> SpectralVolume:
    """The volume with the motion, over what its mask holds, that plants in films have on average.

    How windy it is, and how large what is seen, is in no picture.
    """
    inside = volume.mask > 0.5
    moved = np.abs(volume.coefficients[:, inside]) ** 2
    power = float(moved.sum()) / max(int(inside.sum()), 1) / 2
    usual = _size(AMPLITUDES) * volume.width / WIDTH
    if power <= 0:
        return volume
    return replace(volume, coefficients=(volume.coefficients * (usual / np.sqrt(power))).astype(np.complex64))


def corrected(volume: SpectralVolume, lines: tuple[Line, ...], shape: tuple[int, int]) -> SpectralVolume:
    """The motion with that of beams along drawn lines around them.

    lines: pixels of the picture of `shape` (height, width), from where each part is held. Each line's course is the
    one that explains the predicted motion beside it best (least squares, bin by bin); one that is too small for a
    plant is enlarged, and where nothing at all was predicted it is the whole picture's.
    """
    strokes, parents = plant_strokes(Layer(Kind.plant, None, lines))
    grid = Grid(0, 0, shape[1], shape[0], volume.height, volume.width)
    scale = np.array([volume.width / shape[1], volume.height / shape[0]], np.float32)
    fields = stroke_fields(strokes, parents, grid) * scale
    x, y = grid.places()
    near = np.stack([_nearness(stroke.points, x, y) for stroke in strokes])
    believed = 1 - np.prod(1 - near, 0)  # [h, w]

    # Where nothing was predicted nothing is known: it must not pull the lines' courses to zero.
    power = (np.abs(volume.coefficients) ** 2).sum((0, 3))
    told = power > (MOVES**2 * power.max() if power.max() > 0 else np.inf)
    flat = (fields * (near.max(0) * told)[..., None]).reshape(len(strokes), -1)
    gram = flat @ fields.reshape(len(strokes), -1).T
    gram += 1e-3 * max(np.trace(gram) / len(gram), 1e-6) * np.eye(len(gram))
    courses = np.linalg.solve(gram, flat @ volume.coefficients.reshape(len(volume.coefficients), -1).T)  # [S, K]
    whole = _main_course(volume)
    # Pixels of the picture, as the courses are: what plants usually do, or what the picture's others do.
    usual = LEAST * max(_size(AMPLITUDES) * shape[1] / WIDTH, float(np.sqrt(power.max())) / scale[0])
    for stroke, course in zip(strokes, courses, strict=True):
        least = usual * stroke.amplitude
        if _size(course) < 0.1 * least:
            course[:] = whole * least / _size(whole)
        elif _size(course) < least:
            course *= least / _size(course)
    drawn = np.einsum("sk,shwc->khwc", courses.astype(np.complex64), fields)
    share = believed[..., None].astype(np.float32)
    return replace(volume, coefficients=((1 - share) * volume.coefficients + share * drawn).astype(np.complex64))


def _size(course: np.ndarray) -> float:
    """Root of a course's energy."""
    return float(np.sqrt((np.abs(course) ** 2).sum()))


def _main_course(volume: SpectralVolume) -> np.ndarray:
    """The course [K] of the main shape of a whole motion; one of a plant's usual spectrum where there is none."""
    flat = volume.coefficients.reshape(len(volume.coefficients), -1)
    values, vectors = np.linalg.eigh(flat @ flat.conj().T)
    if values[-1] <= 0:
        random = np.random.default_rng(0)
        size = np.interp(volume.frequencies, np.arange(1, len(AMPLITUDES) + 1) / 5, AMPLITUDES)
        return size * np.exp(2j * np.pi * random.random(len(size)))
    return vectors[:, -1]


def _nearness(points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How much a line [n, 2] is believed at places x, y [h, w], 0..1: beside it, less behind where it is held."""
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    least = np.full(x.shape, np.inf)
    for a, b in zip(points[:-1], points[1:], strict=True):
        step = b - a
        t = np.clip(((x - a[0]) * step[0] + (y - a[1]) * step[1]) / max(step @ step, 1e-12), 0, 1)
        np.minimum(least, np.hypot(x - a[0] - t * step[0], y - a[1] - t * step[1]), out=least)
    return np.exp(-0.5 * (least / (BESIDE * length)) ** 2)
