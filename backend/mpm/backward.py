"""Kernels that carry adjoints back over recorded substeps, in the two shapes of `forward`."""

import taichi as ti

from . import transfer, transpose
from .forward import SPAN
from .particles import Index3, Nodes, Reals, Rows, Vectors2, Vectors3, Vectors4


@ti.func
def update_nodes_adjoint(
    grid: ti.template(), velocity: ti.template(), pull: ti.template(), lanes, lane, b, u, n, free, decay, least_mass
):
    """Sum node n's adjoint over `lanes` grids from `lane` on, clear it there, and store (gP, gM)."""
    gu = ti.Vector.zero(float, 4)
    for t in range(lane, lane + lanes):
        gu += grid[t, n]
        grid[t, n] = ti.Vector.zero(float, 4)
    pull[b, n] = transpose.node_velocity_adjoint(gu, velocity[b, u, n], free, decay, least_mass)


@ti.kernel
def retreat_each(
    adjoint: Rows,
    g_material: Vectors2,
    pull: Vectors4,
    state: Rows,
    material: Vectors4,
    acceleration: Vectors3,
    grid: Vectors4,
    velocity: Nodes,
    free: Reals,
    decay: Reals,
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
    """Substeps end-1 down to begin of a frame for every simulation [B], each on one thread."""
    for k in range(state.shape[0] * SPAN):
        if k % SPAN == 0:
            b = k // SPAN
            for back in range(begin, end):
                s = begin + end - 1 - back
                for p in range(state.shape[2]):
                    transpose.grid_to_particle_adjoint(
                        adjoint, state, velocity, grid, b, b, s, s + 1, s, p, dt, cell, offset, shape, False
                    )
                for n in range(grid.shape[1]):
                    update_nodes_adjoint(grid, velocity, pull, 1, b, b, s, n, free[n], decay[b], least_mass)
                for p in range(state.shape[2]):
                    a = transfer.body_acceleration(acceleration, b, p, frame, (s + 0.5) / substeps)
                    transpose.particle_to_grid_adjoint(
                        adjoint, g_material, state, material, pull, b, s, p, a, dt, cell, offset, shape, law
                    )


@ti.kernel
def retreat_one(
    adjoint: Rows,
    g_material: Vectors2,
    pull: Vectors4,
    state: Rows,
    material: Vectors4,
    acceleration: Vectors3,
    grid: Vectors4,
    velocity: Nodes,
    free: Reals,
    decay: Reals,
    frame: int,
    substeps: int,
    s: int,
    dt: float,
    cell: float,
    least_mass: float,
    offset: Index3,
    shape: Index3,
    law: ti.template(),
    shared: ti.template(),
):
    """Substep s of simulation 0 by all threads; `shared` says whether they share the grid of lane 0."""
    if ti.static(shared):
        for p in range(state.shape[2]):
            transpose.grid_to_particle_adjoint(
                adjoint, state, velocity, grid, 0, 0, s, s + 1, s, p, dt, cell, offset, shape, True
            )
    else:
        for k in range(grid.shape[0] * SPAN):
            if k % SPAN == 0:
                lane = k // SPAN
                chunk = (state.shape[2] + grid.shape[0] - 1) // grid.shape[0]
                for p in range(lane * chunk, ti.min((lane + 1) * chunk, state.shape[2])):
                    transpose.grid_to_particle_adjoint(
                        adjoint, state, velocity, grid, lane, 0, s, s + 1, s, p, dt, cell, offset, shape, False
                    )
    for n in range(grid.shape[1]):
        update_nodes_adjoint(grid, velocity, pull, grid.shape[0], 0, 0, s, n, free[n], decay[0], least_mass)
    for p in range(state.shape[2]):
        a = transfer.body_acceleration(acceleration, 0, p, frame, (s + 0.5) / substeps)
        transpose.particle_to_grid_adjoint(
            adjoint, g_material, state, material, pull, 0, s, p, a, dt, cell, offset, shape, law
        )
