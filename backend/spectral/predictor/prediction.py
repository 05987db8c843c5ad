"""The fast predictor: how a picture would sway, guessed from the picture alone by a small network.

`predict` gives a distribution of spectral volumes, `Prediction.sample` one of them. It was trained on drawn plants of
known motion (`backend.spectral.training`); docs/predictor.md says how well it does and where it fails. The idea is that
of Generative Image Dynamics (Li et al. 2024); instead of a diffusion it predicts the modes that the wind excites, whose
phases no picture shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...spectral_volume import SpectralVolume
from .guidance import Guidance
from .prior import AMPLITUDES, DURATION, FREQUENCIES, WIDTH

SIZE = 88
"""Root of the area of the picture that the network sees, pixels; it was trained at 59 to 110."""
ZOOMS = (1.0, 1.25, 1.5)
"""The network looks at the picture this much larger, as it is and mirrored. Each look is as likely as the others."""
STILL = 0.2
"""A pixel that belongs to what moves with less than this probability does not move."""
FADING = 0.8
"""Power of that probability by which modes fade where it is unsure that anything moves."""
EVEN = 0.8
"""Power of how far each place moves: the network exaggerates how much places differ."""
SMALLEST = 16
"""Pixels: the shortest side of a picture that can be predicted."""
MOST = 1.6
"""Factor by which a prediction is made stronger, or weaker, so that what moves does so as far as in films."""
SURE = (0.7, 0.85)
"""Mean probability to move of the place that most likely does: below the first there is nothing in the picture that
moves, above the second there is something."""
PLACE = 0.02
"""Of the picture: how large that place is."""
DOUBTED = 0.05
"""What is left of a motion where there is nothing that moves: too little to be seen, its form still that of a guess."""
GUIDED = 480
"""Longer side, pixels, at which the mask is fitted to the picture's edges."""


@dataclass(frozen=True)
class Prediction:
    """Spectral volumes that a picture may have: S_k = sum_m shapes_m deviations_km z_km with z ~ CN(0, 1).

    Its grid is coarser than the picture; lengths are in pixels of the picture.
    """

    shapes: np.ndarray
    """Mode shapes [M, h, w, 2], complex64: (x, y), x right, y down, where still exactly 0."""
    deviations: np.ndarray
    """[K, M]."""
    noise: np.ndarray
    """Deviation of what no mode explains, along one axis, at each pixel and frequency [K, h, w]: how sure it is."""
    mask: np.ndarray
    """Probability that something moves [h, w], float32."""
    matte: np.ndarray
    """The same at the picture's size, fitted to its edges [H, W], float32, 0..1."""

    @property
    def frequencies(self) -> np.ndarray:
        """[K], hertz: whole multiples of 1 / DURATION."""
        return FREQUENCIES

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture: height, width, pixels."""
        return self.matte.shape

    def amplitude(self) -> np.ndarray:
        """Root mean square over frequencies, axes and winds of |S_k|, summed over frequencies [h, w], pixels."""
        power = (self.deviations**2).sum(0)
        return np.sqrt(np.einsum("m,mhwc->hw", power, np.abs(self.shapes) ** 2) / 2).astype(np.float32)

    def sample(self, seed: int = 0, strength: float = 1.0) -> SpectralVolume:
        """One wind's motion, which repeats after DURATION seconds; the same seed gives the same.

        Each frequency has the energy that the prediction says, so that seeds differ in phase and form, not in force.
        """
        rng = np.random.default_rng(seed)
        shape = self.deviations.shape
        drawn = self.deviations * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
        flat = self.shapes.reshape(len(self.shapes), -1)
        gram = (flat.conj() @ flat.T).real.astype(float) if flat.size else np.zeros((shape[1],) * 2)
        cross = flat.conj() @ flat.T
        expected = (self.deviations**2) @ np.diag(gram)
        energy = np.einsum("km,mn,kn->k", drawn.conj(), cross, drawn).real
        drawn *= strength * np.sqrt(expected / np.maximum(energy, 1e-20))[:, None]
        height, width = self.mask.shape
        grid = np.array([width / self.size[1], height / self.size[0]], np.float32)
        coefficients = np.einsum("km,mhwc->khwc", drawn.astype(np.complex64), self.shapes, optimize=True) * grid
        mask = np.where(self.mask >= STILL, self.mask, 0).astype(np.float32)
        return SpectralVolume(coefficients, self.frequencies, DURATION, mask, f"predictor, seed {seed}")


def predict(
    image: np.ndarray, guidance: Guidance | None = None, weights: Path | None = None, size: int = SIZE
) -> Prediction:
    """How the picture would sway. Deterministic.

    image: [H, W, 3 or 4], RGB or RGBA, display-referred, uint8 or 0..1. weights: a file of the training; those that
    come with Sway by default. size: root of the area that the network sees, pixels; larger finds thinner things.
    Raises ValueError for a picture that is too small or no picture, FileNotFoundError where there are no weights.
    """
    import cv2

    if image.ndim != 3 or image.shape[2] not in (3, 4) or min(image.shape[:2]) < SMALLEST:
        raise ValueError(
            f"the picture is {image.shape}; the predictor needs RGB of at least {SMALLEST} pixels on each side"
        )
    network = _network(weights)
    height, width = image.shape[:2]
    looks = [_look(network, image, guidance or Guidance(), size * zoom) for zoom in ZOOMS]
    grid = looks[0].logit.shape[1:]
    probability = np.mean([_resized(look.logit, grid) for look in looks], (0, 1))
    probability = 1 / (1 + np.exp(-probability))
    noise = np.mean([_resized(look.noise, grid) for look in looks], (0, 1))
    modes = np.concatenate([_resized(look.shapes, grid) for look in looks])
    unit = AMPLITUDES * width / WIDTH
    # A mixture's covariance is the mean of its parts' covariances.
    spread = np.concatenate([look.deviations for look in looks], 1) * unit[:, None] / np.sqrt(2 * len(looks))
    if guidance and guidance.mask is not None:
        probability = probability * cv2.resize(
            np.asarray(guidance.mask, np.float32), probability.shape[::-1], interpolation=cv2.INTER_AREA
        )
    # Looks that disagree leave something between them.
    modes = np.where((probability >= STILL)[..., None], modes * probability[..., None] ** FADING, 0)
    modes = np.ascontiguousarray(modes, np.complex64)
    power = np.tensordot((spread**2).sum(0), np.square(modes.view(np.float32)).sum(3), 1) / 2
    even = np.where(power > 0, np.maximum(power, 1e-12) ** ((EVEN - 1) / 2), 0)
    modes, power = modes * even[..., None], power * even**2
    moving = probability > 0.5
    if moving.any():
        # Where the network is unsure of the form it also predicts too little.
        modes = modes * np.clip(np.sqrt((unit**2).sum() / max(power[moving].mean(), 1e-12)), 1 / MOST, MOST)
    if guidance is None or (guidance.mask is None and not guidance.strokes):
        modes = modes * _sureness(probability)
    return Prediction(
        modes.astype(np.complex64),
        spread,
        np.sqrt(noise)[None] * unit[:, None, None],
        probability.astype(np.float32),
        _fitted(probability, image),
    )


def _sureness(probability: np.ndarray) -> float:
    """Whether anything moves at all in a picture of which nobody said so, DOUBTED..1, from the mask [h, w]."""
    count = max(round(PLACE * probability.size), 1)
    likely = float(np.partition(probability.ravel(), -count)[-count:].mean())
    return float(np.clip((likely - SURE[0]) / (SURE[1] - SURE[0]), DOUBTED, 1))


@dataclass(frozen=True)
class _Look:
    """What the network says of a picture and of its mirror image, both as of the picture; over the prior's units."""

    shapes: np.ndarray
    """[2 M, h, w, 2] complex64."""
    deviations: np.ndarray
    """[K, 2 M]."""
    noise: np.ndarray
    """Variance [2, h, w]."""
    logit: np.ndarray
    """[2, h, w]."""


def _look(network, image: np.ndarray, guidance: Guidance, size: float) -> _Look:
    import cv2
    import torch

    small = _network_size(*image.shape[:2], size)
    pixels = cv2.resize(np.ascontiguousarray(image[..., :3]), small[::-1], interpolation=cv2.INTER_AREA)
    pixels = pixels.astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    straight = np.concatenate([pixels.transpose(2, 0, 1), guidance.channels(small, image.shape[:2])])
    mirrored = straight[..., ::-1] * MIRROR
    with torch.inference_mode():
        found = network(torch.from_numpy(np.stack([straight, mirrored]).astype(np.float32)))
    shapes, deviations, noise, logit = (value.numpy() for value in found)
    for value in (shapes, noise, logit):
        value[1] = value[1, :, ::-1].copy()
    shapes[1, ..., 0, :, :] *= -1
    modes = np.ascontiguousarray(shapes).view(np.complex64)[..., 0].transpose(0, 4, 1, 2, 3)
    spread = np.exp(deviations).transpose(1, 0, 2).reshape(deviations.shape[1], -1)
    return _Look(modes.reshape(-1, *modes.shape[2:]), spread, noise, logit)


MIRROR = np.array([1, 1, 1, 1, -1, 1, -1, 1], np.float32)[:, None, None]
"""What becomes of the network's channels in a mirror: strokes and wind turn around."""


def _resized(values: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """[n, h, w] or complex [n, h, w, 2] on a grid of another size."""
    import cv2

    if values.shape[1:3] == grid:
        return values
    if values.ndim == 3:
        return np.stack([cv2.resize(v, grid[::-1], interpolation=cv2.INTER_AREA) for v in values])
    parts = np.ascontiguousarray(values).view(np.float32)
    return np.stack([cv2.resize(v, grid[::-1], interpolation=cv2.INTER_AREA) for v in parts]).view(np.complex64)


def _network_size(height: int, width: int, size: float) -> tuple[int, int]:
    """Height and width that the network sees: the picture's form, sides that it can halve often."""
    zoom = size / np.sqrt(height * width)
    return max(round(height * zoom / 8), 2) * 8, max(round(width * zoom / 8), 2) * 8


@lru_cache(maxsize=2)
def _network(weights: Path | None):
    import torch

    from .network import PredictorNetwork
    from .weights import SHIPPED, load_weights

    tensors, card = load_weights(weights or SHIPPED)
    network = PredictorNetwork(
        tuple(card["widths"]), card["modes"], *map(tuple, card["blocks"]), tuple(card["attends"])
    )
    network.load_state_dict(tensors)
    return network.to(memory_format=torch.channels_last).eval()


def _fitted(mask: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A coarse mask [h, w] brought to the picture's size and edges (He and Sun 2015, fast guided filter), 0..1."""
    import cv2

    height, width = image.shape[:2]
    zoom = min(GUIDED / max(height, width), 1)
    size = (max(round(width * zoom), 1), max(round(height * zoom), 1))
    guide = np.ascontiguousarray(image[..., :3])
    grey = cv2.cvtColor(guide, cv2.COLOR_RGB2GRAY).astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    wide = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    reach = (2 * max(round(0.7 * size[0] / mask.shape[1]), 1) + 1,) * 2
    mean, middle = cv2.blur(small, reach), cv2.blur(wide, reach)
    variance = cv2.blur(small * small, reach) - mean * mean
    slope = (cv2.blur(small * wide, reach) - mean * middle) / (variance + 1e-3)
    offset = cv2.blur(middle - slope * mean, reach)
    slope = cv2.blur(slope, reach)
    slope, offset = (cv2.resize(v, (width, height), interpolation=cv2.INTER_LINEAR) for v in (slope, offset))
    return np.clip(slope * grey + offset, 0, 1)
