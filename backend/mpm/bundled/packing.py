"""The particles of one simulation in bundles, as `step` wants them, sorted so that neighbours share caches.

A bundle holds WIDTH particles of one material law; an array of bundles is [bundles, COLUMNS, WIDTH]. Three of them:
MOTION: x [m, from the grid's origin], v, C and the mass;
MATTER: the deformation gradient that stress comes from, Lame's parameters, volume, the law's memory and its constants;
SHAPE: the deformation gradient since rest, where a plastic law has another one in MATTER.
16 columns, because a power of two lets the compiler address them without arithmetic.
"""

from __future__ import annotations

import numpy as np

from .. import storage
from ..materials.law import Law

WIDTH = 8
"""A vector register of floats."""
COLUMNS = 16
X, V, C, MASS = 0, 3, 6, 15
"""First columns of MOTION."""
MU, LAM, VOLUME, MEMORY, CONSTANT = 9, 10, 11, 12, 13
"""Columns of MATTER after the matrix."""
BLOCK = 4
"""Cells along the cubes whose particles are kept together."""
DISORDER = 2.0
"""How many times as often as when sorted the cube may change from one particle to the next before they are sorted."""
STRAYS = 0.1
"""Share of the particles that may stray into other cubes besides: sorting costs what as many of them cost."""
STRETCH_LIMIT = 10.0
"""Principal stretch beyond which the visible deformation of what flows is cut off: a splat is no thread."""

Arrays = tuple[np.ndarray, ...]
"""(motion, matter, shape), each [.., COLUMNS]; shape is empty where no law is plastic."""


class Bundles:
    """P particles on the device."""

    def __init__(self, laws: tuple[Law, ...], kind: np.ndarray, motion: np.ndarray, matter: np.ndarray, cell: float):
        """Particles of law `kind` [P] in rows [P, COLUMNS], at rest."""
        self.laws = laws
        self._cell = cell
        plastic = any(law.plastic for law in laws)
        self._fill(kind, (motion, matter, matter if plastic else np.zeros((0, COLUMNS))))

    def __len__(self) -> int:
        return len(self.kinds)

    def copy(self) -> list[np.ndarray]:
        """The present state, for `restore`."""
        return [storage.host(array).copy() for array in self.arrays]

    def restore(self, arrays: list[np.ndarray]) -> None:
        for array, values in zip(self.arrays, arrays, strict=True):
            storage.put(array, slice(None), values)

    def positions(self) -> np.ndarray:
        """x [P, 3]."""
        return _rows(self.arrays[0], slice(X, V))[self._slot]

    def velocities(self) -> np.ndarray:
        """v [P, 3]."""
        return _rows(self.arrays[0], slice(V, C))[self._slot]

    def place(self, particles: np.ndarray, x: np.ndarray, v: np.ndarray, R: np.ndarray, spin: np.ndarray) -> None:
        """Set particles [K] to x, v [K, 3], F to the rotation R [3, 3], the velocity gradient to `spin` [3, 3]."""
        motion, *gradients = self.arrays
        bundle, lane = np.divmod(self._slot[particles], WIDTH)
        spins = np.tile(spin.ravel(), (len(particles), 1))
        columns = np.arange(C + 9)
        storage.put(motion, (bundle[:, None], columns, lane[:, None]), np.concatenate([x, v, spins], 1))
        for array in gradients:
            if len(array):
                storage.put(array, (bundle[:, None], columns[:9], lane[:, None]), R.ravel()[None])

    def slots(self, particles: np.ndarray) -> np.ndarray:
        """Where particles [K] are: WIDTH times the bundle, plus the lane."""
        return self._slot[particles]

    def loosen(self, particles: np.ndarray) -> None:
        """Take volume, and so stress, from particles [K], and leave of their deformation its rotation."""
        bundle, lane = np.divmod(self._slot[particles], WIDTH)
        storage.put(self.arrays[1], (bundle, VOLUME, lane), np.zeros(len(particles)))
        for array in self.arrays[1:]:
            if len(array):
                F = storage.host(array)[bundle[:, None], np.arange(9), lane[:, None]].reshape(-1, 3, 3)
                U, _, Vt = np.linalg.svd(F)
                storage.put(array, (bundle[:, None], np.arange(9), lane[:, None]), (U @ Vt).reshape(-1, 9))

    def deformation(self) -> np.ndarray:
        """F since rest [P, 3, 3]; where a material flows, its stretches are kept within STRETCH_LIMIT from now on."""
        visible = self.arrays[2] if len(self.arrays[2]) else self.arrays[1]
        F = _rows(visible, slice(9))[self._slot].reshape(-1, 3, 3)
        flows = np.array([law.flows for law in self.laws])[self._kind]
        long = np.flatnonzero(flows & ((F**2).sum((1, 2)) > STRETCH_LIMIT**2))
        if len(long):
            U, s, Vt = np.linalg.svd(F[long])
            F[long] = (U * np.clip(s, 1 / STRETCH_LIMIT, STRETCH_LIMIT)[:, None]) @ Vt
            bundle, lane = np.divmod(self._slot[long], WIDTH)
            storage.put(visible, (bundle[:, None], np.arange(9), lane[:, None]), F[long].reshape(-1, 9))
        return F

    def finite(self) -> bool:
        return all(np.isfinite(storage.host(array)).all() for array in self.arrays)

    def of_each(self, values: np.ndarray) -> np.ndarray:
        """Values [P, ...] in the order of lanes."""
        return values[self._particle]

    def sort(self) -> None:
        """Sort anew when motion has mixed the particles up; nothing but the order of sums depends on it."""
        motion = _rows(self.arrays[0], slice(X, V))
        if np.count_nonzero(np.diff(self._cube(motion))) > DISORDER * self._changes + STRAYS * len(self._slot):
            rows = tuple(_rows(a, slice(None))[self._slot] if len(a) else np.zeros((0, COLUMNS)) for a in self.arrays)
            self._fill(self._kind, rows)

    def _cube(self, x: np.ndarray) -> np.ndarray:
        """A number for the cube of cells that each x [.., 3] is in; it changes along z first."""
        cube = np.floor(x / (BLOCK * self._cell)).astype(np.int64)
        return (cube[:, 0] * 2**20 + cube[:, 1]) * 2**20 + cube[:, 2]

    def _fill(self, kind: np.ndarray, rows: Arrays) -> None:
        """Put rows [P, COLUMNS] into bundles in good order."""
        motion, matter, shape = rows
        x = motion[:, X:V]
        cell = np.floor(x / self._cell).astype(np.int64)
        order = np.lexsort((*(cell % BLOCK).T[::-1], self._cube(x), kind))
        # Each law's last bundle is filled up with copies of its last particle that weigh nothing and press nothing.
        groups = [order[kind[order] == k] for k in range(len(self.laws))]
        spare = [-len(group) % WIDTH for group in groups]
        lanes = [np.append(group, np.repeat(group[-1:], n)) for group, n in zip(groups, spare, strict=True)]
        copies = [np.arange(len(group) + n) >= len(group) for group, n in zip(groups, spare, strict=True)]
        self._particle, copies = np.concatenate(lanes), np.concatenate(copies)
        self._kind = kind
        self._slot = np.empty(len(kind), np.int64)
        self._slot[self._particle[~copies]] = np.flatnonzero(~copies)
        self._changes = np.count_nonzero(np.diff(self._cube(x[self._particle])))
        motion, matter = motion[self._particle], matter[self._particle]
        motion[copies, MASS] = 0
        matter[copies, VOLUME] = 0
        shape = shape[self._particle] if len(shape) else shape
        self.kinds = storage.zeros(len(self._particle) // WIDTH, dtype=np.int32)
        storage.put(self.kinds, slice(None), kind[self._particle[::WIDTH]])
        self.arrays = tuple(_bundled(array) for array in (motion, matter, shape))


def _bundled(rows: np.ndarray):
    """Rows [P, COLUMNS] as bundles on the device."""
    array = storage.zeros(len(rows) // WIDTH, COLUMNS, WIDTH)
    storage.put(array, slice(None), rows.reshape(-1, WIDTH, COLUMNS).transpose(0, 2, 1))
    return array


def _rows(array, columns: slice) -> np.ndarray:
    """Some columns of bundles, as rows in the order of lanes."""
    part = storage.host(array)[:, columns]
    return part.transpose(0, 2, 1).reshape(-1, part.shape[1])
