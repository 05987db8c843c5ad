"""The adjoint of one substep: gradients of a loss carried from the particles' next state back to the present one.

Each function is the transpose of one in `transfer` and runs in reverse order (the pattern of DiffTaichi, Hu et al.
2020). A leading g marks the gradient with respect to what follows. With H = 4 / cell gC' and e = dN/dd of the weights:
    gu  = sum w (gv' + dt gx' + H d)                                               (1)  from transfer (5)
    gx  = gx' - 1 / cell (sum e u . (gv' + dt gx' + H d) + H^T v')                 (2)
    gP  = free decay gu / M,   gM = -(u . gu) / M                                  (3)  from transfer (4)
    gv  = m sum w gP,   gA = sum w gP d^T                                          (4)  from transfer (3)
    gx += -1 / cell (sum e (gP . (m (v + dt a) + A d) + gM m) + A^T gv / m)        (5)
    gtau = -4 dt V / cell gA,   gC = m cell gA + dt gF' F^T,   gF = (I + dt C)^T gF'   (6)  from transfer (1), (2)
where gF' has the material's share added. v enters a substep through (3) of transfer alone, so gv is replaced, not added
to.
"""

import taichi as ti

from . import particles as row
from .transfer import add, first_node, momentum, slopes
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
    start = ti.Vector([corner[0], corner[1], corner[2], 0.0])
    along_x, along_y, along_z = slopes(H)
    node = first_node(base, shape)
    slope = ti.Vector.zero(float, 3)
    for i in range(3):
        wx = weight(i - fx[0])
        for j in range(3):
            wy = weight(j - fx[1])
            line, across = 0.0, 0.0
            h = start + i * along_x + j * along_y
            n = node + (i * shape[1] + j) * shape[2]
            for k in ti.static(range(3)):
                wz = weight(k - fx[2])
                q = h + k * along_z
                work = q.dot(velocity[b, u, n + k])
                line += wz * work
                across += weight_slope(k - fx[2]) * work
                add(grid, lane, n + k, (wx * wy * wz) * q, shared)
            slope += ti.Vector(
                [weight_slope(i - fx[0]) * wy * line, wx * weight_slope(j - fx[1]) * line, wx * wy * across]
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
    law: ti.template(),
):
    """Eqs. (4) to (6) for particle p: replaces its adjoint by the one a substep earlier, adds to dL/dmu and dL/dlam."""
    base, fx = stencil(row.vector_at(state, b, s, p, row.X), cell, offset, shape)
    F_next, R, J, mv, A, m = momentum(state, material, b, s, p, a, dt, cell, law)
    corner = mv - A @ fx
    start = ti.Vector([corner[0], corner[1], corner[2], m])
    along_x, along_y, along_z = slopes(A)
    node = first_node(base, shape)
    slope = ti.Vector.zero(float, 3)
    sum_w = ti.Vector.zero(float, 4)
    sum_x = ti.Vector.zero(float, 4)
    sum_y = ti.Vector.zero(float, 4)
    sum_z = ti.Vector.zero(float, 4)
    for i in range(3):
        wx = weight(i - fx[0])
        plane = ti.Vector.zero(float, 4)
        for j in range(3):
            wy = weight(j - fx[1])
            line, across = 0.0, 0.0
            h = start + i * along_x + j * along_y
            n = node + (i * shape[1] + j) * shape[2]
            row_sum = ti.Vector.zero(float, 4)
            for k in ti.static(range(3)):
                wz = weight(k - fx[2])
                gP = pull[b, n + k]
                work = gP.dot(h + k * along_z)
                line += wz * work
                across += weight_slope(k - fx[2]) * work
                q = (wx * wy * wz) * gP
                row_sum += q
                sum_z += (k - fx[2]) * q
            slope += ti.Vector(
                [weight_slope(i - fx[0]) * wy * line, wx * weight_slope(j - fx[1]) * line, wx * wy * across]
            )
            plane += row_sum
            sum_y += (j - fx[1]) * row_sum
        sum_w += plane
        sum_x += (i - fx[0]) * plane
    total = ti.Vector([sum_w[0], sum_w[1], sum_w[2]])
    gA = ti.Matrix([[sum_x[a], sum_y[a], sum_z[a]] for a in ti.static(range(3))])
    g_tau = (-4.0 * dt * material[b, p][row.VOLUME] / cell) * gA
    gF, g_mu, g_lam = law.adjoint(F_next, R, J, material[b, p][row.MU], material[b, p][row.LAM], g_tau)
    gF += row.matrix_at(adjoint, b, 0, p, row.F)
    C = row.matrix_at(state, b, s, p, row.C)
    F = row.matrix_at(state, b, s, p, row.F)
    gx = row.vector_at(adjoint, b, 0, p, row.X)
    row.put_vector(adjoint, b, 0, p, row.X, gx - (slope + A.transpose() @ total) / cell)
    row.put_vector(adjoint, b, 0, p, row.V, m * total)
    row.put_matrix(adjoint, b, 0, p, row.C, (m * cell) * gA + dt * (gF @ F.transpose()))
    row.put_matrix(adjoint, b, 0, p, row.F, gF + dt * (C.transpose() @ gF))
    g_material[b, p] = g_material[b, p] + ti.Vector([g_mu, g_lam])
