"""Kernels that advance simulations by substeps, in the two shapes that a CPU and a GPU want.

`advance_each` runs each of B simulations on one thread, many substeps in one launch: best for small simulations and
for many of them at once. `advance_one` spreads one simulation over all threads, one launch per substep: on the CPU
every thread has its own grid and adds plainly, on a GPU all share one and add atomically. All but the atomic form are
bit-equal from run to run on one machine.
"""

import taichi as ti

from . import transfer
from .particles import Index3, Ints, Nodes, Reals, Rows, Vectors3, Vectors4

SPAN = 512
"""Taichi 1.7 gives a CPU thread at least this many consecutive iterations of a parallel loop (see its
make_cpu_multithreaded_range_for.cpp), so a loop over few lanes is stretched, or one thread would do it all."""


@ti.func
def update_nodes(grid: ti.template(), velocity: ti.template(), lanes, lane, b, u, n, free, decay, least_mass):
    """Sum node n over `lanes` grids from `lane` on, clear it there, and store its velocity and mass in slot u."""
    q = ti.Vector.zero(float, 4)
    for t in range(lane, lane + lanes):
        q += grid[t, n]
        grid[t, n] = ti.Vector.zero(float, 4)
    velocity[b, u, n] = transfer.node_velocity(q, free, decay, least_mass)


@ti.kernel
def advance_each(
    state: Rows,
    material: Vectors4,
    acceleration: Vectors3,
    grid: Vectors4,
    velocity: Nodes,
    free: Reals,
    decay: Reals,
    flags: Ints,
    frame: int,
    substeps: int,
    begin: int,
    end: int,
    dt: float,
    cell: float,
    least_mass: float,
    offset: Index3,
    shape: Index3,
    law: ti.template(),
):
    """Substeps begin..end of a frame for every simulation [B], each on one thread with the grid of its own index."""
    for k in range(state.shape[0] * SPAN):
        if k % SPAN == 0:
            b = k // SPAN
            for step in range(begin, end):
                s = step % state.shape[1]
                s_next = (step + 1) % state.shape[1]
                u = step % velocity.shape[1]
                t = (step + 0.5) / substeps
                for p in range(state.shape[2]):
                    a = transfer.body_acceleration(acceleration, b, p, frame, t)
                    transfer.particle_to_grid(
                        state, material, grid, flags, b, b, s, s_next, p, a, dt, cell, offset, shape, law, False
                    )
                for n in range(grid.shape[1]):
                    update_nodes(grid, velocity, 1, b, b, u, n, free[n], decay[b], least_mass)
                for p in range(state.shape[2]):
                    transfer.grid_to_particle(state, velocity, b, s, s_next, u, p, dt, cell, offset, shape)


@ti.kernel
def advance_one(
    state: Rows,
    material: Vectors4,
    acceleration: Vectors3,
    grid: Vectors4,
    velocity: Nodes,
    free: Reals,
    decay: Reals,
    flags: Ints,
    frame: int,
    substeps: int,
    step: int,
    dt: float,
    cell: float,
    least_mass: float,
    offset: Index3,
    shape: Index3,
    law: ti.template(),
    shared: ti.template(),
):
    """One substep of simulation 0 by all threads; `shared` says whether they share the grid of lane 0."""
    if ti.static(shared):
        for p in range(state.shape[2]):
            a = transfer.body_acceleration(acceleration, 0, p, frame, (step + 0.5) / substeps)
            transfer.particle_to_grid(
                state, material, grid, flags, 0, 0, step % state.shape[1], (step + 1) % state.shape[1],
                p, a, dt, cell, offset, shape, law, True,
            )  # fmt: skip
    else:
        for k in range(grid.shape[0] * SPAN):
            if k % SPAN == 0:
                lane = k // SPAN
                chunk = (state.shape[2] + grid.shape[0] - 1) // grid.shape[0]
                for p in range(lane * chunk, ti.min((lane + 1) * chunk, state.shape[2])):
                    a = transfer.body_acceleration(acceleration, 0, p, frame, (step + 0.5) / substeps)
                    transfer.particle_to_grid(
                        state, material, grid, flags, lane, 0, step % state.shape[1], (step + 1) % state.shape[1],
                        p, a, dt, cell, offset, shape, law, False,
                    )  # fmt: skip
    for n in range(grid.shape[1]):
        update_nodes(grid, velocity, grid.shape[0], 0, 0, step % velocity.shape[1], n, free[n], decay[0], least_mass)
    for p in range(state.shape[2]):
        transfer.grid_to_particle(
            state, velocity, 0, step % state.shape[1], (step + 1) % state.shape[1], step % velocity.shape[1],
            p, dt, cell, offset, shape,
        )  # fmt: skip
