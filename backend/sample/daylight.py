"""Light baked into splats on surfaces: sun and sky, shadowed by the splats themselves on a coarse grid."""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from ..gaussians import Gaussians, sh_from_colours
from ..srgb import from_linear
from .surfaces import Patch

SUN, SUN_LIGHT = np.array([-0.45, -0.50, 0.74]), np.array([2.9, 2.65, 2.25])
"""Direction towards the sun, over the left shoulder of who looks along +Y, and its light, linear sRGB."""
SKY_LIGHT, BOUNCE_LIGHT = np.array([0.95, 1.05, 1.15]), np.array([0.42, 0.40, 0.37])
"""Light from straight above and from below."""
SKY = np.array([[0, 0, 1], [0.8, 0, 0.6], [-0.4, 0.7, 0.6], [-0.4, -0.7, 0.6], [0.5, -0.85, 0.15], [-0.95, 0.1, 0.3]])
"""Directions [6, 3] in which the sky is looked for."""

CELL, STEPS = 0.005, 26
"""Cells of the shadow grid [m] and how many of them a ray passes."""


def lit_cloud(patches: list[Patch]) -> Gaussians:
    """All patches in order as one splat cloud in daylight."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(patch, name) for patch in patches]).astype(np.float32)

    rotations = rot.quaternion_from_matrix(joined("axes"))
    return Gaussians(joined("positions"), rotations, joined("scales"), joined("opacity"), sh_from_colours(lit(patches)))


def lit(patches: list[Patch]) -> np.ndarray:
    """Display-referred colours [N, 3] of all patches, in order."""
    positions = np.concatenate([patch.positions for patch in patches])
    normals = np.concatenate([patch.axes[:, :, 2] for patch in patches])
    grid = _ShadowGrid(positions, np.concatenate([patch.area for patch in patches]))
    sun_direction = SUN / np.linalg.norm(SUN)
    sun = grid.transmittance(positions + 1.5 * CELL * normals, sun_direction)
    sky = np.mean([grid.transmittance(positions + CELL * normals, way / np.linalg.norm(way)) for way in SKY], axis=0)

    colours = []
    start = 0
    for patch in patches:
        part = slice(start, start + len(patch.positions))
        start = part.stop
        facing = normals[part] @ sun_direction
        through = patch.translucency * np.array([0.9, 1.0, 0.5])  # leaves swallow blue
        direct = np.maximum(facing, 0)[:, None] + np.maximum(-facing, 0)[:, None] * through
        up = 0.5 + 0.5 * normals[part, 2:]
        ambient = up * SKY_LIGHT * sky[part, None] + (1 - up) * BOUNCE_LIGHT * (0.4 + 0.6 * sky[part, None])
        light = direct * SUN_LIGHT * sun[part, None] + ambient
        half = sun_direction + np.array([0, -0.8, 0.6])  # the highlight as seen from the front and a little above
        shine = patch.gloss * np.maximum(normals[part] @ (half / np.linalg.norm(half)), 0) ** 24 * sun[part]
        colours.append(_display(patch.albedo * light + shine[:, None]))
    return np.concatenate(colours)


def _display(linear: np.ndarray) -> np.ndarray:
    """sRGB-encoded colours, highlights compressed softly."""
    linear = linear * (1 + linear / 4) / (1 + linear)  # Reinhard et al. 2002, eq. 4, white at 2
    return from_linear(linear).clip(0, 1)


class _ShadowGrid:
    """Surface area per cell, as the optical depth of a ray through it."""

    def __init__(self, positions: np.ndarray, area: np.ndarray) -> None:
        self.low = positions.min(0) - CELL
        index = self._index(positions)
        self.depth = np.zeros(index.max(0) + 2)
        np.add.at(self.depth, tuple(index.T), area / CELL**2)

    def _index(self, positions: np.ndarray) -> np.ndarray:
        return ((positions - self.low) / CELL).astype(int)

    def transmittance(self, positions: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Share of light [N] that reaches positions [N, 3] from a direction [3]."""
        last = np.array(self.depth.shape) - 1  # an empty margin: rays that leave the grid stay in it
        depth = np.zeros(len(positions))
        for step in range(1, STEPS + 1):
            index = self._index(positions + step * CELL * direction).clip(0, last)
            depth += self.depth[tuple(index.T)]
        return np.exp(-0.7 * depth)
