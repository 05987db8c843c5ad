"""A brush over splats: what it passes gets a part, a stiffness or a hold, at once, in the attribute that says so."""

from __future__ import annotations

import bpy
import numpy as np

from ..backend.brush import Projected
from ..backend.gaussians import Gaussians
from . import splats
from .fields import painted


class View:
    """The splats of an object as a viewport shows them, found anew only when that looks from elsewhere."""

    def __init__(self, cloud: Gaussians) -> None:
        """`cloud` in world space."""
        self.cloud = cloud
        self._from: tuple | None = None
        self._projected: Projected | None = None
        self._seen: np.ndarray | None = None

    def look(self, view: np.ndarray, size: tuple[int, int]) -> Projected:
        """As seen through a matrix from world to clip space [4, 4] on a screen of `size` pixels."""
        key = (np.asarray(view, np.float32).tobytes(), size)
        if self._projected is None or self._from != key:
            self._from, self._seen = key, None
            self._projected = Projected.of(self.cloud.positions, view, size)
        return self._projected

    def seen(self) -> np.ndarray:
        """Splats [N] that others do not hide where it looked last."""
        if self._seen is None:
            self._seen = self._projected.seen(self.cloud.scales, self.cloud.opacity)
        return self._seen

    def under(self, start: np.ndarray, end: np.ndarray, radius: float, x_ray: bool) -> np.ndarray:
        """Splats [N] that a brush passes; without X-ray only those that are seen."""
        return self.weights(start, end, radius, x_ray) > 0

    def weights(self, start: np.ndarray, end: np.ndarray, radius: float, x_ray: bool) -> np.ndarray:
        """How much a brush reaches splats [N]: 1 in its middle, falling to nearly 0 at its rim; 0 where it does not."""
        away = self._projected.away(start, end, radius)
        reached = away <= radius if x_ray else (away <= radius) & self.seen()
        return np.where(reached, np.maximum(1 - np.minimum(away / radius, 1) ** 2, 1e-3) ** 2, 0).astype(np.float32)


class Painter:
    """Strokes on one value a splat of an object, each of which can be taken back and done again."""

    def __init__(self, obj: bpy.types.Object, view: View) -> None:
        self.view = view
        self.values = self.read(obj)
        self._strokes: list[np.ndarray] = []
        self._taken: list[np.ndarray] = []

    def read(self, obj: bpy.types.Object) -> np.ndarray:
        """The values [N] that the object has."""
        raise NotImplementedError

    def write(self, obj: bpy.types.Object) -> None:
        """Gives the object the values."""
        raise NotImplementedError

    def begin(self) -> None:
        """A stroke begins."""
        self._strokes.append(self.values.copy())
        self._taken.clear()

    def take_back(self, obj: bpy.types.Object, *, whole: bool = False) -> bool:
        """Takes back the last stroke, or all of them; whether there was one."""
        if not self._strokes:
            return False
        self._taken.append(self.values)
        self.values = self._strokes[0] if whole else self._strokes.pop()
        if whole:
            self._strokes.clear()
        self.write(obj)
        return True

    def do_again(self, obj: bpy.types.Object) -> bool:
        """Does the stroke again that was taken back last; whether there was one."""
        if not self._taken:
            return False
        self._strokes.append(self.values)
        self.values = self._taken.pop()
        self.write(obj)
        return True

    def _changed(self, obj: bpy.types.Object, new: np.ndarray) -> int:
        """Takes on new values [N] and returns how many splats changed."""
        count = int((new != self.values).sum())
        if count:
            self.values = new
            self.write(obj)
        return count


class PartPainter(Painter):
    """Paints which part splats belong to."""

    def read(self, obj: bpy.types.Object) -> np.ndarray:
        return splats.read_parts(obj)

    def write(self, obj: bpy.types.Object) -> None:
        splats.write_parts(obj, self.values)

    def paint(self, obj: bpy.types.Object, start, end, radius: float, part: int, x_ray: bool) -> int:
        """Paints from `start` to `end` (pixels) and returns how many splats changed."""
        under = self.view.under(start, end, radius, x_ray)
        return self._changed(obj, np.where(under, part, self.values).astype(np.int32))


class HoldPainter(Painter):
    """Paints what is held (1), free (-1) or as its part says (0)."""

    def read(self, obj: bpy.types.Object) -> np.ndarray:
        return painted.read_hold(obj)

    def write(self, obj: bpy.types.Object) -> None:
        painted.write_hold(obj, self.values)

    def paint(self, obj: bpy.types.Object, start, end, radius: float, hold: int, x_ray: bool) -> int:
        """Paints from `start` to `end` (pixels) and returns how many splats changed."""
        under = self.view.under(start, end, radius, x_ray)
        return self._changed(obj, np.where(under, hold, self.values).astype(np.int32))


class StiffnessPainter(Painter):
    """Paints how many times as stiff splats are, kept as log10.

    Within a stroke it does not matter how often, and how fast, the brush passes: the most that it reached a splat
    counts, as in Blender's weight paint without Accumulate.
    """

    def __init__(self, obj: bpy.types.Object, view: View) -> None:
        super().__init__(obj, view)
        self.begin_stroke()

    def read(self, obj: bpy.types.Object) -> np.ndarray:
        return painted.read_stiffening(obj)

    def write(self, obj: bpy.types.Object) -> None:
        painted.write_stiffening(obj, self.values)

    def begin(self) -> None:
        super().begin()
        self.begin_stroke()

    def begin_stroke(self) -> None:
        """What the stroke starts from."""
        self._before, self._reached = self.values.copy(), np.zeros(len(self.values), np.float32)

    def paint(self, obj, start, end, radius: float, factor: float, strength: float, x_ray: bool) -> int:
        """Brings what is between `start` and `end` (pixels) towards a factor; returns how many splats changed."""
        return self._blend(obj, np.float32(np.log10(factor)), strength, self.view.weights(start, end, radius, x_ray))

    def smooth(self, obj, start, end, radius: float, strength: float, x_ray: bool) -> int:
        """Brings what is between `start` and `end` (pixels) towards its mean; returns how many splats changed."""
        weights = self.view.weights(start, end, radius, x_ray)
        if not weights.any():
            return 0
        return self._blend(obj, np.float32(np.average(self._before, weights=weights)), strength, weights)

    def _blend(self, obj, target: np.float32, strength: float, weights: np.ndarray) -> int:
        reached = np.maximum(self._reached, np.float32(strength) * weights)
        more = reached > self._reached
        self._reached = reached
        blended = self._before + reached * (target - self._before)
        blended[np.abs(blended) < 1e-4] = 0
        return self._changed(obj, np.where(more, blended, self.values).astype(np.float32))
