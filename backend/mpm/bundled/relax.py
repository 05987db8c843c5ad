"""Bundles that air slows down, v' = exp(-rate dt) v, and loose particles, which deform no more: C' = 0."""

import taichi as ti

from . import packing as row
from .packing import WIDTH

Lanes = ti.types.ndarray(dtype=ti.types.vector(WIDTH, None), ndim=2)
Reals = ti.types.ndarray(ndim=1)
Ints = ti.types.ndarray(ndim=1)


@ti.kernel
def relax(motions: Lanes, rate: Reals, dt: float):
    """One substep for rates [lanes] in 1/s."""
    for p in range(rate.shape[0]):
        bundle, lane = p // WIDTH, p % WIDTH
        left = ti.exp(-dt * rate[p])
        for i in ti.static(range(3)):
            motions[bundle, row.V + i][lane] = left * motions[bundle, row.V + i][lane]


@ti.kernel
def stop_deforming(motions: Lanes, lanes: Ints):
    """Forget the velocity gradient of particles in the given lanes [K]."""
    for k in range(lanes.shape[0]):
        bundle, lane = lanes[k] // WIDTH, lanes[k] % WIDTH
        for i in ti.static(range(9)):
            motions[bundle, row.C + i][lane] = 0.0
