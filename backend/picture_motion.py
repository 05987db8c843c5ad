"""`PictureMotion`: one layer's motion as a few shapes and their courses in time; what Blender plays and pokes.

D(p, frame) = Re sum_m shape_m(p) Q_m(frame), the modal form of Davis et al. 2015: Q_m is the course that loops by
itself, or what a poked damped oscillator does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SHAPES = 12
"""Most shapes kept."""
ENERGY = 1e-4
"""Share of the motion's energy that fewer shapes may lose."""


@dataclass(frozen=True)
class PictureMotion:
    """M shapes over a box of a picture and their courses over N frames."""

    shapes: np.ndarray
    """Displacement for Q = 1 [M, h, w, 2], complex64 or float32: (x, y) pixels of the picture, x right, y down, at the
    centres of h x w cells that fill the box."""
    courses: np.ndarray
    """Q_m at each frame [N, M], complex."""
    box: tuple[float, float, float, float]
    """Left, top, width and height, pixels."""
    size: tuple[int, int]
    """Width and height of the picture, pixels."""
    mask: np.ndarray
    """Where the layer is in the whole picture [h', w'], float32, 0..1, at any resolution."""
    fps: float
    loops: bool = True
    """Whether frame N shows frame 0 again."""
    natural: np.ndarray | None = None
    """Frequency at which each shape rings when poked [M], hertz; 0 where a hand leaves it alone. None: not known."""

    @property
    def frequencies(self) -> np.ndarray:
        """`natural`, or the frequency at which each shape moves most [M], one period over the courses at least."""
        if self.natural is not None:
            return self.natural
        duration = len(self.courses) / self.fps
        power = np.abs(np.fft.fft(self.courses - self.courses.mean(0), axis=0)) ** 2
        bins = np.abs(np.fft.fftfreq(len(self.courses), 1 / self.fps))
        return np.maximum(bins[power.argmax(0)], 1 / duration)

    def at(self, pixels: np.ndarray) -> np.ndarray:
        """The shapes [M, P, 2] at places [P, 2] of the picture, bilinear; edges are repeated."""
        rows, columns = self.shapes.shape[1:3]
        left, top, width, height = self.box
        place = (np.asarray(pixels, float) - (left, top)) * (columns / width, rows / height) - 0.5
        place = np.clip(place, 0, (columns - 1, rows - 1))
        first = np.minimum(place.astype(int), (max(columns - 2, 0), max(rows - 2, 0)))
        tx, ty = (place - first).T[..., None]
        x, y = first.T
        x1, y1 = np.minimum(x + 1, columns - 1), np.minimum(y + 1, rows - 1)
        s = self.shapes
        upper = (1 - tx) * s[:, y, x] + tx * s[:, y, x1]
        return (1 - ty) * upper + ty * ((1 - tx) * s[:, y1, x] + tx * s[:, y1, x1])

    def displacement(self, coordinates: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Displacement [P, 2], pixels, of places [P, 2] for Q [M]."""
        return np.tensordot(np.asarray(coordinates), self.at(pixels), 1).real

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {
            "shapes": self.shapes,
            "courses": self.courses,
            "box": np.array(self.box, float),
            "size": np.array(self.size),
            "mask": self.mask,
            "fps": np.array(self.fps),
            "loops": np.array(self.loops),
            **({} if self.natural is None else {"natural": self.natural}),
        }

    @staticmethod
    def from_arrays(arrays: dict[str, np.ndarray]) -> PictureMotion:
        return PictureMotion(
            arrays["shapes"],
            arrays["courses"],
            tuple(arrays["box"].tolist()),
            tuple(arrays["size"].tolist()),
            arrays["mask"],
            float(arrays["fps"]),
            bool(arrays["loops"]),
            arrays.get("natural"),
        )

    def in_units_of(self, pixels: float) -> PictureMotion:
        """The same motion with shapes whose largest displacement is `pixels`; the courses say how often that.

        Blender holds a shape key's value between -10 and 10.
        """
        largest = np.sqrt((np.abs(self.shapes) ** 2).sum(-1)).max((1, 2))
        factor = np.where(largest > 0, pixels / np.maximum(largest, 1e-30), 1)
        shapes = self.shapes * factor[:, None, None, None].astype(np.float32)
        return replace(self, shapes=shapes, courses=self.courses / factor)

    def reduced(self, most: int = SHAPES) -> PictureMotion:
        """The same motion in as few real shapes as keep its energy, where it has more than `most` or more than needed.

        Shapes that ring at known frequencies are kept as they are while they are not too many.

        Singular value decomposition of the displacements at all frames, through the Gram matrix of the courses.
        """
        count = len(self.shapes)
        flat = self.shapes.reshape(count, -1)
        rows = np.concatenate([flat.real, -flat.imag]).astype(float)  # [2M, h w 2]
        courses = np.concatenate([self.courses.real, self.courses.imag], 1)  # [N, 2M]
        used = (np.abs(rows).max(1) > 0) & (np.abs(courses).max(0) > 0)
        rows, courses = rows[used], courses[:, used]
        if len(rows) == 0:
            return self
        gram = courses @ (rows @ rows.T) @ courses.T
        values, vectors = np.linalg.eigh(gram)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        lost = 1 - np.cumsum(values) / max(values.sum(), 1e-300)
        keep = min(int((lost > ENERGY).sum()) + 1, most)
        if count <= most and (keep >= len(rows) or self.natural is not None):
            return self
        shapes = vectors[:, :keep].T @ courses @ rows
        # Of unit course: the keys' values then say how far, in units of the largest displacement.
        crest = np.abs(vectors[:, :keep]).max(0)
        shapes = (shapes * crest[:, None]).reshape(keep, *self.shapes.shape[1:]).astype(np.float32)
        quiet = self.natural is not None and not self.natural.any()
        natural = np.zeros(keep) if quiet else None
        return replace(self, shapes=shapes, courses=vectors[:, :keep] / crest, natural=natural)
