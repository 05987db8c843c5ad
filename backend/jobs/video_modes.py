"""Modes of a video: measure how a clip moves, show its spectrum, and hand out its modes as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import arrays
from ..api.video_modes import Motion, VideoModesParams
from ..context import JobContext
from ..spectral.mode_pictures import axis_place, highest_shown, mode_over_picture, spectrum_plot
from ..spectral.power_spectrum import find_peaks
from ..spectral.video_modes import measure, mode_volume
from ..video.files import read_film
from .pictures import save_picture

PARAMS = VideoModesParams
LARGEST = 64e6
"""Pixels of all frames together: longer clips are measured on smaller pictures, to bound the memory (8 bytes each)."""

LARGEST_STILL = 8192
"""Longer side of the picture that is handed out, pixels."""


def run(params: VideoModesParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Outputs: `modes` (.npz), `volume` (.safetensors), `still`, `spectrum` and `mode_1`... (.png)."""
    if not params.path:
        raise ValueError("Choose a video file or a folder of images in which something sways.")
    wanted = _frequencies(params.frequencies)
    with ctx.stage("Reading the video", 0.0, 0.1):
        side = min(params.resolution, int(np.sqrt(LARGEST / params.frames)))
        film, fps = read_film(params.path, side, params.frames, params.start)
        mask = _mask(params.mask, film.shape[1:3]) if params.mask else None
    with ctx.stage("Measuring motion", 0.1, 0.75):
        measured = measure(film, fps, by_phase=params.motion is Motion.phase, mask=mask, progress=ctx.progress)
    with ctx.stage("Finding modes", 0.75, 0.95):
        spectrum = measured.spectrum(mask)
        ctx.progress(0.3)
        peaks = wanted if len(wanted) else find_peaks(spectrum, params.modes, params.lowest, params.coherence)
        if not len(peaks):
            raise ValueError(
                "Nothing in the clip sways above the noise; choose a clip with more motion, lower Coherence, or "
                "give the frequencies yourself."
            )
        volume = mode_volume(measured, peaks, mask, f"modes of {Path(params.path).name}")
        ctx.progress(0.9)
    with ctx.stage("Drawing modes", 0.95, 1.0):
        order = [int(np.argmin(np.abs(volume.frequencies - peak))) for peak in peaks]
        # The same frame as large as it was filmed.
        (still,), _fps = read_film(params.path, LARGEST_STILL, 1, params.start + measured.rest)
        outputs = {
            "modes": ctx.output("modes.npz"),
            "volume": volume.save(ctx.output("modes.safetensors")),
            "still": save_picture(ctx.output("still.png"), still.astype(np.float32) / 255),
            "spectrum": save_picture(ctx.output("spectrum.png"), spectrum_plot(spectrum, peaks)),
        }
        for number, k in enumerate(order, 1):
            picture = mode_over_picture(volume, k, measured.picture)
            outputs[f"mode_{number}"] = save_picture(ctx.output(f"mode_{number}.png"), picture)
        arrays.save(
            outputs["modes"],
            {
                "coefficients": volume.coefficients[order],
                "frequencies": volume.frequencies[order],
                "duration": np.array(volume.duration),
                "mask": volume.mask,
                "power": spectrum.power,
                "coherence": spectrum.coherence,
                "bins": spectrum.frequencies,
            },
        )
    amplitudes = np.sqrt((np.abs(volume.coefficients[order]) ** 2).sum(-1)).max((1, 2))
    coherence = np.interp(volume.frequencies[order], spectrum.frequencies, spectrum.coherence)
    zero, hertz = axis_place(highest_shown(spectrum, peaks))
    return outputs, {
        "plot_zero": zero,
        "plot_hertz": hertz,
        "frequencies_hz": [round(float(f), 3) for f in volume.frequencies[order]],
        "amplitudes_px": [round(float(a), 2) for a in amplitudes],
        "coherence": [round(float(c), 2) for c in coherence],
        "frames": len(film),
        "fps": fps,
        "size": [film.shape[2], film.shape[1]],
    }


def _frequencies(text: str) -> np.ndarray:
    """Numbers of a list such as "3.1, 6.2"; each once."""
    try:
        values = [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError:
        raise ValueError(
            f'Frequencies are "{text}"; give numbers in hertz separated by commas, such as 1.2, 3.4.'
        ) from None
    return np.array(list(dict.fromkeys(values)))


def _mask(path: str, size: tuple[int, ...]) -> np.ndarray:
    """A mask image resized to the film's [H, W], 0..1."""
    import cv2

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no mask image at {path}")
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError(f"{Path(path).name} is not an image that can be read; choose a PNG or JPEG")
    mask = cv2.resize(picture.astype(np.float32) / 255, size[::-1], interpolation=cv2.INTER_AREA)
    if not (mask > 0.5).any():
        raise ValueError(f"{Path(path).name} marks nothing: paint white what moves")
    return mask
