"""`PartsField`: one Young's modulus for each part of a subject."""

from __future__ import annotations

import numpy as np


class PartsField:
    """Young's modulus in pascals, of the part of the nearest of some labelled points."""

    def __init__(self, points: np.ndarray, part: np.ndarray, log_young: np.ndarray) -> None:
        """Points [P, 3] (m), the part of each [P], counted from 0, and log10 of Young's modulus of the parts [C]."""
        self._points, self._part = points, part
        self.parameters = {"log_young": np.asarray(log_young, np.float64)}
        self._young = self._found = np.zeros(0)

    def value(self, points: np.ndarray) -> np.ndarray:
        from scipy.spatial import KDTree

        same = points is self._points
        self._found = self._part if same else self._part[KDTree(self._points).query(points)[1]]
        self._young = 10 ** self.parameters["log_young"][self._found]
        return self._young

    def pull(self, gradient: np.ndarray) -> dict[str, np.ndarray]:
        count = len(self.parameters["log_young"])
        return {"log_young": np.log(10) * np.bincount(self._found, gradient * self._young, count)}
