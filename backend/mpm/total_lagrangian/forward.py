"""Kernels that advance displacement and velocity of the nodes by substeps.

Symplectic Euler with the velocities of the nodes themselves, which nothing resets:
    v' = Q decay (v + dt (f(u) / m + a)),   u' = u + dt v'                      (5)
decay = exp(-damping dt); Q is the clamp's projection. It conserves what it should, so damping is what is asked for.

Arrays: u [B, slots, n] vec4; v [B, 1, n] vec4; force [lanes, n] vec4, zero between substeps; forces at frame borders
[B or 1, frames + 1 or 1, n] vec4; decay [B, n]; the clamp's nodes [K], ahead [R, K], back [K, R] and scratch held
[B, R] vec4.
"""

import taichi as ti

from .points import POINTS, Integers, Reals, Vectors3, Vectors4, gradient, scatter, stress

SPAN = 512
"""Iterations of a parallel loop that a thread gets at least: short loops are spread this far apart."""


@ti.func
def element_forces(
    u: ti.template(),
    force: ti.template(),
    nodes: ti.template(),
    axes: ti.template(),
    young: ti.template(),
    flags: ti.template(),
    lane,
    b,
    s,
    e,
    mu,
    lam,
):
    """Add element e's forces at slot s; `young` [B, C] is Young's modulus times the volume of a point."""
    for q in range(POINTS):
        F = ti.Matrix.identity(float, 3) + gradient(u, b, s, nodes, axes, e, q)
        P, J = stress(F, mu, lam)
        if not (J > 0.1 and J < 10.0):
            flags[b] = 1
        scatter(force, lane, nodes, axes, e, q, -young[b, e] * P)


@ti.func
def kick_node(
    v: ti.template(),
    force,
    pushes: ti.template(),
    inverse_mass: ti.template(),
    decay: ti.template(),
    b,
    n,
    frame,
    t,
    dt,
):
    """Eq. (5)'s velocity of node n before the clamp, at fraction t of a frame; pushes are linear between the rows."""
    lane = ti.min(b, pushes.shape[0] - 1)
    last = pushes.shape[1] - 1
    a = pushes[lane, ti.min(frame, last), n]
    a += t * (pushes[lane, ti.min(frame + 1, last), n] - a)
    v[b, 0, n] = decay[b, n] * (v[b, 0, n] + dt * (inverse_mass[n] * force + a))


@ti.func
def clamp(v: ti.template(), clamped: ti.template(), ahead: ti.template(), back: ti.template(), held: ti.template(), b):
    """v <- Q v."""
    for r in range(ahead.shape[0]):
        total = ti.Vector.zero(float, 4)
        for k in range(clamped.shape[0]):
            total += ahead[r, k] * v[b, 0, clamped[k]]
        held[b, r] = total
    for k in range(clamped.shape[0]):
        total = ti.Vector.zero(float, 4)
        for r in range(ahead.shape[0]):
            total += back[k, r] * held[b, r]
        v[b, 0, clamped[k]] = v[b, 0, clamped[k]] - total


@ti.kernel
def advance_each(
    u: Vectors4,
    v: Vectors4,
    force: Vectors4,
    nodes: Integers,
    axes: Vectors3,
    young: Reals,
    inverse_mass: Reals,
    pushes: Vectors4,
    clamped: Integers,
    ahead: Reals,
    back: Reals,
    held: Vectors4,
    decay: Reals,
    flags: Integers,
    frame: int,
    substeps: int,
    begin: int,
    end: int,
    dt: float,
    mu: float,
    lam: float,
):
    """Substeps begin to end of a frame for every simulation [B], each on one thread."""
    for index in range(u.shape[0] * SPAN):
        if index % SPAN == 0:
            b = index // SPAN
            for step in range(begin, end):
                s, s_next = step % u.shape[1], (step + 1) % u.shape[1]
                for e in range(nodes.shape[0]):
                    element_forces(u, force, nodes, axes, young, flags, b, b, s, e, mu, lam)
                for n in range(u.shape[2]):
                    kick_node(v, force[b, n], pushes, inverse_mass, decay, b, n, frame, (step + 0.5) / substeps, dt)
                    force[b, n] = ti.Vector.zero(float, 4)
                clamp(v, clamped, ahead, back, held, b)
                for n in range(u.shape[2]):
                    u[b, s_next, n] = u[b, s, n] + dt * v[b, 0, n]


@ti.kernel
def advance_one(
    u: Vectors4,
    v: Vectors4,
    force: Vectors4,
    nodes: Integers,
    axes: Vectors3,
    young: Reals,
    inverse_mass: Reals,
    pushes: Vectors4,
    clamped: Integers,
    ahead: Reals,
    back: Reals,
    held: Vectors4,
    decay: Reals,
    flags: Integers,
    frame: int,
    substeps: int,
    step: int,
    dt: float,
    mu: float,
    lam: float,
):
    """One substep of simulation 0 by as many threads as there are lanes."""
    s, s_next = step % u.shape[1], (step + 1) % u.shape[1]
    for index in range(force.shape[0] * SPAN):
        if index % SPAN == 0:
            lane = index // SPAN
            chunk = (nodes.shape[0] + force.shape[0] - 1) // force.shape[0]
            for e in range(lane * chunk, ti.min((lane + 1) * chunk, nodes.shape[0])):
                element_forces(u, force, nodes, axes, young, flags, lane, 0, s, e, mu, lam)
    for n in range(u.shape[2]):
        total = ti.Vector.zero(float, 4)
        for lane in range(force.shape[0]):
            total += force[lane, n]
            force[lane, n] = ti.Vector.zero(float, 4)
        kick_node(v, total, pushes, inverse_mass, decay, 0, n, frame, (step + 0.5) / substeps, dt)
    for index in range(SPAN):
        if index == 0:
            clamp(v, clamped, ahead, back, held, 0)
    for n in range(u.shape[2]):
        u[0, s_next, n] = u[0, s, n] + dt * v[0, 0, n]
