"""`SpectralVolume`: complex motion per pixel and frequency, the noun of everything that sways in a picture.

Li et al. 2024 (Generative Image Dynamics), section 3: the temporal Fourier transform of per-pixel displacements from
the still picture. A volume whose frequencies are whole multiples of 1 / duration repeats exactly after that time.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import safetensors_file

FORMAT = "sway.spectral_volume.1"


@dataclass(frozen=True)
class SpectralVolume:
    """Displacement of every pixel from the still picture, `D(p, t) = Re sum_k S_k(p) exp(i 2 pi f_k t)`."""

    coefficients: np.ndarray
    """S_k(p) [K, H, W, 2], complex64: (x, y) in pixels of the H x W reference picture, x right, y down."""
    frequencies: np.ndarray
    """f_k [K], hertz, rising, not negative."""
    duration: float
    """Length of the motion, seconds."""
    mask: np.ndarray
    """How much each pixel belongs to what moves [H, W], float32, 0..1."""
    source: str = ""
    """What made it, for people to read (a producer and its seed, a file's name)."""

    def __post_init__(self) -> None:
        shape = self.coefficients.shape
        if len(shape) != 4 or shape[3] != 2 or 0 in shape:
            raise ValueError(f"the spectral volume's coefficients have shape {shape}, expected (K, height, width, 2)")
        if not np.iscomplexobj(self.coefficients):
            raise ValueError("the spectral volume's coefficients are not complex numbers")
        if self.frequencies.shape != shape[:1]:
            raise ValueError(
                f"the spectral volume has {shape[0]} slices of coefficients but {self.frequencies.size} frequencies"
            )
        if (self.frequencies < 0).any() or (np.diff(self.frequencies) <= 0).any():
            raise ValueError("the spectral volume's frequencies must rise and not be negative")
        if self.mask.shape != shape[1:3]:
            raise ValueError(
                f"the spectral volume's mask is {self.mask.shape} but its motion is {shape[1:3]} (height, width)"
            )
        if not self.duration > 0:
            raise ValueError(f"the spectral volume lasts {self.duration} s; it needs a duration above 0")
        if not np.isfinite(self.coefficients).all():
            raise ValueError("the spectral volume holds coefficients that are not finite numbers")

    @property
    def height(self) -> int:
        return self.coefficients.shape[1]

    @property
    def width(self) -> int:
        return self.coefficients.shape[2]

    def displacement(self, time: float) -> np.ndarray:
        """Displacement at `time` seconds [H, W, 2], float32, pixels of the reference picture."""
        phase = np.exp(2j * np.pi * self.frequencies * time)
        real, imaginary = phase.real.astype(np.float32), phase.imag.astype(np.float32)
        return np.tensordot(real, self.coefficients.real, 1) - np.tensordot(imaginary, self.coefficients.imag, 1)

    def looped(self, duration: float) -> SpectralVolume:
        """The same motion made to repeat after `duration` seconds: each frequency goes to the nearest k / duration.

        Those that are slower than half a period in it are left out; the ones that meet are added with their phases.
        """
        cycles = np.round(self.frequencies * duration).astype(int)
        kept = np.unique(cycles[cycles > 0])
        if not len(kept):
            raise ValueError(
                f"nothing in the spectral volume is fast enough to loop in {duration:.3g} s; ask for longer"
            )
        coefficients = np.stack([self.coefficients[cycles == k].sum(0) for k in kept])
        return SpectralVolume(coefficients, kept / duration, float(duration), self.mask, self.source)

    @staticmethod
    def from_half_spectrum(
        spectrum: np.ndarray, frames: int = 150, fps: float = 30.0, mask: np.ndarray | None = None, source: str = ""
    ) -> SpectralVolume:
        """A volume as Generative Image Dynamics stores it: the first K bins of the FFT over `frames` displacements.

        spectrum: complex [K, H, W, 2] as `np.fft.rfft` gives it, or real [4 K, H, W] with the real and imaginary part
        of x and then those of y for each bin in turn. The bins above K are 0 and the negative ones the conjugates.
        """
        if not np.iscomplexobj(spectrum):
            if spectrum.ndim != 3 or spectrum.shape[0] % 4:
                raise ValueError(
                    f"the spectral volume's channels have shape {spectrum.shape}, expected (4 K, height, width)"
                )
            parts = spectrum.reshape(-1, 2, 2, *spectrum.shape[1:])
            spectrum = np.moveaxis(parts[:, :, 0] + 1j * parts[:, :, 1], 1, -1)
        count = len(spectrum)
        if count > frames // 2 + 1:
            raise ValueError(f"{count} frequencies are more than {frames} frames can tell apart")
        coefficients = spectrum * _half_weights(count, frames)[:, None, None, None]
        if mask is None:
            mask = np.ones(spectrum.shape[1:3], np.float32)
        return SpectralVolume(
            coefficients.astype(np.complex64), np.arange(count) * fps / frames, frames / fps, mask, source
        )

    def half_spectrum(self, frames: int = 150, count: int = 16) -> np.ndarray:
        """The inverse of `from_half_spectrum`: complex [count, H, W, 2] of the FFT over `frames` displacements.

        Raises ValueError where the volume's frequencies are not whole multiples of 1 / duration.
        """
        bins = self.frequencies * self.duration
        if np.abs(bins - np.round(bins)).max() > 1e-3:
            raise ValueError("the spectral volume does not repeat after its duration; make it loop before exporting it")
        spectrum = np.zeros((count, self.height, self.width, 2), np.complex64)
        weights = _half_weights(count, frames)
        for k, slice_ in zip(np.round(bins).astype(int), self.coefficients, strict=True):
            if k < count:
                spectrum[k] = slice_ / weights[k]
        return spectrum

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a .safetensors file, beside its final name and then renamed. Its metadata tell what is inside."""
        # Complex numbers as trailing (real, imaginary) pairs: every safetensors reader knows float32.
        pairs = np.ascontiguousarray(self.coefficients, np.complex64).view(np.float32)
        tensors = {
            "coefficients": pairs.reshape(*self.coefficients.shape, 2),
            "mask": np.ascontiguousarray(self.mask, np.float32),
        }
        metadata = {
            "format": FORMAT,
            "frequencies": json.dumps([float(f) for f in self.frequencies]),
            "duration": repr(float(self.duration)),
            "reference_size": f"{self.width}x{self.height}",
            "source": self.source,
        }
        return safetensors_file.write(path, tensors, metadata)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> SpectralVolume:
        """Read a file that `save` wrote.

        Raises FileNotFoundError where there is none, ValueError for a file of another kind.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"there is no spectral volume at {path}")
        tensors, metadata = safetensors_file.read(path)
        if metadata.get("format") != FORMAT or not {"coefficients", "mask"} <= tensors.keys():
            raise ValueError(f"{path.name} holds no spectral volume; choose a file that Sway wrote")
        pairs = np.ascontiguousarray(tensors["coefficients"])
        return SpectralVolume(
            pairs.view(np.complex64)[..., 0],
            np.array(json.loads(metadata["frequencies"])),
            float(metadata["duration"]),
            tensors["mask"],
            metadata.get("source", ""),
        )


def _half_weights(count: int, frames: int) -> np.ndarray:
    """What turns the first bins of an FFT over `frames` values into amplitudes [count]; conjugate bins are in twice."""
    weights = np.full(count, 2 / frames)
    weights[0] = 1 / frames
    if count == frames // 2 + 1 and frames % 2 == 0:
        weights[-1] = 1 / frames
    return weights
