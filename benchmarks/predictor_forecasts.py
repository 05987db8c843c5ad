"""What is said about a picture's motion: by the predictor, the diffusion, and by those that any predictor must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from backend.picture import Layer, Wind
from backend.spectral.automatic import automatic_picture
from backend.spectral.diffusion.scores import Forecast
from backend.spectral.pixel_motion import Grid
from backend.spectral.plant import plant_motion
from backend.spectral.predictor.guidance import Guidance
from backend.spectral.predictor.layer import found_mask, guessed
from backend.spectral.predictor.prediction import SIZE, Prediction, predict
from backend.spectral.predictor.prior import AMPLITUDES, DURATION, WIDTH
from backend.spectral.training.generator import generate

Guess = Callable[[np.ndarray], Forecast]
"""From a picture [H, W, 3] uint8 to a forecast at the size of its grid of half the pixels."""
NEIGHBOURS = 300
"""Training pictures among which the nearest one is looked for."""
THUMBNAIL = 24, 16
FEW = 12
"""Modes, which every guess could have: many modes explain much by their number."""
DRAWN = 4
"""Samples of the diffusion that make a forecast."""


def predicted(image: np.ndarray, weights: Path | None = None, mask: np.ndarray | None = None) -> Forecast:
    """The fast predictor's distribution; with a mask [H, W], as a person gives it who says what moves."""
    return _forecast(predict(image, Guidance(mask), weights, _native(image)), image)


def in_short(image: np.ndarray, weights: Path | None = None) -> Forecast:
    """The predictor, of whose modes only as many main ones are left as one look at a picture used to give."""
    found = predict(image, Guidance(), weights, _native(image))
    size = np.sqrt((found.deviations**2).sum(0)).astype(np.float32)
    flat = (found.shapes * size[:, None, None, None]).reshape(len(size), -1)
    _values, vectors = np.linalg.eigh(flat @ flat.conj().T)
    shapes = (vectors[:, -FEW:].conj().T @ flat).reshape(-1, *found.shapes.shape[1:])
    return _forecast(replace(found, shapes=shapes, deviations=np.ones((len(AMPLITUDES), len(shapes)))), image)


def one_click(image: np.ndarray, weights: Path | None = None) -> Forecast:
    """The predictor about the subject in focus, as Animate Picture asks it."""
    return _forecast(guessed(image, Guidance(), weights=weights, size=_native(image)), image)


def _native(image: np.ndarray) -> int:
    """What the network sees: not more than there is."""
    return min(SIZE, round(np.sqrt(image.shape[0] * image.shape[1])))


def _forecast(found: Prediction, image: np.ndarray) -> Forecast:
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    shapes = np.stack([_resized(shape, columns, rows) for shape in found.shapes])
    power = np.einsum("km,mhwc->khw", found.deviations**2, np.abs(shapes) ** 2)
    return Forecast(shapes, np.sqrt(power.sum(0) / 2), np.sqrt(power.mean((1, 2)) / 2))


def diffused(path: Path) -> Guess:
    """The latent diffusion with trained weights."""
    from backend.spectral.diffusion.model import LatentDiffusion
    from backend.spectral.diffusion.sampling import sample

    model = LatentDiffusion.load(path)

    def guess(image: np.ndarray) -> Forecast:
        rows, columns = image.shape[0] // 2, image.shape[1] // 2
        volumes = [sample(model, image, seed=seed).coefficients for seed in range(DRAWN)]
        scale = image.shape[1] / volumes[0].shape[2]
        return Forecast.of_samples([scale * np.stack([_resized(s, columns, rows) for s in v]) for v in volumes])

    return guess


def nothing(image: np.ndarray) -> Forecast:
    shape = image.shape[0] // 2, image.shape[1] // 2
    return Forecast(np.zeros((0, *shape, 2)), np.zeros(shape), np.zeros(len(AMPLITUDES)))


def shifted(mask: np.ndarray, width: int) -> Forecast:
    """A mask [h, w] shifted as a whole, as far as plants usually move; `width` of the picture, pixels."""
    mask = mask.astype(np.float32)
    shapes = mask[..., None] * np.eye(2, dtype=np.float32)[:, None, None]
    usual = AMPLITUDES * width / WIDTH
    return Forecast(shapes, mask * np.sqrt((usual**2).sum()), usual * np.sqrt(mask.mean()))


def shifted_subject(image: np.ndarray) -> Forecast:
    """What is in focus, cut out without a mark, shifted as a whole."""
    mask = _automatic(image.tobytes(), image.shape)
    if mask is None:
        return nothing(image)
    return shifted(_resized(mask[0], image.shape[1] // 2, image.shape[0] // 2), image.shape[1])


def automatic_stroke(image: np.ndarray) -> Forecast:
    """What is in focus sways along lines found without a mark (Chuang et al. 2005)."""
    found = _automatic(image.tobytes(), image.shape)
    if found is None:
        return nothing(image)
    mask, layer = found
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    grid = Grid(0, 0, mask.shape[1], mask.shape[0], rows, columns)
    motion = plant_motion(layer, grid, mask.shape, Wind(), DURATION, 30.0)
    shapes = motion.shapes * grid.reduced(mask)[..., None]
    courses = motion.basis.weights[:, : len(AMPLITUDES)]
    volume = np.einsum("mk,mhwc->khwc", courses, shapes)
    usual = np.sqrt((AMPLITUDES**2).sum()) * image.shape[1] / WIDTH
    power = np.abs(volume) ** 2
    size = np.sqrt(power.sum((0, 3)) / 2)
    factor = usual / max(float(size[grid.reduced(mask) > 0.5].mean()), 1e-9)
    return Forecast(shapes, factor * size, factor * np.sqrt(power.mean((1, 2, 3))))


def nearest_neighbour(image: np.ndarray) -> Forecast:
    """The motion of the training picture that looks most alike."""
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    thumbnails, numbers = _training()
    number = numbers[int(((thumbnails - _thumbnail(image)) ** 2).sum(1).argmin())]
    made = generate(int(number)).spectrum(2)
    return Forecast.of_samples([image.shape[1] / 96 * np.stack([_resized(s, columns, rows) for s in made])])


def on_mask(forecast: Forecast, image: np.ndarray) -> np.ndarray:
    """The forecast's motion [H, W] within the mask that is cut out of the picture for it, as a layer of it moves."""
    moves = (forecast.motion > 0.1 * forecast.motion.max()) & (forecast.motion > 0)
    wide = _resized(forecast.motion, image.shape[1], image.shape[0])
    return wide * found_mask(image, moves)


BASELINES: dict[str, Guess] = {
    "zero motion": nothing,
    "shifted subject": shifted_subject,
    "automatic stroke": automatic_stroke,
    "nearest neighbour": nearest_neighbour,
}


@cache
def _automatic(data: bytes, shape: tuple[int, ...]) -> tuple[np.ndarray, Layer] | None:
    """Mask [4 H, 4 W] and layer that the one-click search finds in a picture; small ones are enlarged for it."""
    import cv2

    image = np.frombuffer(data, np.uint8).reshape(shape)
    zoom = max(1, round(384 / max(shape)))
    wide = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    try:
        (layer,) = automatic_picture(wide).layers
    except ValueError:
        return None
    return np.asarray(layer.area, np.float32), layer


@cache
def _training() -> tuple[np.ndarray, np.ndarray]:
    made = [generate(n) for n in range(NEIGHBOURS)]
    moving = [n for n, sample in enumerate(made) if (sample.owners > 0).any()]
    return np.stack([_thumbnail(made[n].image) for n in moving]), np.array(moving)


def _thumbnail(image: np.ndarray) -> np.ndarray:
    import cv2

    small = cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = small - small.mean((0, 1))
    return (small / max(float(small.std()), 1e-6)).ravel()


def _resized(values: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """An array [h, w] or [h, w, 2], real or complex, at another size."""
    import cv2

    size = (columns, rows)
    if np.iscomplexobj(values):
        return _resized(values.real.copy(), *size) + 1j * _resized(values.imag.copy(), *size)
    shrinks = values.shape[0] > rows
    return cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
