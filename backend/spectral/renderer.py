"""Frames of a picture that was taken apart: each layer warped by its motion, painted over what lies behind.

Every pixel of a layer fetches its colour from where it came from (inverse warp), so that nothing has holes. Where
nothing can move the picture's own pixels are shown, unchanged.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..picture import Kind
from .drift import RigidMotion
from .layer_motion import Controls, layer_motions
from .layers import Prepared, Sprite, straight
from .pixel_motion import Grid, PixelMotion

ITERATIONS = 8
"""Of the fixed point that inverts a displacement; each shrinks its error by the field's gradient, 0.3 or less."""
TALL, WIDE = 48, 384
"""Pixels: the pieces that are drawn at a time, by all cores, are at most so large."""
GAP = 32
"""Pixels: a gap this narrow between two pieces of a row is drawn along; each piece costs something, too."""
FADE = 0.45
"""Of a loop: how long drifting clouds take to fade into those that come after. Longer, and the two cancel."""
SETTLED = 0.01
"""Pixels: the fixed point is there."""
STALLED = 0.9
"""Times the change before: it comes no nearer."""
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
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)
        wanted = np.ones_like(self._moves) if self.controls.transparent else self._moves.copy()
        for step in reversed(self._steps):
            step.choose_tiles(wanted)
        self._bands = self._in_bands()

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
        time = self.time(index)
        found = [self._pool.submit(step.copies, time, self._origin, self.controls) for step in self._steps]

        def paint(band: list[tuple[int, _Tile]]) -> None:
            # The pool takes its work in order: what is waited for here has begun.
            for number, tile in band:
                self._steps[number].paint(canvas, tile, found[number].result()[0])

        for _ in self._pool.map(paint, self._bands):
            pass
        still = all(copies.result()[1] for copies in found)
        if self.controls.transparent:
            return straight(canvas)
        if still:
            return self.prepared.picture.image.copy()
        return _merged(self.prepared.picture.image, straight(canvas), self._moves)

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
            grid, cover = step.motion.grid, step.sprite.layer.area
            wide = cv2.resize(field, (grid.width, grid.height), interpolation=cv2.INTER_LINEAR)
            rows, columns = slice(grid.top, grid.top + grid.height), slice(grid.left, grid.left + grid.width)
            share = cover[rows, columns, None]
            total[rows, columns] = (1 - share) * total[rows, columns] + share * wide
        return total

    def _in_bands(self) -> list[list[tuple[int, _Tile]]]:
        """For each TALL rows of the picture, the layers by number and their pieces, from back to front."""
        bands: list[list[tuple[int, _Tile]]] = [[] for _ in range(-(-self.prepared.image.shape[0] // TALL))]
        for number, step in enumerate(self._steps):
            for tile in step.tiles:
                bands[(step.sprite.box[1] + tile.rows.start) // TALL].append((number, tile))
        return [band for band in bands if band]

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
            left, top, right, bottom = step.sprite.box
            reached[top:bottom, left:right] |= step.reached()
        return reached


class _Step:
    """One layer's share of a frame, drawn tile by tile, only where something moves."""

    def __init__(self, sprite: Sprite, motion: PixelMotion | None) -> None:
        self.sprite = sprite
        self.motion = motion
        self.tiles: list[_Tile] = []
        left, top, right, bottom = sprite.box
        self._places = np.stack(
            np.meshgrid(np.arange(right - left, dtype=np.float32), np.arange(bottom - top, dtype=np.float32)), -1
        )

    def reached(self) -> np.ndarray:
        """Pixels of the box [h, w] uint8 that the layer may change over its whole duration."""
        import cv2

        cover = (self.sprite.cover > 0).astype(np.uint8)
        if self.motion is None:
            return np.zeros_like(cover)
        if isinstance(self.motion, RigidMotion):
            return np.ones_like(cover)
        extent = self._wide(self.motion.extent()[..., None])
        moving = (extent > UNSEEN).astype(np.uint8)
        if self.sprite.surface:
            return cover & moving
        return _grown(cover, float((extent * cover).max())) & cv2.dilate(moving, np.ones((3, 3), np.uint8))

    def choose_tiles(self, wanted: np.ndarray) -> None:
        """Keep the pieces of the box that are `wanted` [H, W] uint8 and in which the layer is or may come to be.

        What it always hides is then taken off `wanted`.
        """
        left, top, right, bottom = self.sprite.box
        cover = self.sprite.cover
        travel = 0.0
        if self.motion is not None and not self.sprite.surface:
            travel = np.inf if isinstance(self.motion, RigidMotion) else float(self.motion.extent().max())
        if np.isinf(travel):
            near, solid = np.ones(cover.shape, np.uint8), np.zeros(cover.shape, np.uint8)
        else:
            near = _grown((cover > 0).astype(np.uint8), travel)
            solid = 1 - _grown((cover < 1).astype(np.uint8), travel)
        own = wanted[top:bottom, left:right]
        self.tiles = [_Tile(*place, bool(solid[place].all())) for place in _pieces(own & near, top)]
        own &= 1 - solid

    def field(self, time: float, origin: float, controls: Controls) -> np.ndarray:
        """Displacement at the motion's grid [h, w, 2]."""
        motion = self.motion
        if not controls.first_frame or not motion.basis.loops:
            return motion.at(time)
        # From the quietest moment on, and relative to it: the loop stays one, and begins with the photograph.
        return motion.combine(motion.basis.at(time + origin) - motion.basis.at(origin))

    def copies(self, time: float, origin: float, controls: Controls) -> tuple[list[tuple[np.ndarray, float]], bool]:
        """Where each of the box's pixels comes from, relative to itself [h, w, 2], and how much that counts.

        None for a layer at rest; two for clouds, a loop apart: towards its end one fades as the other comes, and so
        meets the loop's beginning.
        """
        if self.motion is None:
            return [], True
        if self.sprite.layer.kind is Kind.cloud:
            share = (time / self.motion.basis.duration) % 1
            fade = np.clip((share - 1 + FADE) / FADE, 0, 1)
            fade = float(fade**2 * (3 - 2 * fade))
            whole = self.motion.combine(np.ones(1))
            copies = [(share * whole, 1 - fade), ((share - 1) * whole, fade)]
            return [(self._wide(invert(d, self.motion.grid)), w) for d, w in copies if w], share == 0
        if isinstance(self.motion, RigidMotion):
            back = self.motion.inverse(time)
        else:
            back = invert(self.field(time, origin, controls), self.motion.grid)
        if not np.abs(back).max(initial=0) > 1e-6:
            return [], True
        return [(self._wide(back), 1.0)], False

    def paint(self, canvas: np.ndarray, tile: _Tile, copies: list[tuple[np.ndarray, float]]) -> None:
        """Draw a piece of the layer on the canvas [H, W, C], from where `copies` found that it comes."""
        import cv2

        place = tile.rows, tile.columns
        sprite = self.sprite
        colours, cover = sprite.colours[place], sprite.cover[place]
        for i, (back, weight) in enumerate(copies):
            source = cv2.add(self._places[place], back[place])
            fetched = cv2.remap(sprite.colours, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            colours = fetched if i == 0 else cv2.addWeighted(colours, 1 - weight, fetched, weight, 0)
            if not (sprite.surface or tile.solid):
                cover = cv2.remap(sprite.cover, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        left, top, right, bottom = sprite.box
        _over(canvas[top:bottom, left:right][place], colours, None if tile.solid else cover)

    def _wide(self, field: np.ndarray) -> np.ndarray:
        """A field of the motion's grid over the sprite's box, pixel by pixel."""
        import cv2

        grid = self.motion.grid
        left, top, right, bottom = self.sprite.box
        wide = cv2.resize(field, (grid.width, grid.height), interpolation=cv2.INTER_LINEAR)
        return wide[top - grid.top : bottom - grid.top, left - grid.left : right - grid.left]


@dataclass(frozen=True)
class _Tile:
    """A piece of a sprite's box."""

    rows: slice
    columns: slice
    solid: bool
    """The layer covers all of it, wherever it moves."""


def _pieces(wanted: np.ndarray, first: int) -> list[tuple[slice, slice]]:
    """Rectangles of at most TALL x WIDE pixels that together hold what is wanted of a box [h, w], and little else.

    first: the box's first row in the picture; no rectangle reaches over a multiple of TALL rows there.
    """
    pieces = []
    for line in range(-(first % TALL), len(wanted), TALL):
        top = max(line, 0)
        band = wanted[top : line + TALL]
        columns = np.flatnonzero(band.any(0))
        for run in np.split(columns, np.flatnonzero(np.diff(columns) > GAP) + 1):
            for left in range(run[0], run[-1] + 1, WIDE) if len(run) else ():
                right = min(left + WIDE, int(run[-1]) + 1)
                rows = np.flatnonzero(band[:, left:right].any(1))
                if len(rows):
                    pieces.append((slice(top + int(rows[0]), top + int(rows[-1]) + 1), slice(int(left), right)))
    return pieces


def _grown(mask: np.ndarray, reach: float) -> np.ndarray:
    """A mask [h, w] uint8 wider by `reach` pixels, those of interpolation included."""
    import cv2

    size = 2 * int(np.ceil(reach)) + 5
    return cv2.dilate(mask, np.ones((size, size), np.uint8))


def invert(displacement: np.ndarray, grid: Grid) -> np.ndarray:
    """The field b(q) = -d(q + b(q)) [h, w, 2], both in pixels of the picture, at a grid's places (Chen et al. 2008)."""
    import cv2

    rows, columns = displacement.shape[:2]
    places = np.stack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)), -1)
    # Times a row, not a pair: broadcast over the last axis the product takes ten times as long.
    steps = np.tile(np.array(grid.steps, np.float32), columns)
    # In grid places, as remap counts.
    ahead = (displacement.reshape(rows, -1) / steps).reshape(displacement.shape)
    back = -ahead
    change = np.inf
    for _ in range(ITERATIONS):
        before, change_before = back, change
        back = cv2.remap(ahead, cv2.add(places, back), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        back = cv2.subtract(0.0, back)
        change = cv2.norm(back, before, cv2.NORM_INF) * steps.max()
        # Remap counts in 32nds of a place: from there on it goes to and fro.
        if change < SETTLED or change > STALLED * change_before:
            break
    return (back.reshape(rows, -1) * steps).reshape(back.shape)


def _over(under: np.ndarray, colours: np.ndarray, cover: np.ndarray | None) -> None:
    """Paint colours [h, w, C] with a cover [h, w] (None: opaque) over `under`, in place."""
    import cv2

    if under.shape[2] != colours.shape[2]:
        full = 255 if colours.dtype == np.uint8 else 1
        colours = np.dstack([colours, np.full(colours.shape[:2], full, colours.dtype)])
    if cover is None:
        under[...] = colours
    else:
        under[...] = cv2.blendLinear(np.ascontiguousarray(under), np.ascontiguousarray(colours), 1 - cover, cover)


def _merged(image: np.ndarray, canvas: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The canvas where something can move, the picture's own pixels elsewhere."""
    import cv2

    return cv2.copyTo(canvas, moves, image.copy())
