"""Frames of a picture that was taken apart: each layer warped by its motion, painted over what lies behind.

Every pixel of a layer fetches its colour from where it came from (inverse warp), so that nothing has holes. Where
nothing can move the picture's own pixels are shown, unchanged.
"""

from __future__ import annotations

import numpy as np

from ..picture import Kind
from .drift import RigidMotion
from .layer_motion import Controls, layer_motions
from .layers import Prepared, Sprite, straight
from .pixel_motion import Grid, PixelMotion

ITERATIONS = 8
"""Of the fixed point that inverts a displacement; each shrinks its error by the field's gradient, 0.3 or less."""
UNSEEN = 1 / 64
"""Pixels: smaller displacements are none."""


class LayeredRenderer:
    """Frame by frame, in any order; memory does not grow with their number."""

    def __init__(self, prepared: Prepared, frames: int, fps: float, controls: Controls | None = None) -> None:
        """`frames` at `fps` frames per second; what sways repeats after them.

        Raises ValueError for fewer than two frames, or naming the layer that cannot be moved.
        """
        if frames < 2 or not fps > 0:
            raise ValueError(
                f"a motion of {frames} frames at {fps} frames per second is empty; ask for at least 2 frames"
            )
        self.prepared = prepared
        self.frames = frames
        self.controls = controls or Controls()
        self.duration = frames / fps * self.controls.speed
        """Seconds of real time that the frames show."""
        rate = fps / self.controls.speed
        self.motions, self.held_back = layer_motions(
            prepared.picture, prepared.sprites, self.duration, rate, self.controls
        )
        self._origin = self._quietest() if self.controls.first_frame else 0.0
        self._steps = [_Step(s, m) for s, m in zip(prepared.sprites, self.motions, strict=True)]
        self._moves = self._reached()

    def time(self, index: int) -> float:
        """Seconds of real time at a frame."""
        return index / self.frames * self.duration

    def frame(self, index: int) -> np.ndarray:
        """Frame `index` [H, W, 3 or 4], of the picture's type, straight alpha."""
        image = self.prepared.image
        if self.controls.transparent:
            canvas = np.zeros((*image.shape[:2], 4), image.dtype)
        else:
            canvas = self.prepared.plate.copy()
        still = True
        for step in self._steps:
            still &= step.paint(canvas, self.time(index), self._origin, self.controls)
        if self.controls.transparent:
            return straight(canvas)
        if still:
            return self.prepared.picture.image.copy()
        return straight(_merged(image, canvas, self._moves))

    def displacement(self, index: int) -> np.ndarray:
        """How far the front-most layer at each pixel has moved [H, W, 2] float32: where each photo pixel went."""
        import cv2

        image = self.prepared.image
        total = np.zeros((*image.shape[:2], 2), np.float32)
        for step in self._steps:
            if step.motion is None:
                left, top, right, bottom = step.sprite.box
                total[top:bottom, left:right] *= 1 - step.sprite.cover[..., None]
                continue
            field = step.field(self.time(index), self._origin, self.controls)
            grid, cover = step.motion.grid, step.sprite.layer.mask
            wide = cv2.resize(field, (grid.width, grid.height), interpolation=cv2.INTER_LINEAR)
            rows, columns = slice(grid.top, grid.top + grid.height), slice(grid.left, grid.left + grid.width)
            share = cover[rows, columns, None]
            total[rows, columns] = (1 - share) * total[rows, columns] + share * wide
        return total

    def _quietest(self) -> float:
        """The time in the loop at which the layers together are nearest to where they are in the photograph."""
        times = np.linspace(0, self.duration, 64, endpoint=False)
        away = np.zeros(len(times))
        for motion in self.motions:
            if motion is not None and motion.basis.loops:
                away += [float((motion.at(t)[::4, ::4] ** 2).sum()) for t in times]
        return float(times[away.argmin()])

    def _reached(self) -> np.ndarray:
        """Pixels [H, W] uint8 that can change: reached by a layer that moves there."""
        reached = np.zeros(self.prepared.image.shape[:2], np.uint8)
        for step in self._steps:
            if step.motion is not None:
                left, top, right, bottom = step.sprite.box
                reached[top:bottom, left:right] |= step.reached()
        return reached


class _Step:
    """One layer's share of a frame."""

    def __init__(self, sprite: Sprite, motion: PixelMotion | None) -> None:
        self.sprite = sprite
        self.motion = motion
        left, top, right, bottom = sprite.box
        self._places = np.stack(
            np.meshgrid(np.arange(right - left, dtype=np.float32), np.arange(bottom - top, dtype=np.float32)), -1
        )

    def field(self, time: float, origin: float, controls: Controls) -> np.ndarray:
        """Displacement at the motion's grid [h, w, 2]."""
        motion = self.motion
        if not controls.first_frame or not motion.basis.loops:
            return motion.at(time)
        # From the quietest moment on, and relative to it: the loop stays one, and begins with the photograph.
        return motion.combine(motion.basis.at(time + origin) - motion.basis.at(origin))

    def paint(self, canvas: np.ndarray, time: float, origin: float, controls: Controls) -> bool:
        """Draw the layer on the canvas [H, W, C]; True where it was exactly at rest."""
        left, top, right, bottom = self.sprite.box
        under = canvas[top:bottom, left:right]
        if self.motion is None:
            _over(under, self.sprite.colours, self.sprite.cover)
            return True
        if self.sprite.layer.kind is Kind.cloud:
            return self._paint_drift(under, time)
        back = self._back(time, origin, controls)
        if not np.abs(back).max(initial=0) > 1e-6:
            _over(under, self.sprite.colours, self.sprite.cover)
            return True
        colours, cover = self._fetch(back)
        _over(under, colours, cover)
        return False

    def _paint_drift(self, under: np.ndarray, time: float) -> bool:
        """Twice, a loop apart: one copy fades as the other comes, so that the loop's end meets its beginning."""
        import cv2

        share = (time / self.motion.basis.duration) % 1
        whole = self.motion.combine(np.ones(1))
        now, _cover = self._fetch(self._wide(invert(share * whole, self.motion.grid)))
        before, cover = self._fetch(self._wide(invert((share - 1) * whole, self.motion.grid)))
        _over(under, cv2.addWeighted(now, 1 - share, before, share, 0), cover)
        return share == 0

    def _back(self, time: float, origin: float, controls: Controls) -> np.ndarray:
        """Where each of the box's pixels comes from, relative to itself [h, w, 2]."""
        if isinstance(self.motion, RigidMotion):
            return self._wide(self.motion.inverse(time))
        return self._wide(invert(self.field(time, origin, controls), self.motion.grid))

    def _wide(self, field: np.ndarray) -> np.ndarray:
        """A field of the motion's grid over the sprite's box, pixel by pixel."""
        import cv2

        grid = self.motion.grid
        left, top, right, bottom = self.sprite.box
        if (grid.left, grid.top, grid.width, grid.height) == (left, top, right - left, bottom - top):
            return cv2.resize(field, (grid.width, grid.height), interpolation=cv2.INTER_LINEAR)
        wide = cv2.resize(field, (grid.width, grid.height), interpolation=cv2.INTER_LINEAR)
        return wide[top - grid.top : bottom - grid.top, left - grid.left : right - grid.left]

    def _fetch(self, back: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Colours and cover [h, w] from where they came."""
        import cv2

        places = cv2.add(self._places, back)
        colours = cv2.remap(self.sprite.colours, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        if self.sprite.surface:
            return colours, self.sprite.cover
        return colours, cv2.remap(self.sprite.cover, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def reached(self) -> np.ndarray:
        """Pixels of the box [h, w] uint8 that the layer may change over its whole duration."""
        import cv2

        extent = self._wide(self.motion.extent()[..., None])
        extent = extent if extent.ndim == 2 else extent[..., 0]
        cover = (self.sprite.cover > 0).astype(np.uint8)
        if self.sprite.surface:
            return cover & (extent > UNSEEN).astype(np.uint8)
        if isinstance(self.motion, RigidMotion):
            return np.ones_like(cover)
        size = 2 * int(np.ceil((extent * cover).max())) + 3
        near = cv2.dilate(cover, np.ones((size, size), np.uint8))
        moving = cv2.dilate((extent > UNSEEN).astype(np.uint8), np.ones((3, 3), np.uint8))
        return near & moving


def invert(displacement: np.ndarray, grid: Grid) -> np.ndarray:
    """The field b(q) = -d(q + b(q)) [h, w, 2], both in pixels of the picture, at a grid's places (Chen et al. 2008)."""
    import cv2

    rows, columns = displacement.shape[:2]
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    places = np.stack([x, y], -1)
    scale = np.array([1 / grid.steps[0], 1 / grid.steps[1]], np.float32)
    back = -displacement
    for _ in range(ITERATIONS):
        back = -cv2.remap(displacement, places + back * scale, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return back


def _over(under: np.ndarray, colours: np.ndarray, cover: np.ndarray) -> None:
    """Paint colours [h, w, C] with a cover [h, w] over `under`, in place."""
    import cv2

    if under.shape[2] != colours.shape[2]:
        full = 255 if colours.dtype == np.uint8 else 1
        colours = np.dstack([colours, np.full(colours.shape[:2], full, colours.dtype)])
    under[...] = cv2.blendLinear(np.ascontiguousarray(under), colours, 1 - cover, cover)


def _merged(image: np.ndarray, canvas: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The canvas where something can move, the picture's own pixels elsewhere."""
    import cv2

    return cv2.copyTo(canvas, moves, image.copy())
