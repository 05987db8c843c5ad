"""The kernel of one substep, specialised to the laws that are present and to whether there are boundaries."""

import taichi as ti

from ..boundaries.contact import Integers, Numbers, Poses, Samples, collide, collide_particle
from ..forward import SPAN
from ..particles import Index3, Ints
from ..transfer import node_velocity
from ..window import BLOCK
from . import packing as row
from .packing import WIDTH
from .transfer import gather, scatter

Lanes = ti.types.ndarray(dtype=ti.types.vector(WIDTH, None), ndim=2)
Rows = ti.types.ndarray(dtype=ti.types.vector(WIDTH, None), ndim=1)
Pushes = ti.types.ndarray(dtype=ti.types.vector(3, None), ndim=2)
Nodes = ti.types.ndarray(dtype=ti.types.vector(4, None), ndim=1)
Flat = ti.types.ndarray(ndim=1)
Counts = ti.types.ndarray(dtype=ti.i32, ndim=1)


@ti.func
def reached(touched: ti.template(), block, blocks, stamp):
    """Whether a stencil of this substep reaches into a block of nodes: it began there, or in a block before."""
    found = 0
    for i, j, k in ti.static(ti.ndrange(2, 2, 2)):
        b = ti.max(block - ti.Vector([i, j, k]), 0)
        found |= touched[(b[0] * blocks[1] + b[1]) * blocks[2] + b[2]] == stamp
    return found


@ti.func
def update_node(
    grid: ti.template(),
    node_velocities: ti.template(),
    free: ti.template(),
    n,
    lanes,
    decay,
    cell,
    least_mass,
    offset,
    shape,
    numbers: ti.template(),
    integers: ti.template(),
    samples: ti.template(),
    poses: ti.template(),
    step,
    walled: ti.template(),
):
    """Sum node n over the grids of `lanes` threads, clear it there, and set its velocity."""
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


@ti.func
def update_block(
    grid: ti.template(),
    node_velocities: ti.template(),
    free: ti.template(),
    block,
    lanes,
    decay,
    cell,
    least_mass,
    offset,
    shape,
    numbers: ti.template(),
    integers: ti.template(),
    samples: ti.template(),
    poses: ti.template(),
    step,
    walled: ti.template(),
):
    """`update_node` for all nodes of a block."""
    first = ti.Vector(BLOCK) * block
    last = ti.min(first + ti.Vector(BLOCK), shape)
    for i in range(first[0], last[0]):
        for j in range(first[1], last[1]):
            for k in range(first[2], last[2]):
                update_node(
                    grid, node_velocities, free, (i * shape[1] + j) * shape[2] + k, lanes, decay, cell, least_mass,
                    offset, shape, numbers, integers, samples, poses, step, walled,
                )  # fmt: skip


@ti.kernel
def advance(
    motions: Lanes,
    motion_rows: Rows,
    matters: Lanes,
    shapes: Lanes,
    kinds: Flat,
    push: Pushes,
    grid: Nodes,
    node_velocities: Nodes,
    velocity: Flat,
    free: Flat,
    touched: Counts,
    flags: Ints,
    numbers: Numbers,
    integers: Integers,
    samples: Samples,
    poses: Poses,
    step: int,
    stamp: int,
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
    `motion_rows` is the memory of `motions`, bundle after bundle.
    `touched` holds for each block of nodes the `stamp` of the last substep that had a stencil begin there.
    """
    if ti.static(shared):
        for bundle in range(kinds.shape[0]):
            scatter(
                motions, matters, shapes, kinds, push, grid, touched, flags, bundle, 0,
                stamp, t, dt, cell, offset, shape, laws, True,
            )  # fmt: skip
    else:
        for k in range(lanes * SPAN):
            if k % SPAN == 0:
                lane = k // SPAN
                share = (kinds.shape[0] + lanes - 1) // lanes
                for bundle in range(lane * share, ti.min((lane + 1) * share, kinds.shape[0])):
                    scatter(
                        motions, matters, shapes, kinds, push, grid, touched, flags, bundle, lane * free.shape[0],
                        stamp, t, dt, cell, offset, shape, laws, False,
                    )  # fmt: skip
    if ti.static(shared):
        for n in range(free.shape[0]):
            update_node(
                grid, node_velocities, free, n, lanes, decay, cell, least_mass, offset, shape,
                numbers, integers, samples, poses, step, walled,
            )  # fmt: skip
    else:
        for k in range(lanes * SPAN):
            if k % SPAN == 0:
                blocks = (shape + ti.Vector(BLOCK) - 1) // ti.Vector(BLOCK)
                # Threads take the planes of blocks in turn, so that a dense end of the scene is shared.
                for turn in range((blocks[0] + lanes - 1) // lanes):
                    plane = turn * lanes + k // SPAN
                    for line in range(ti.select(plane < blocks[0], blocks[1] * blocks[2], 0)):
                        block = ti.Vector([plane, line // blocks[2], line % blocks[2]])
                        if reached(touched, block, blocks, stamp):
                            update_block(
                                grid, node_velocities, free, block, lanes, decay, cell, least_mass, offset, shape,
                                numbers, integers, samples, poses, step, walled,
                            )  # fmt: skip
    if ti.static(shared):
        for bundle in range(kinds.shape[0]):
            gather(motions, motion_rows, velocity, bundle, dt, cell, offset, shape)
    else:
        for k in range(lanes * SPAN):
            if k % SPAN == 0:
                lane = k // SPAN
                share = (kinds.shape[0] + lanes - 1) // lanes
                for bundle in range(lane * share, ti.min((lane + 1) * share, kinds.shape[0])):
                    gather(motions, motion_rows, velocity, bundle, dt, cell, offset, shape)
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
