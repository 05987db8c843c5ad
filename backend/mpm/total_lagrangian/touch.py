"""Contact: particles that enter a wall pass what it does to them on to their nodes.

The change dv of a particle's velocity is the impulse j that makes it, spread as forces are:
    dv_i = N_i / m_i j,   j = dv / sum_i N_i^2 / m_i                            (9)
one particle after another. The same moves what is inside a wall out of it.
"""

import taichi as ti

from ..boundaries.contact import Integers as WallIntegers
from ..boundaries.contact import Numbers, Poses, Samples, collide_particle
from .forward import SPAN, clamp, element_forces, kick_node
from .points import Integers, Reals, Vectors3, Vectors4


@ti.func
def touch_walls(
    u: ti.template(),
    v: ti.template(),
    s,
    places: ti.template(),
    seen: ti.template(),
    shares: ti.template(),
    responses: ti.template(),
    cell,
    dt,
    numbers: ti.template(),
    integers: ti.template(),
    samples: ti.template(),
    poses: ti.template(),
    step,
):
    """Let all particles touch the walls of a substep, their displacement being that of slot s."""
    for p in range(seen.shape[0]):
        moved = ti.Vector.zero(float, 4)
        speed = ti.Vector.zero(float, 4)
        for k in range(27):
            moved += shares[p, k] * u[0, s, seen[p, k]]
            speed += shares[p, k] * v[0, 0, seen[p, k]]
        x = places[p] + ti.Vector([moved[0], moved[1], moved[2]])
        before = ti.Vector([speed[0], speed[1], speed[2]])
        after, out = collide_particle(before, x, cell, numbers, integers, samples, poses, step)
        dv = after - before
        if dv.norm_sqr() + out.norm_sqr() > 0.0:
            push = ti.Vector([dv[0], dv[1], dv[2], 0.0])
            shift = ti.Vector([out[0], out[1], out[2], 0.0])
            for k in range(27):
                v[0, 0, seen[p, k]] = v[0, 0, seen[p, k]] + responses[p, k] * push
                u[0, s, seen[p, k]] = u[0, s, seen[p, k]] + responses[p, k] * shift


@ti.kernel
def advance_touching(
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
    places: Vectors3,
    seen: Integers,
    shares: Reals,
    responses: Reals,
    cell: float,
    numbers: Numbers,
    integers: WallIntegers,
    samples: Samples,
    poses: Poses,
):
    """As `forward.advance_each`, for one simulation among walls.

    places [P] vec3: particles at rest, from the grid's origin; seen, shares, responses [P, 27]: their nodes, the nodes'
    N_i, and what eq. (9) has in front of dv.
    """
    for index in range(SPAN):
        if index == 0:
            for step in range(begin, end):
                s, s_next = step % u.shape[1], (step + 1) % u.shape[1]
                for e in range(nodes.shape[0]):
                    element_forces(u, force, nodes, axes, young, flags, 0, 0, s, e, mu, lam)
                for n in range(u.shape[2]):
                    kick_node(v, force[0, n], pushes, inverse_mass, decay, 0, n, frame, (step + 0.5) / substeps, dt)
                    force[0, n] = ti.Vector.zero(float, 4)
                touch_walls(u, v, s, places, seen, shares, responses, cell, dt, numbers, integers, samples, poses, step)
                clamp(v, clamped, ahead, back, held, 0)
                for n in range(u.shape[2]):
                    u[0, s_next, n] = u[0, s, n] + dt * v[0, 0, n]
