"""The kernel of one substep, specialised to the laws that are present and to whether there are boundaries."""

import taichi as ti

from ..boundaries.contact import Integers, Numbers, Poses, Samples, collide, collide_particle
from ..forward import SPAN
from ..particles import Index3, Ints
from ..transfer import node_velocity
from . import packing as row
from .packing import WIDTH
from .transfer import gather, scatter

Lanes = ti.types.ndarray(dtype=ti.types.vector(WIDTH, None), ndim=2)
Pushes = ti.types.ndarray(dtype=ti.types.vector(3, None), ndim=2)
Nodes = ti.types.ndarray(dtype=ti.types.vector(4, None), ndim=1)
Flat = ti.types.ndarray(ndim=1)


@ti.kernel
def advance(
    motions: Lanes,
    matters: Lanes,
    shapes: Lanes,
    kinds: Flat,
    push: Pushes,
    grid: Nodes,
    node_velocities: Nodes,
    velocity: Flat,
    free: Flat,
    flags: Ints,
    numbers: Numbers,
    integers: Integers,
    samples: Samples,
    poses: Poses,
    step: int,
    t: float,
    decay: float,
    dt: float,
    cell: float,
    least_mass: float,
    offset: Index3,
    shape: Index3,
    lanes: int,
    laws: ti.template(),
    walled: ti.template(),
    shared: ti.template(),
):
    """One substep at fraction t of a frame, by `lanes` threads with a grid each, or by all on one `shared` grid.

    `velocity` is the memory of `node_velocities`, number by number; `walled` says whether there are any walls.
    """
    if ti.static(shared):
        for bundle in range(kinds.shape[0]):
            scatter(
                motions, matters, shapes, kinds, push, grid, flags, bundle, 0, t, dt, cell, offset, shape, laws, True
            )  # fmt: skip
    else:
        for k in range(lanes * SPAN):
            if k % SPAN == 0:
                lane = k // SPAN
                share = (kinds.shape[0] + lanes - 1) // lanes
                for bundle in range(lane * share, ti.min((lane + 1) * share, kinds.shape[0])):
                    scatter(
                        motions, matters, shapes, kinds, push, grid, flags, bundle, lane * free.shape[0],
                        t, dt, cell, offset, shape, laws, False,
                    )  # fmt: skip
    for n in range(free.shape[0]):
        q = ti.Vector.zero(float, 4)
        for lane in range(lanes):
            q += grid[lane * free.shape[0] + n]
            grid[lane * free.shape[0] + n] = ti.Vector.zero(float, 4)
        u = node_velocity(q, free[n], decay, least_mass)
        if ti.static(walled):  # noqa: SIM102 (decides what is compiled)
            if q[3] > least_mass and free[n] > 0.0:
                at = ti.Vector([n // (shape[1] * shape[2]), n // shape[2] % shape[1], n % shape[2]])
                after = collide(
                    ti.Vector([u[0], u[1], u[2]]), cell * ti.cast(at + offset, float), cell,
                    numbers, integers, samples, poses, step,
                )  # fmt: skip
                u = ti.Vector([after[0], after[1], after[2], u[3]])
        node_velocities[n] = u
    if ti.static(shared):
        for bundle in range(kinds.shape[0]):
            gather(motions, velocity, bundle, dt, cell, offset, shape)
    else:
        for k in range(lanes * SPAN):
            if k % SPAN == 0:
                lane = k // SPAN
                share = (kinds.shape[0] + lanes - 1) // lanes
                for bundle in range(lane * share, ti.min((lane + 1) * share, kinds.shape[0])):
                    gather(motions, velocity, bundle, dt, cell, offset, shape)
    if ti.static(walled):
        for p in range(kinds.shape[0] * WIDTH):
            bundle, lane = p // WIDTH, p % WIDTH
            x = ti.Vector([motions[bundle, row.X + i][lane] for i in ti.static(range(3))])
            v = ti.Vector([motions[bundle, row.V + i][lane] for i in ti.static(range(3))])
            # Where the particle was at the start of the substep, as the walls are.
            after, out = collide_particle(v, x - dt * v, cell, numbers, integers, samples, poses, step)
            for i in ti.static(range(3)):
                motions[bundle, row.X + i][lane] = x[i] + dt * (after[i] - v[i]) + out[i]
                motions[bundle, row.V + i][lane] = after[i]
