"""Frames of a picture into files, one at a time: sequences of PNG or EXR, MP4, WebM, GIF; motion vectors as EXR.

Memory does not grow with the number of frames. Every file is written beside its final name and then renamed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..srgb import to_linear
from .exr import write_exr

SEQUENCES = (".png", ".exr")
FILMS = (".mp4", ".webm", ".gif")
OPAQUE = 128
"""Alpha from which a GIF shows a pixel; it knows nothing in between."""


def export(frames: Iterable[np.ndarray], path: str | os.PathLike[str], fps: float) -> list[Path]:
    """Write frames [H, W, 3 or 4], uint8 or float32 in 0..1, display-referred, straight alpha, as `path`'s ending says.

    film.mp4, film.webm and film.gif are one file (GIF and WebM keep alpha); loop.png and loop.exr become a sequence
    loop_0001.png, loop_0002.png... EXR is scene-linear half floats, premultiplied. Returns the files.
    Raises ValueError for other endings and where there is no frame.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SEQUENCES + FILMS:
        raise ValueError(f"{path.name} is no kind of file that frames can be written to; use {_listed()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix in SEQUENCES:
        write = _write_png if suffix == ".png" else _write_colours
        files = []
        for i, frame in enumerate(frames, 1):
            files.append(path.with_name(f"{path.stem}_{i:04d}{suffix}"))
            write(files[-1], frame)
    else:
        files = _film(iter(frames), path, fps)
    if not files:
        raise ValueError(f"there is no frame to write to {path.name}")
    return files


def export_vectors(displacements: Iterable[np.ndarray], path: str | os.PathLike[str]) -> list[Path]:
    """Write displacements [H, W, 2] as name_0001.exr...: R is x, G is y, in pixels from the photograph, x right, y up.

    Blender's convention for vectors (y up); B is 0. Float32.
    """
    path = Path(path)
    files = []
    for i, field in enumerate(displacements, 1):
        files.append(path.with_name(f"{path.stem}_{i:04d}.exr"))
        x, y = np.asarray(field[..., 0], np.float32), -np.asarray(field[..., 1], np.float32)
        write_exr(files[-1], {"R": x, "G": y, "B": np.zeros_like(x)})
    return files


def _listed() -> str:
    return ", ".join((SEQUENCES + FILMS)[:-1]) + " or " + FILMS[-1]


def _write_png(path: Path, frame: np.ndarray) -> None:
    """8 bits as they are, floats as 16 bits."""
    import cv2

    if frame.dtype != np.uint8:
        frame = np.round(np.clip(frame, 0, 1) * 65535).astype(np.uint16)
    order = [2, 1, 0, 3][: frame.shape[2]]
    encoded = cv2.imencode(".png", np.ascontiguousarray(frame[..., order]), [cv2.IMWRITE_PNG_COMPRESSION, 3])[1]
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(encoded.tobytes())
    os.replace(partial, path)


def _write_colours(path: Path, frame: np.ndarray) -> None:
    values = _unit(frame)
    colours = to_linear(values[..., :3])
    if values.shape[2] == 4:
        colours = colours * values[..., 3:]
    channels = {name: colours[..., i].astype(np.float16) for i, name in enumerate("RGB")}
    if values.shape[2] == 4:
        channels["A"] = values[..., 3].astype(np.float16)
    write_exr(path, channels)


def _unit(frame: np.ndarray) -> np.ndarray:
    return frame.astype(np.float32) / 255 if frame.dtype == np.uint8 else np.asarray(frame, np.float32)


def _bytes(frame: np.ndarray) -> np.ndarray:
    if frame.dtype == np.uint8:
        return frame
    return np.round(np.clip(frame, 0, 1) * 255).astype(np.uint8)


def _film(frames: Iterator[np.ndarray], path: Path, fps: float) -> list[Path]:
    import av
    from av.video.reformatter import ColorRange, Colorspace

    first = next(frames, None)
    if first is None:
        return []
    first = _bytes(first)
    alpha = first.shape[2] == 4
    suffix = path.suffix.lower()
    rate = Fraction(fps).limit_denominator(1001)
    partial = path.with_name(path.name + ".part")
    with av.open(str(partial), "w", format=suffix[1:]) as container:
        if suffix == ".mp4":
            codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
            stream = container.add_stream(codec, rate=rate, options={"crf": "17"} if codec == "libx264" else {})
            pixels, even = "yuv420p", True
        elif suffix == ".webm":
            stream = container.add_stream("libvpx-vp9", rate=rate, options={"crf": "24", "b": "0", "cpu-used": "4"})
            pixels, even = "yuva420p" if alpha else "yuv420p", True
        else:
            stream = container.add_stream("gif", rate=rate)
            pixels, even = "pal8", False
        height, width = first.shape[:2]
        stream.width, stream.height = (width + width % 2, height + height % 2) if even else (width, height)
        stream.pix_fmt = pixels
        if even:
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = Colorspace.ITU709
            context.color_range = ColorRange.MPEG
        palette = _palette(first) if suffix == ".gif" else None
        for frame in _chained(first, frames):
            picture = _bytes(frame)
            if palette is not None:
                made = _indexed(picture, palette)
            else:
                made = _planar(picture, pixels, suffix == ".webm" and alpha)
            container.mux(stream.encode(made))
        container.mux(stream.encode())
    os.replace(partial, path)
    return [path]


def _chained(first: np.ndarray, rest: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from rest


def _planar(picture: np.ndarray, pixels: str, alpha: bool):
    """A frame for the encoder: even sides, BT.709; without an alpha channel, over black."""
    import av
    from av.video.reformatter import ColorRange, Colorspace

    height, width = picture.shape[:2]
    if picture.shape[2] == 4 and not alpha:
        picture = np.round(picture[..., :3] * (picture[..., 3:] / 255.0)).astype(np.uint8)
    picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgba" if alpha else "rgb24")
    return frame.reformat(format=pixels, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def _palette(picture: np.ndarray) -> np.ndarray:
    """255 colours [255, 3] of a picture; the last of 256 is kept for what is transparent."""
    from PIL import Image

    small = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    small.thumbnail((512, 512))
    chosen = small.quantize(255, Image.Quantize.MEDIANCUT).getpalette() or []
    colours = np.array(chosen[: 255 * 3], np.uint8).reshape(-1, 3)
    return np.pad(colours, ((0, 255 - len(colours)), (0, 0)))


def _indexed(picture: np.ndarray, palette: np.ndarray):
    """A frame of indices into the palette, dithered."""
    import av
    from PIL import Image

    holder = Image.new("P", (1, 1))
    holder.putpalette(palette.ravel().tolist())
    image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    index = np.array(image.quantize(palette=holder, dither=Image.Dither.FLOYDSTEINBERG), np.uint8)
    if picture.shape[2] == 4:
        index[picture[..., 3] < OPAQUE] = 255
    colours = np.zeros((256, 4), np.uint8)  # ARGB in memory, as PyAV has it
    colours[:255, 0], colours[:255, 1:] = 255, palette
    return av.VideoFrame.from_ndarray((index, colours), format="pal8")
