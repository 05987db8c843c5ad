"""From the frames of `tools.readme_pictures`: the GIFs of the README, in docs/.

Runs in the worker's environment: `python -m tools.readme_films FRAMES`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
from av.filter import Graph

DOCS = Path(__file__).resolve().parents[1] / "docs"
FPS = 12
WIDTH = {"plant": 480, "photograph": 480, "samples": 720}
"""Of each film, pixels."""
SAMPLES = ("jelly", "flag", "sand")
COLOURS = {"plant": 128, "photograph": 128, "samples": 96}
TOP, BOTTOM = np.array([0.955, 0.945, 0.925]), np.array([0.83, 0.815, 0.79])
"""The studio's wall and floor, display colours."""
CUT = (0.0, 0.0, 0.72, 1.0)
"""What is shown of the photograph: left, top, right, bottom as shares."""


def main(frames: Path) -> None:
    films = {
        "plant": in_studio(frames / "plant"),
        "photograph": cut_out(frames / "photograph"),
        "samples": beside(frames),
    }
    for name, pictures in films.items():
        target = DOCS / f"{name}.gif"
        write_gif(target, [scaled(picture, WIDTH[name]) for picture in pictures], COLOURS[name])
        print(f"Wrote {target} ({target.stat().st_size / 1e6:.2f} MB)")


def read(folder: Path) -> Iterator[np.ndarray]:
    """Pictures [H, W, 3 or 4], 0..1, in order."""
    for file in sorted(folder.glob("*.png")):
        picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        colour = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB)
        yield colour.astype(np.float32) / np.iinfo(picture.dtype).max


def in_studio(folder: Path) -> list[np.ndarray]:
    """A subject with transparency before a plain wall, on a floor that it darkens where it stands."""
    pictures = list(read(folder))
    alpha = np.max([picture[..., 3] for picture in pictures], 0)
    height, width = alpha.shape
    foot = int(np.flatnonzero(alpha.max(1) > 0.5).max())
    span = np.flatnonzero(alpha[max(foot - height // 40, 0)] > 0.5)
    shadow = np.zeros((height, width), np.float32)
    centre, axes = (int(span.mean()), foot - height // 80), (int(0.62 * np.ptp(span)), height // 28)
    cv2.ellipse(shadow, centre, axes, 0, 0, 360, 1.0, -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), height / 45)[..., None]
    down = np.linspace(0, 1, height)[:, None, None] ** 1.5
    wall = np.broadcast_to(TOP + (BOTTOM - TOP) * down, (height, width, 3)) * (1 - 0.35 * shadow)
    return [picture[..., :3] * picture[..., 3:] + wall * (1 - picture[..., 3:]) for picture in pictures]


def cut_out(folder: Path) -> list[np.ndarray]:
    """The part of a photograph where most happens; every second of its frames."""
    left, top, right, bottom = CUT
    found = []
    for picture in list(read(folder))[::2]:
        height, width = picture.shape[:2]
        found.append(picture[int(top * height) : int(bottom * height), int(left * width) : int(right * width), :3])
    return found


def beside(frames: Path) -> list[np.ndarray]:
    """The samples side by side."""
    return [np.concatenate(row, 1) for row in zip(*(in_studio(frames / name) for name in SAMPLES), strict=True)]


def scaled(picture: np.ndarray, width: int) -> np.ndarray:
    height = 2 * round(picture.shape[0] * width / picture.shape[1] / 2)
    small = cv2.resize(np.ascontiguousarray(picture, np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.round(255 * np.clip(small, 0, 1)).astype(np.uint8)


def write_gif(path: Path, pictures: list[np.ndarray], colours: int) -> None:
    """One palette for all frames, an ordered dither that stands still, and only what changes in each frame."""
    height, width = pictures[0].shape[:2]
    graph = Graph()
    source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=Fraction(1, FPS))
    split = graph.add("split")
    palette = graph.add("palettegen", f"max_colors={colours}:stats_mode=full:reserve_transparent=1")
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    with av.open(str(path), "w", options={"loop": "0"}) as container:
        stream = container.add_stream("gif", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            source.push(frame)
        source.push(None)
        while True:
            try:
                frame = sink.pull()
            except (av.error.EOFError, av.error.BlockingIOError):
                break
            assert isinstance(frame, av.VideoFrame)
            frame.time_base = Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
