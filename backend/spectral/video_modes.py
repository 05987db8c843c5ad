"""The modes in which something in a film vibrates, as pictures that can be animated.

Davis et al. 2015 (Image-Space Modal Bases for Plausible Manipulation of Objects in Video): where modes are well apart
and the forcing is broad, the temporal Fourier transform of the picture's motion at a mode's frequency is the projection
of its shape, up to one complex factor. Needs a still camera and small motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..spectral_volume import SpectralVolume
from ..video.phase import phase_from_rest
from ..video.tracks import TEXTURE, background_similarity, camera_motion, flow_from_rest
from .power_spectrum import PowerSpectrum, amplitude_at, power_spectrum

LEAST_FRAMES = 16
CAMERA_LIMIT = 0.01
"""Of the picture's width: a camera that moves farther is refused."""
SMOOTHING = 2.0
"""Standard deviation of the smoothing of mode shapes, pixels; textured pixels count more."""
SIGNIFICANT = 3.0
"""A pixel belongs to what moves where its motion is so many times the clip's noise."""
SHARE = 0.12
"""...and this share of the strongest motion."""
LEAK = 8
"""Pixels by which flow carries the motion of a thing over its edge, at most."""
LEAST_CUT = 0.15
"""Of what moves: less is no object."""
LEAST_THING = 0.02
"""Of all that moves: smaller islands are noise."""
BESIDE = 2.5
"""Bins from a mode where the noise is read."""


@dataclass(frozen=True)
class Measurement:
    """A film's motion from its rest picture."""

    picture: np.ndarray
    """The rest frame [H, W, 3], uint8, display-referred."""
    motion: np.ndarray
    """Displacement of the rest picture's pixels [T, H, W, 2], float32."""
    weight: np.ndarray
    """How far motion can be trusted [H, W], 0..1: little where there is no texture to hold on to."""
    fps: float
    rest: int = 0
    """Which frame of the film the picture is."""

    def spectrum(self, mask: np.ndarray | None = None) -> PowerSpectrum:
        """Global spectra, of what the mask [H, W] covers where there is one."""
        return power_spectrum(self.motion, self.fps, self.weight if mask is None else self.weight * mask)


def measure(
    film: np.ndarray,
    fps: float,
    *,
    by_phase: bool = False,
    mask: np.ndarray | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Measurement:
    """Displacement from the rest frame, less what a slightly shaking camera adds.

    film [T, H, W, 3] uint8; mask [H, W], 0..1: what moves, if known. Raises ValueError for a film that is too short or
    too small, and for a camera that moves.
    """
    import cv2

    count, height, width = film.shape[:3]
    if count < LEAST_FRAMES:
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        raise ValueError(
            f"The clip holds {pictures}; modes need at least {LEAST_FRAMES}, better five seconds: choose a longer "
            "video."
        )
    if min(height, width) < 32:
        raise ValueError(f"The clip is {width} x {height} pixels; motion can be measured from 32 x 32 up.")
    rest = rest_frame(film)
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in film])
    picture = film[rest].astype(np.float32) / 255
    motion = np.empty((count, height, width, 2), np.float32)
    for done, (t, displacement) in enumerate((phase_from_rest if by_phase else flow_from_rest)(grey, rest)):
        motion[t] = displacement
        progress(done / count)
    if mask is None:
        # Without a word about what moves: the half of the picture that moves least.
        wander = motion.std(0).sum(-1)
        still = wander <= np.median(wander)
    else:
        still = mask < 0.02
    _hold_camera(motion, still, picture)
    texture = cv2.cornerMinEigenVal(grey[rest].astype(np.float32) / 255, 5)
    return Measurement(film[rest], motion, texture / (texture + TEXTURE), fps, rest)


def rest_frame(film: np.ndarray) -> int:
    """The frame of a film [T, H, W, 3] that is nearest to the median picture: where the subject passes its rest."""
    small = film[:, ::2, ::2].astype(np.float32).mean(-1)
    return int(np.abs(small - np.median(small, axis=0)).mean((1, 2)).argmin())


def _hold_camera(motion: np.ndarray, still: np.ndarray, picture: np.ndarray) -> None:
    """Take a shaking camera's share out of the motion, in place. Raises ValueError when the camera moves."""
    height, width = still.shape
    moved = camera_motion(motion, still, picture)
    if moved.max() > CAMERA_LIMIT * width:
        raise ValueError(
            f"The camera moves by {moved.max():.1f} pixels ({moved.max() / width:.1%} of the width); "
            "modes need a still camera: use a tripod, stabilise the video first, or mark what moves with a mask."
        )
    if moved.max() < 0.1:
        return
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    place = np.stack([x, y, np.ones_like(x)], -1)
    for field, matrix in zip(motion, background_similarity(motion, still, picture), strict=True):
        field -= place @ matrix.T.astype(np.float32) - place[..., :2]


def mode_volume(
    measured: Measurement,
    frequencies: np.ndarray,
    mask: np.ndarray | None = None,
    source: str = "modes of a video",
) -> SpectralVolume:
    """The chosen modes [M] (Hz, any order) as complex pictures, zero outside the mask.

    mask [H, W], 0..1: what moves; found from the motion itself where not given. Raises ValueError without a frequency
    and when nothing moves at them.
    """
    frequencies = np.unique(np.asarray(frequencies, float))
    if not len(frequencies):
        raise ValueError("No mode was found or chosen; give a frequency, or use a clip in which something sways.")
    highest = measured.fps / 2
    if frequencies[0] <= 0 or frequencies[-1] >= highest:
        raise ValueError(
            f"A mode at {frequencies[0] if frequencies[0] <= 0 else frequencies[-1]:g} Hz cannot be seen at "
            f"{measured.fps:g} frames per second; choose frequencies above 0 and below {highest:g} Hz."
        )
    shapes = np.stack([mode_shape(measured, f) for f in frequencies])
    if mask is None:
        mask = cut_out(measured.picture, moving_mask(shapes, noise_amplitude(measured, frequencies)))
    if not (mask > 0.5).any():
        raise ValueError("Nothing in the clip moves above the noise at these frequencies; choose others, or a mask.")
    duration = len(measured.motion) / measured.fps
    return SpectralVolume(shapes * mask[..., None], frequencies, duration, mask.astype(np.float32), source)


def mode_shape(measured: Measurement, frequency: float) -> np.ndarray:
    """Complex amplitude [H, W, 2] at one frequency, smoothed with the texture's trust as weight (section 5)."""
    return _smoothed(amplitude_at(measured.motion, measured.fps, frequency), measured.weight)


def noise_amplitude(measured: Measurement, frequencies: np.ndarray) -> np.ndarray:
    """Amplitude [H, W] of what is left of the motion's smoothed spectrum between the modes."""
    step = measured.fps / len(measured.motion)
    beside = np.concatenate([frequencies - BESIDE * step, frequencies + BESIDE * step])
    apart = np.abs(beside[:, None] - frequencies).min(1) > 0.6 * BESIDE * step
    beside = beside[apart & (beside > step) & (beside < measured.fps / 2)]
    if not len(beside):
        beside = np.array([measured.fps / 2 - step])
    shapes = np.stack([mode_shape(measured, f) for f in beside])
    return np.sqrt((np.abs(shapes) ** 2).sum(-1).mean(0))


def moving_mask(shapes: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """What moves [H, W], bool, and what flow leaks on: from mode shapes [M, H, W, 2] and the noise of them [H, W]."""
    import cv2

    amplitude = np.sqrt((np.abs(shapes) ** 2).sum((0, 3)))
    strongest = np.quantile(amplitude, 0.995)
    # Noise beside a strong mode is its own leakage; still pixels tell the clip's.
    least = np.maximum(SIGNIFICANT * np.minimum(noise, np.median(noise)), SHARE * strongest)
    moves = (amplitude > least).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    return cv2.morphologyEx(cv2.morphologyEx(moves, cv2.MORPH_OPEN, disc), cv2.MORPH_CLOSE, disc) > 0


def cut_out(picture: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The moving things [H, W], 0..1 with a soft edge, within what moves [H, W]: flow leaks a few pixels over edges."""
    import cv2

    count, labels, boxes, _centres = cv2.connectedComponentsWithStats(moves.astype(np.uint8))
    found = np.zeros(moves.shape, np.float32)
    for label in range(1, count):
        x, y, w, h, area = boxes[label]
        if area < LEAST_THING * moves.sum():
            continue
        around = np.s_[max(y - 4 * LEAK, 0) : y + h + 4 * LEAK, max(x - 4 * LEAK, 0) : x + w + 4 * LEAK]
        found[around] += _cut_one(picture[around], labels[around] == label)
    return cv2.GaussianBlur(found, (0, 0), 0.7)


def _cut_one(picture: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """One thing [h, w], bool: the part of what moves that differs in colour from what is around it.

    GrabCut (Rother et al. 2004) that begins with the rim of what moves as background and its inside as the thing. What
    moves is left whole where that finds next to nothing.
    """
    import cv2

    distance = cv2.distanceTransform(np.pad(moves, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    # A thin thing is covered by its own leak: its ridge is what is left.
    inside = distance > min(LEAK, 0.6 * distance.max())
    labels = np.where(inside, cv2.GC_PR_FGD, np.where(moves, cv2.GC_PR_BGD, cv2.GC_BGD)).astype(np.uint8)
    if moves.all():
        return moves
    cv2.setRNGSeed(0)  # its colour clusters start at random
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(picture[..., ::-1]), labels, None, *models, 5, cv2.GC_INIT_WITH_MASK)
    cut = labels == cv2.GC_PR_FGD
    return cut if cut.sum() > LEAST_CUT * moves.sum() else moves


def _smoothed(shape: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Normalised convolution of a complex picture [H, W, 2] with weights [H, W]."""
    import cv2

    trusted = weight + 1e-3
    planes = np.concatenate([shape.real, shape.imag], -1) * trusted[..., None]
    planes = cv2.GaussianBlur(planes.astype(np.float32), (0, 0), SMOOTHING)
    planes /= cv2.GaussianBlur(trusted.astype(np.float32), (0, 0), SMOOTHING)[..., None]
    return (planes[..., :2] + 1j * planes[..., 2:]).astype(np.complex64)
