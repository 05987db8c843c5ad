"""The adjoint of one substep: gradients of a loss carried from the particles' next state back to the present one.

Each function is the transpose of one in `transfer` and runs in reverse order (the pattern of DiffTaichi, Hu et al.
2020). A leading g marks the gradient with respect to what follows. With H = 4 / cell gC' and e = dN/dd of the weights:
    gu  = sum w (gv' + dt gx' + H d)                                               (1)  transpose of transfer eq. (5)
    gx  = gx' - 1 / cell (sum e u . (gv' + dt gx' + H d) + H^T v')                 (2)
    gP  = free decay gu / M,   gM = -(u . gu) / M                                  (3)  of eq. (4)
    gv  = m sum w gP,   gA = sum w gP d^T                                          (4)  of eq. (3)
    gx += -1 / cell (sum e (gP . (m (v + dt a) + A d) + gM m) + A^T gv / m)        (5)
    gtau = -4 dt V / cell gA,   gC = m cell gA + dt gF' F^T,   gF = (I + dt C)^T gF'   (6)  of eqs. (1) and (2)
where gF' has the material's share added. v enters through (3) alone, so gv is not added to but replaced.
"""

import taichi as ti

from . import particles as row
from .materials.fixed_corotated import kirchhoff_stress_adjoint
from .transfer import add, first_node, momentum
from .weights import stencil, weight, weight_slope


@ti.func
def grid_to_particle_adjoint(
    adjoint: ti.template(),
    state: ti.template(),
    velocity: ti.template(),
    grid: ti.template(),
    lane,
    b,
    s,
    s_next,
    u,
    p,
    dt,
    cell,
    offset,
    shape,
    shared: ti.template(),
):
    """Eqs. (1) and (2) for particle p: adds gu to the grid of `lane`, and to gx."""
    base, fx = stencil(row.vector_at(state, b, s, p, row.X), cell, offset, shape)
    gx = row.vector_at(adjoint, b, 0, p, row.X)
    H = (4.0 / cell) * row.matrix_at(adjoint, b, 0, p, row.C)
    corner = row.vector_at(adjoint, b, 0, p, row.V) + dt * gx - H @ fx
    node = first_node(base, shape)
    slope = ti.Vector.zero(float, 3)
    for i in range(3):
        for j in range(3):
            h = corner + i * ti.Vector([H[0, 0], H[1, 0], H[2, 0]]) + j * ti.Vector([H[0, 1], H[1, 1], H[2, 1]])
            n = node + (i * shape[1] + j) * shape[2]
            wx, wy = weight(i - fx[0]), weight(j - fx[1])
            along, across = 0.0, 0.0
            for k in range(3):
                wz = weight(k - fx[2])
                work = row.vector_at(velocity, b, u, n + k, 0).dot(h)
                along += weight_slope(k - fx[2]) * work
                across += wz * work
                q = (wx * wy * wz) * h
                add(grid, lane, n + k, ti.Vector([q[0], q[1], q[2], 0.0]), shared)
                h += ti.Vector([H[0, 2], H[1, 2], H[2, 2]])
            slope += ti.Vector(
                [weight_slope(i - fx[0]) * wy * across, wx * weight_slope(j - fx[1]) * across, wx * wy * along]
            )
    v_next = row.vector_at(state, b, s_next, p, row.V)
    row.put_vector(adjoint, b, 0, p, row.X, gx - (slope + H.transpose() @ v_next) / cell)


@ti.func
def node_velocity_adjoint(gu, q, free, decay, least_mass):
    """(gP, gM) as a vec4, eq. (3), from gu (vec3) and the node's velocity and mass q (vec4)."""
    scale, g_mass = 0.0, 0.0
    if q[3] > least_mass:
        scale = free * decay / q[3]
        g_mass = -(q[0] * gu[0] + q[1] * gu[1] + q[2] * gu[2]) / q[3]
    return ti.Vector([gu[0] * scale, gu[1] * scale, gu[2] * scale, g_mass])


@ti.func
def particle_to_grid_adjoint(
    adjoint: ti.template(),
    g_material: ti.template(),
    state: ti.template(),
    material: ti.template(),
    pull: ti.template(),
    b,
    s,
    p,
    a,
    dt,
    cell,
    offset,
    shape,
):
    """Eqs. (4) to (6) for particle p: replaces its adjoint by the one a substep earlier, adds to dL/dmu and dL/dlam."""
    base, fx = stencil(row.vector_at(state, b, s, p, row.X), cell, offset, shape)
    F_next, J, mv, A, m = momentum(state, material, b, s, p, a, dt, cell)
    corner = mv - A @ fx
    node = first_node(base, shape)
    slope = ti.Vector.zero(float, 3)
    total = ti.Vector.zero(float, 3)
    gA = ti.Matrix.zero(float, 3, 3)
    for i in range(3):
        for j in range(3):
            h = corner + i * ti.Vector([A[0, 0], A[1, 0], A[2, 0]]) + j * ti.Vector([A[0, 1], A[1, 1], A[2, 1]])
            n = node + (i * shape[1] + j) * shape[2]
            wx, wy = weight(i - fx[0]), weight(j - fx[1])
            along, across = 0.0, 0.0
            for k in range(3):
                wz = weight(k - fx[2])
                gP = row.vector_at(pull, b, 0, n + k, 0)
                work = gP.dot(h) + pull[b, 0, n + k, 3] * m
                along += weight_slope(k - fx[2]) * work
                across += wz * work
                q = (wx * wy * wz) * gP
                total += q
                gA += q.outer_product(ti.Vector([i - fx[0], j - fx[1], k - fx[2]]))
                h += ti.Vector([A[0, 2], A[1, 2], A[2, 2]])
            slope += ti.Vector(
                [weight_slope(i - fx[0]) * wy * across, wx * weight_slope(j - fx[1]) * across, wx * wy * along]
            )
    g_tau = (-4.0 * dt * material[b, p, row.VOLUME] / cell) * gA
    gF, g_mu, g_lam = kirchhoff_stress_adjoint(F_next, material[b, p, row.MU], material[b, p, row.LAM], g_tau)
    gF += row.matrix_at(adjoint, b, 0, p, row.F)
    C = row.matrix_at(state, b, s, p, row.C)
    F = row.matrix_at(state, b, s, p, row.F)
    gx = row.vector_at(adjoint, b, 0, p, row.X)
    row.put_vector(adjoint, b, 0, p, row.X, gx - (slope + A.transpose() @ total) / cell)
    row.put_vector(adjoint, b, 0, p, row.V, m * total)
    row.put_matrix(adjoint, b, 0, p, row.C, (m * cell) * gA + dt * (gF @ F.transpose()))
    row.put_matrix(adjoint, b, 0, p, row.F, gF + dt * (C.transpose() @ gF))
    g_material[b, p, row.MU] = g_material[b, p, row.MU] + g_mu
    g_material[b, p, row.LAM] = g_material[b, p, row.LAM] + g_lam
