"""Films in files: read a user's video or folder of images as a `Clip`, write frames as an .mp4."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from .clip import Clip

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}


def read_clip(
    path: str | os.PathLike[str],
    width: int,
    height: int,
    frames: int,
    start: int = 0,
    step: int = 1,
    *,
    folder_fps: float = 24.0,
) -> Clip:
    """`frames` pictures of a video file or of a folder of images, cropped around the centre and resized.

    Frames are counted on a clock that ticks at the video's nominal rate, from `start`, every `step` ticks: of a video
    of uneven rate each tick gets the picture shown at that time. A folder's images are taken in natural order (2 before
    10) and said to run at `folder_fps`.
    Raises FileNotFoundError where there is nothing, ValueError for what cannot be read or is too short.
    """
    path = Path(path)
    if path.is_dir():
        pictures, rate = _folder(path, start, step, frames), folder_fps
    elif path.is_file():
        pictures, rate = _video(path, start, step, frames)
    else:
        raise FileNotFoundError(f"there is no video or folder of images at {path}")
    out = np.empty((frames, height, width, 3), np.float32)
    count = 0
    for picture in pictures:
        out[count] = fit_picture(picture, width, height)
        count += 1
    if count < frames:
        raise ValueError(
            f"{path.name} has pictures for {count} of the {frames} frames that are needed "
            f"(from frame {start}, every {step}); choose a longer video, an earlier start or a smaller step"
        )
    return Clip(out, rate / step)


def read_film(
    path: str | os.PathLike[str], side: int, most: int, start: int = 0, *, step: int = 1, folder_fps: float = 24.0
) -> tuple[np.ndarray, float]:
    """A film as it is, for measuring motion: (pictures [T, H, W, 3] uint8 display-referred, frames per second).

    Up to `most` pictures, every `step` from `start` on; the longer side is shrunk to `side` pixels where it is larger.
    Files and folders as for `read_clip`. Raises FileNotFoundError where there is nothing, ValueError for what cannot be
    read.
    """
    import cv2

    path = Path(path)
    if path.is_dir():
        pictures, rate = _folder(path, start, step, most), folder_fps
    elif path.is_file():
        pictures, rate = _video(path, start, step, most)
    else:
        raise FileNotFoundError(f"there is no video or folder of images at {path}")
    film = []
    for picture in pictures:
        height, width = picture.shape[:2]
        scale = min(1.0, side / max(height, width))
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        eight_bit = (picture / 257).astype(np.uint8) if picture.dtype == np.uint16 else np.ascontiguousarray(picture)
        film.append(eight_bit if scale == 1 else cv2.resize(eight_bit, size, interpolation=cv2.INTER_AREA))
    if not film:
        raise ValueError(f"{path.name} has no picture from frame {start} on; choose an earlier start")
    return np.stack(film), rate / step


def fit_picture(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture [h, w, 3] (uint8 or uint16) cropped around its centre and resized: [height, width, 3] float32, 0..1."""
    import cv2

    h, w = picture.shape[:2]
    scale = min(w / width, h / height)
    crop_w, crop_h = min(w, max(round(width * scale), 1)), min(h, max(round(height * scale), 1))
    x, y = (w - crop_w) // 2, (h - crop_h) // 2
    cropped = picture[y : y + crop_h, x : x + crop_w].astype(np.float32) / np.iinfo(picture.dtype).max
    # Averaging keeps fine texture from flickering in small pictures; it cannot enlarge.
    method = cv2.INTER_AREA if scale >= 1 else cv2.INTER_CUBIC
    return np.clip(cv2.resize(cropped, (width, height), interpolation=method), 0, 1)


def _folder(path: Path, start: int, step: int, frames: int) -> Iterator[np.ndarray]:
    """The chosen pictures [h, w, 3], RGB, as many as there are."""
    import cv2

    files = sorted((f for f in path.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES), key=_natural)
    if not files:
        raise ValueError(f"the folder {path.name} holds no images; choose one with numbered .png or .jpg files")
    size = None
    for file in files[start : start + step * frames : step]:
        # Not imread: it cannot open names beyond ASCII on Windows.
        picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if picture is None or picture.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"{file.name} is not an image that can be read; remove it from the folder or save it anew")
        if size not in (None, picture.shape):
            raise ValueError(f"{file.name} differs in size from the images before it; all must show the same view")
        size = picture.shape
        yield picture[..., ::-1]


def _natural(file: Path) -> list:
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", file.name)]


def _video(path: Path, start: int, step: int, frames: int) -> tuple[Iterator[np.ndarray], float]:
    """The chosen pictures [h, w, 3], RGB, as many as there are, and the nominal frames per second."""
    import av

    try:
        container = av.open(str(path))
    except av.FFmpegError as error:
        raise ValueError(f"{path.name} is not a video that can be read ({error.strerror})") from error
    if not container.streams.video:
        container.close()
        raise ValueError(f"{path.name} holds no pictures, only sound or data; choose a video file")
    stream = container.streams.video[0]
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    if rate <= 0:
        container.close()
        raise ValueError(f"{path.name} does not say how fast it runs; save it as a film of constant frame rate")
    times = (start + step * np.arange(frames)) / rate
    return _shown_at(path, container, times, 1 / rate), rate


def _shown_at(path: Path, container, times: np.ndarray, tick: float) -> Iterator[np.ndarray]:
    """The picture on screen at each of `times` [T] (seconds from the first picture), until the video ends."""
    import av

    wanted = 0
    shown = shown_from = origin = None
    try:
        for frame in container.decode(video=0):
            if frame.time is None:
                moment = 0.0 if shown_from is None else shown_from + tick
            else:
                origin = frame.time if origin is None else origin
                moment = frame.time - origin
            # A picture is on screen until the next one comes; stamps are rounded, so half a tick early counts.
            while (
                shown is not None
                and shown_from is not None
                and wanted < len(times)
                and times[wanted] < moment - tick / 2
            ):
                yield _upright(shown)
                wanted += 1
            if wanted == len(times):
                return
            shown, shown_from = frame, moment
        while (
            shown is not None
            and shown_from is not None
            and wanted < len(times)
            and times[wanted] < shown_from + tick / 2
        ):
            yield _upright(shown)
            wanted += 1
    except av.FFmpegError as error:
        raise ValueError(
            f"{path.name} cannot be decoded after {wanted} frames ({error.strerror}); save it anew as H.264"
        ) from error
    finally:
        container.close()


def _upright(frame) -> np.ndarray:
    """RGB uint8 of a decoded frame, turned as its display matrix says (phones film on their side)."""
    return np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))


def write_mp4(path: str | os.PathLike[str], frames: np.ndarray, fps: float) -> Path:
    """Write frames [T, H, W, 3] (display-referred, uint8 or 0..1) as H.264 in yuv420p, which plays everywhere.

    Odd sizes get their last row or column twice, as that format needs even ones. Falls back to MPEG-4 part 2 where the
    codec was built without x264. Written beside its final name and renamed.
    """
    import av
    from av.video.reformatter import ColorRange, Colorspace

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    height, width = frames.shape[1:3]
    h264 = "libx264" in av.codecs_available
    with av.open(str(partial), "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264" if h264 else "mpeg4",
            rate=Fraction(fps).limit_denominator(1001),
            options={"crf": "17", "preset": "medium"} if h264 else {"qscale": "2"},
        )
        stream.width, stream.height, stream.pix_fmt = width + width % 2, height + height % 2, "yuv420p"
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_primaries = stream.codec_context.color_trc = Colorspace.ITU709
        stream.codec_context.color_range = ColorRange.MPEG
        for picture in frames:
            rgb = picture if picture.dtype == np.uint8 else (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
            rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    os.replace(partial, path)
    return path
