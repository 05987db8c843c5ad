"""Kernels that carry a gradient back through substeps, each the transpose of one in `forward`.

With g = dL/dv' + dt dL/du' and Q^T g in its place on the clamp's nodes:
    dL/dv = decay Q^T g,   w = decay dt Q^T g / m                               (6)
    dL/du = dL/du' - sum V (dP : W) grad N,   W = sum w_i (x) grad N_i          (7)  the tangent is symmetric
    dL/dE -= V P : W / E,   dL/d damping -= (Q^T g) . (u' - u)                  (8)
"""

import taichi as ti

from .forward import SPAN
from .points import POINTS, Integers, Reals, Vectors3, Vectors4, gradient, scatter, tangent


@ti.func
def element_adjoint(
    u: ti.template(),
    w: ti.template(),
    pull: ti.template(),
    nodes: ti.template(),
    axes: ti.template(),
    young: ti.template(),
    g_young: ti.template(),
    lane,
    s,
    e,
    mu,
    lam,
):
    """Eqs. (7) and (8) for element e at slot s; `g_young` [C] is by `young` [1, C], which has the volume in it."""
    total = 0.0
    for q in range(POINTS):
        F = ti.Matrix.identity(float, 3) + gradient(u, 0, s, nodes, axes, e, q)
        W = gradient(w, 0, 0, nodes, axes, e, q)
        change, work = tangent(F, W, mu, lam)
        total += work
        scatter(pull, lane, nodes, axes, e, q, -young[0, e] * change)
    g_young[e] = g_young[e] - total


@ti.func
def clamp_transposed(
    g: ti.template(), clamped: ti.template(), ahead: ti.template(), back: ti.template(), held: ti.template()
):
    """g <- Q^T g."""
    for r in range(ahead.shape[0]):
        total = ti.Vector.zero(float, 4)
        for k in range(clamped.shape[0]):
            total += back[k, r] * g[0, 0, clamped[k]]
        held[0, r] = total
    for k in range(clamped.shape[0]):
        total = ti.Vector.zero(float, 4)
        for r in range(ahead.shape[0]):
            total += ahead[r, k] * held[0, r]
        g[0, 0, clamped[k]] = g[0, 0, clamped[k]] - total


@ti.func
def node_adjoint(
    gv: ti.template(),
    w: ti.template(),
    g_damping: ti.template(),
    u: ti.template(),
    inverse_mass: ti.template(),
    decay: ti.template(),
    s,
    n,
    dt,
):
    """Eq. (6), and (8) for the damping, of node n."""
    g = gv[0, 0, n]
    g_damping[n] = g_damping[n] - g.dot(u[0, s + 1, n] - u[0, s, n])
    gv[0, 0, n] = decay[0, n] * g
    w[0, 0, n] = (decay[0, n] * dt * inverse_mass[n]) * g


@ti.kernel
def retreat(
    gu: Vectors4,
    gv: Vectors4,
    w: Vectors4,
    pull: Vectors4,
    g_young: Reals,
    g_damping: Reals,
    u: Vectors4,
    nodes: Integers,
    axes: Vectors3,
    young: Reals,
    inverse_mass: Reals,
    clamped: Integers,
    ahead: Reals,
    back: Reals,
    held: Vectors4,
    decay: Reals,
    begin: int,
    end: int,
    dt: float,
    mu: float,
    lam: float,
):
    """Substeps end-1 down to begin of a frame whose slots are all kept, on one thread.

    gu, gv and w are [1, 1, n] vec4, pull [1, n] vec4, g_damping [n].
    """
    for index in range(SPAN):
        if index == 0:
            for down in range(begin, end):
                s = begin + end - 1 - down
                for n in range(u.shape[2]):
                    gv[0, 0, n] = gv[0, 0, n] + dt * gu[0, 0, n]
                clamp_transposed(gv, clamped, ahead, back, held)
                for n in range(u.shape[2]):
                    node_adjoint(gv, w, g_damping, u, inverse_mass, decay, s, n, dt)
                for e in range(nodes.shape[0]):
                    element_adjoint(u, w, pull, nodes, axes, young, g_young, 0, s, e, mu, lam)
                for n in range(u.shape[2]):
                    gu[0, 0, n] = gu[0, 0, n] + pull[0, n]
                    pull[0, n] = ti.Vector.zero(float, 4)


@ti.kernel
def retreat_one(
    gu: Vectors4,
    gv: Vectors4,
    w: Vectors4,
    pull: Vectors4,
    g_young: Reals,
    g_damping: Reals,
    u: Vectors4,
    nodes: Integers,
    axes: Vectors3,
    young: Reals,
    inverse_mass: Reals,
    clamped: Integers,
    ahead: Reals,
    back: Reals,
    held: Vectors4,
    decay: Reals,
    s: int,
    dt: float,
    mu: float,
    lam: float,
):
    """Substep s as in `retreat`, by as many threads as there are lanes in pull [lanes, n]."""
    for n in range(u.shape[2]):
        gv[0, 0, n] = gv[0, 0, n] + dt * gu[0, 0, n]
    for index in range(SPAN):
        if index == 0:
            clamp_transposed(gv, clamped, ahead, back, held)
    for n in range(u.shape[2]):
        node_adjoint(gv, w, g_damping, u, inverse_mass, decay, s, n, dt)
    for index in range(pull.shape[0] * SPAN):
        if index % SPAN == 0:
            lane = index // SPAN
            chunk = (nodes.shape[0] + pull.shape[0] - 1) // pull.shape[0]
            for e in range(lane * chunk, ti.min((lane + 1) * chunk, nodes.shape[0])):
                element_adjoint(u, w, pull, nodes, axes, young, g_young, lane, s, e, mu, lam)
    for n in range(u.shape[2]):
        total = ti.Vector.zero(float, 4)
        for lane in range(pull.shape[0]):
            total += pull[lane, n]
            pull[lane, n] = ti.Vector.zero(float, 4)
        gu[0, 0, n] = gu[0, 0, n] + total
