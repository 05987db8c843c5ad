"""One substep of MLS-MPM (Hu et al. 2018) with affine transfers (APIC, Jiang et al. 2015), per particle and node.

Quadratic B-splines, so the inertia-like tensor of APIC is cell^2 / 4 (Jiang et al. 2016, after eq. 176). With d the
distance from particle to node in cells and w the node's weight:
    F' = (I + dt C) F                                                              (1)  Jiang et al. 2016, eq. (181)
    A  = cell (m C - dt V 4 / cell^2 tau(F'))                                      (2)  Hu et al. 2018, eq. (29)
    node momentum P = sum w (m (v + dt a) + A d),  node mass M = sum w m           (3)
    u  = free decay P / M                                                          (4)
    v' = sum w u,  C' = 4 / cell sum w u d^T,  x' = x + dt v'                      (5)
free is 0 on held nodes; decay = exp(-damping dt). Sums over the stencil are nested: what depends on one axis only is
computed once per row of nodes.
"""

import taichi as ti

from . import particles as row
from .polar import polar_rotation
from .weights import stencil, weight


@ti.func
def first_node(base, shape):
    """Index of a stencil's first node in the window's flat array."""
    return (base[0] * shape[1] + base[1]) * shape[2] + base[2]


@ti.func
def body_acceleration(acceleration: ti.template(), b, p, frame, t):
    """Acceleration [m/s^2] at fraction t of a frame, linear between the rows [B or 1, frames + 1 or 1, P, 3]."""
    lane = ti.min(b, acceleration.shape[0] - 1)
    last = acceleration.shape[1] - 1
    a0 = acceleration[lane, ti.min(frame, last), p]
    a1 = acceleration[lane, ti.min(frame + 1, last), p]
    return a0 + t * (a1 - a0)


@ti.func
def slopes(A):
    """What A d changes by per cell along x, y and z, as vec4 with no change of mass."""
    x = ti.Vector([A[0, 0], A[1, 0], A[2, 0], 0.0])
    y = ti.Vector([A[0, 1], A[1, 1], A[2, 1], 0.0])
    z = ti.Vector([A[0, 2], A[1, 2], A[2, 2], 0.0])
    return x, y, z


@ti.func
def add(grid: ti.template(), lane, node, value, shared: ti.template()):
    """Add a vec4 to a node; atomically where threads share the grid."""
    if ti.static(shared):
        grid[lane, node] += value
    else:
        # Written out, because Taichi makes += atomic.
        grid[lane, node] = grid[lane, node] + value


@ti.func
def momentum(state: ti.template(), material: ti.template(), b, s, p, a, dt, cell, law: ti.template()):
    """(F', its rotation R and determinant J, m (v + dt a), A, m) of a particle: eqs. (1), (2), and the terms of (3)."""
    C = row.matrix_at(state, b, s, p, row.C)
    F = row.matrix_at(state, b, s, p, row.F)
    m = material[b, p][row.MASS]
    F_next = F + dt * (C @ F)
    R = F_next
    if ti.static(law.measure == "rotation"):
        R = polar_rotation(F_next)
    J = F_next.determinant()
    tau = law.stress(F_next, R, J, material[b, p][row.MU], material[b, p][row.LAM])
    A = (m * cell) * C - (4.0 * dt * material[b, p][row.VOLUME] / cell) * tau
    return F_next, R, J, m * (row.vector_at(state, b, s, p, row.V) + dt * a), A, m


@ti.func
def particle_to_grid(
    state: ti.template(),
    material: ti.template(),
    grid: ti.template(),
    flags: ti.template(),
    lane,
    b,
    s,
    s_next,
    p,
    a,
    dt,
    cell,
    offset,
    shape,
    law: ti.template(),
    shared: ti.template(),
):
    """Eqs. (1) to (3) for particle p: stores F' in slot s_next and adds momentum and mass to the grid of `lane`."""
    base, fx = stencil(row.vector_at(state, b, s, p, row.X), cell, offset, shape)
    F_next, _, J, mv, A, m = momentum(state, material, b, s, p, a, dt, cell, law)
    row.put_matrix(state, b, s_next, p, row.F, F_next)
    raise_flags(flags, b, fx, J)
    corner = mv - A @ fx
    along_x, along_y, along_z = slopes(A)
    start = ti.Vector([corner[0], corner[1], corner[2], m])
    node = first_node(base, shape)
    for i in range(3):
        plane = weight(i - fx[0])
        for j in range(3):
            line = plane * weight(j - fx[1])
            q = start + i * along_x + j * along_y
            n = node + (i * shape[1] + j) * shape[2]
            # The innermost loop is unrolled: all the speed of unrolling 27 nodes for a third of the compile time.
            for k in ti.static(range(3)):
                add(grid, lane, n + k, (line * weight(k - fx[2])) * (q + k * along_z), shared)


@ti.func
def raise_flags(flags: ti.template(), b, fx, J):
    """Note a particle that left the window (columns 0 to 5: low, high per axis) or collapsed or burst (column 6)."""
    for axis in ti.static(range(3)):
        # 1e-3 of a cell is far above rounding and far below any effect on the weights.
        if fx[axis] < 0.5 - 1e-3:
            flags[b, 2 * axis] = 1
        if fx[axis] > 1.5 + 1e-3:
            flags[b, 2 * axis + 1] = 1
    if J < 0.1 or J > 10.0:
        flags[b, 6] = 1


@ti.func
def node_velocity(q, free, decay, least_mass):
    """Velocity and mass (vec4) of a node with momentum and mass q, eq. (4); nodes of no mass stand still."""
    scale = 0.0
    if q[3] > least_mass:
        scale = free * decay / q[3]
    return ti.Vector([q[0] * scale, q[1] * scale, q[2] * scale, q[3]])


@ti.func
def grid_to_particle(state: ti.template(), velocity: ti.template(), b, s, s_next, u, p, dt, cell, offset, shape):
    """Eq. (5) for particle p: reads node velocities of slot u, stores v', C' and x' in slot s_next."""
    x = row.vector_at(state, b, s, p, row.X)
    base, fx = stencil(x, cell, offset, shape)
    node = first_node(base, shape)
    # Four components, of which the last (mass) is not used: whole nodes load faster than parts.
    v = ti.Vector.zero(float, 4)
    Bx = ti.Vector.zero(float, 4)
    By = ti.Vector.zero(float, 4)
    Bz = ti.Vector.zero(float, 4)
    for i in range(3):
        plane = ti.Vector.zero(float, 4)
        for j in range(3):
            line = ti.Vector.zero(float, 4)
            n = node + (i * shape[1] + j) * shape[2]
            w = weight(i - fx[0]) * weight(j - fx[1])
            for k in ti.static(range(3)):
                q = (w * weight(k - fx[2])) * velocity[b, u, n + k]
                line += q
                Bz += (k - fx[2]) * q
            plane += line
            By += (j - fx[1]) * line
        v += plane
        Bx += (i - fx[0]) * plane
    v_next = ti.Vector([v[0], v[1], v[2]])
    row.put_vector(state, b, s_next, p, row.X, x + dt * v_next)
    row.put_vector(state, b, s_next, p, row.V, v_next)
    row.put_matrix(
        state, b, s_next, p, row.C, (4.0 / cell) * ti.Matrix([[Bx[a], By[a], Bz[a]] for a in ti.static(range(3))])
    )
