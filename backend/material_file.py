"""`MaterialField`: fitted stiffness of a subject as a file, apart from the object that it was found on.

Everything is in the axes and units of the capture's own file, so that it fits any object made of the same capture,
wherever and however large that stands. Damping is kept as a ratio: a larger copy swings slower, and dies away slower.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import arrays

SUFFIX = ".sway"
FORMAT = "sway material 1"
NEIGHBOURS = 4
"""Points whose stiffness a place between them takes."""
FAR = 3.0
"""Spacings of the points from which two shapes differ at a place."""
MOVED = 0.05
"""Of the subject's size: particles usually lie nearer than that to the middle of their splats."""
MOST_APART = 0.1
"""Share of the places that may differ: an edited copy is still the same plant."""


@dataclass(frozen=True)
class MaterialField:
    points: np.ndarray
    """Where stiffness is known [Q, 3], the capture's own axes and units."""
    log_young: np.ndarray
    """log10 of Young's modulus there [Q], pascals."""
    density: np.ndarray
    """kg/m^3 [Q]."""
    velocity: np.ndarray
    """The fitted push there [Q, 3], capture's units per second."""
    poisson: float
    damping_ratio: float
    """Of the slowest sway, 1 at critical damping."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Where it comes from: object, clip, certainty; anything that JSON takes."""

    @staticmethod
    def of_fit(
        a: dict[str, np.ndarray], places: np.ndarray, matrix: np.ndarray, provenance: dict[str, Any]
    ) -> MaterialField:
        """The material of a fit (`Fitted.to_arrays`) of splats at `places` [N, 3] in the capture's axes.

        `matrix` [4, 4] takes those to the world. Raises ValueError where the splats are not where they were fitted.
        """
        splats, particles, weights = (a[f"binding_{name}"] for name in ("splats", "particles", "weights"))
        if splats.max() >= len(places):
            raise ValueError("the splats were edited after the fit; fit the material again")
        linear = matrix[:3, :3]
        world = places[splats] @ linear.T + matrix[:3, 3]
        carried = np.zeros(len(a["rest"]))
        middle = np.zeros_like(a["rest"], dtype=float)
        for k in range(particles.shape[1]):
            np.add.at(carried, particles[:, k], weights[:, k])
            np.add.at(middle, particles[:, k], weights[:, k, None] * world)
        known = carried > 0
        off = np.linalg.norm(middle[known] / carried[known, None] - a["rest"][known], axis=1)
        if np.median(off) > MOVED * np.ptp(a["rest"], axis=0).max():
            raise ValueError("the object was moved, turned or scaled after the fit; put it back, or fit it again")
        back = np.linalg.inv(linear)
        return MaterialField(
            points=(a["rest"] - matrix[:3, 3]) @ back.T,
            log_young=np.log10(a["young"]),
            density=np.asarray(a["density"], float),
            velocity=a["velocity"] @ back.T,
            poisson=float(np.mean(a["poisson"])),
            damping_ratio=float(a["damping"] / (4 * np.pi * a["frequency"])),
            provenance=provenance,
        )

    @property
    def spacing(self) -> float:
        """Usual distance from a point to the next one."""
        from scipy.spatial import KDTree

        return float(np.median(KDTree(self.points).query(self.points, k=[2])[0]))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file, atomically."""
        named = {name: np.asarray(value) for name, value in vars(self).items() if name != "provenance"}
        return arrays.save(
            path, named | {"format": np.array(FORMAT), "provenance": np.array(json.dumps(self.provenance))}
        )

    @staticmethod
    def read(path: str | os.PathLike[str]) -> MaterialField:
        """The field of a file. Raises FileNotFoundError, and ValueError for a file that holds none."""
        name = Path(path).name
        if not Path(path).is_file():
            raise FileNotFoundError(f"{name} is not there; choose a material saved by Save Material")
        try:
            a = arrays.load(path)
            if str(a["format"]) != FORMAT:
                raise ValueError
            numbers = float(a["poisson"]), float(a["damping_ratio"]), json.loads(str(a["provenance"]))
            return MaterialField(a["points"], a["log_young"], a["density"], a["velocity"], *numbers)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
            raise ValueError(f"{name} is no material of Sway; choose a file written by Save Material") from None

    def placed(self, matrix: np.ndarray) -> MaterialField:
        """The same in another frame: `matrix` [4, 4] takes the capture's axes there; it turns, moves and scales."""
        linear = matrix[:3, :3]
        moved = {"points": self.points @ linear.T + matrix[:3, 3], "velocity": self.velocity @ linear.T}
        return MaterialField(**(vars(self) | moved))

    def at(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(log10 E [P], density [P], velocity [P, 3]) at places [P, 3]: means of the nearest points by distance."""
        from scipy.spatial import KDTree

        distance, index = KDTree(self.points).query(places, k=np.arange(1, min(NEIGHBOURS, len(self.points)) + 1))
        weights = 1 / (distance + 1e-3 * self.spacing)
        weights /= weights.sum(1, keepdims=True)
        velocity = np.einsum("pk,pkc->pc", weights, self.velocity[index])
        return (weights * self.log_young[index]).sum(1), (weights * self.density[index]).sum(1), velocity

    def check_shape(self, places: np.ndarray) -> None:
        """Raises ValueError, saying how much, where places [P, 3] of another subject are not where the points are.

        Both ways: matter of the other one without a point near it, and points without matter near them.
        """
        from scipy.spatial import KDTree

        far = FAR * max(self.spacing, float(np.median(KDTree(places).query(places, k=[2])[0])))
        bare = float((KDTree(self.points).query(places)[0] > far).mean())
        missing = float((KDTree(places).query(self.points)[0] > far).mean())
        if max(bare, missing) > MOST_APART:
            raise ValueError(
                f"the shapes differ too much: {100 * bare:.0f} % of what moves here is away from the saved material, "
                f"and {100 * missing:.0f} % of the material from what moves; load it onto an object of the same capture"
            )
