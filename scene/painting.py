"""A brush that says which splats move: what it passes gets the part, at once, in the attribute that tints them."""

from __future__ import annotations

import bpy
import numpy as np

from ..backend.brush import Projected
from ..backend.gaussians import Gaussians
from . import splats


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
        found = self._projected.under(start, end, radius)
        return found if x_ray else found & self.seen()


class Painter:
    """Strokes on the parts of one object, each of which can be taken back."""

    def __init__(self, obj: bpy.types.Object, view: View) -> None:
        self.view = view
        self.parts = splats.read_parts(obj)
        self._strokes: list[np.ndarray] = []

    def begin(self) -> None:
        """A stroke begins."""
        self._strokes.append(self.parts.copy())

    def paint(self, obj: bpy.types.Object, start, end, radius: float, part: int, x_ray: bool) -> int:
        """Paints from `start` to `end` (pixels) and returns how many splats changed."""
        changed = self.view.under(start, end, radius, x_ray) & (self.parts != part)
        count = int(changed.sum())
        if count:
            self.parts[changed] = part
            splats.write_parts(obj, self.parts)
        return count

    def take_back(self, obj: bpy.types.Object, *, whole: bool = False) -> bool:
        """Takes back the last stroke, or all of them; whether there was one."""
        if not self._strokes:
            return False
        self.parts = self._strokes[0] if whole else self._strokes.pop()
        if whole:
            self._strokes.clear()
        splats.write_parts(obj, self.parts)
        return True
