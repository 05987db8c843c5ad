"""Spectral volumes from and to files: Sway's own, and the half spectra of Generative Image Dynamics as numpy arrays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..spectral_volume import SpectralVolume

FRAMES, FPS, BINS = 150, 30.0, 16
"""Of Li et al. 2024: five seconds, frequencies 0.2 Hz apart, the first sixteen."""


def read_volume(path: str | os.PathLike[str]) -> SpectralVolume:
    """A volume from a .safetensors file that Sway wrote, or from a .npy or .npz one with a half spectrum.

    The latter holds complex [K, H, W, 2] or real [4 K, H, W] (see `SpectralVolume.from_half_spectrum`) as its only
    array or as `spectrum`; `frames` and `fps` may stand beside it, 150 and 30 otherwise.
    Raises FileNotFoundError where there is none, ValueError naming the file for what is no volume.
    """
    path = Path(path)
    if path.suffix.lower() not in (".npy", ".npz"):
        return SpectralVolume.load(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no spectral volume at {path}")
    try:
        loaded = np.load(path)
        arrays = {"spectrum": loaded} if isinstance(loaded, np.ndarray) else {n: loaded[n] for n in loaded.files}
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path.name} is no file of numpy arrays; choose one with a spectral volume") from error
    if "spectrum" not in arrays and len(arrays) == 1:
        arrays = {"spectrum": next(iter(arrays.values()))}
    if "spectrum" not in arrays:
        raise ValueError(f'{path.name} has no array "spectrum"; name the spectral volume so')
    frames, fps = int(arrays.get("frames", FRAMES)), float(arrays.get("fps", FPS))
    try:
        return SpectralVolume.from_half_spectrum(arrays["spectrum"], frames, fps, source=path.name)
    except ValueError as error:
        raise ValueError(f"{path.name} is no spectral volume: {error}") from error


def write_volume(path: str | os.PathLike[str], volume: SpectralVolume) -> Path:
    """Write a volume: .safetensors keeps all of it, .npz the first sixteen bins of its half spectrum.

    Raises ValueError where the volume's frequencies are not whole multiples of 1 / duration (.npz).
    """
    path = Path(path)
    if path.suffix.lower() != ".npz":
        return volume.save(path)
    from .. import arrays

    frames = max(round(volume.duration * FPS), 2 * BINS)
    fps = frames / volume.duration
    spectrum = volume.half_spectrum(frames, BINS)
    return arrays.save(path, {"spectrum": spectrum, "frames": np.array(frames), "fps": np.array(fps)})
