"""What walls do to the velocities of grid nodes inside them (Stomakhin et al. 2013, section 8).

With u_w the wall's velocity, n its normal and r = u - u_w, r_n = r . n, r_t = r - r_n n:
    sticky:    u' = u_w                                                            (1)
    slip:      u' = u_w + r_t                                                      (2)
    separate:  r_n >= 0: u' = u, else u' = u_w + max(0, 1 + mu r_n / |r_t|) r_t    (3)
"""

import taichi as ti

from .colliders import Contact

ROTATION, CENTRE, VELOCITY, GRADIENT = 0, 9, 12, 15
"""First columns of a pose: rotation to the world (row-major), position of the origin [m, from the grid's], velocity
there [m/s], velocity gradient [1/s] (row-major)."""
POSE = 24
FRICTION, CELL, ORIGIN = 0, 1, 2
"""Columns of numbers; for a half-space CELL holds the plane's offset and ORIGIN its normal."""
LOW, HIGH = 0, 3
"""Columns of numbers of a room."""
NUMBERS = 6
CONTACT, FIRST, SHAPE, SOLID = 0, 1, 2, 5
"""Columns of integers; FIRST is the index of the first sample, or a kind of wall; SOLID: particles are moved out."""
INTEGERS = 6
HALF_SPACE, ROOM = -1, -2
WAY_OUT = 0.1
"""Cells that a particle inside a wall is moved towards its surface in a substep, at most."""
ON_SURFACE = 1e-4
"""Distance in cells up to which a node counts as inside, so that rounding does not decide for a floor through nodes."""

# One long vector per wall, so that the compiler reaches all of it from one address.
Numbers = ti.types.ndarray(dtype=ti.types.vector(NUMBERS, None), ndim=1)
Integers = ti.types.ndarray(dtype=ti.types.vector(INTEGERS, None), ndim=1)
Poses = ti.types.ndarray(dtype=ti.types.vector(POSE, None), ndim=2)
Samples = ti.types.ndarray(dtype=ti.types.vector(4, None), ndim=1)


@ti.func
def collide(
    u, x, cell, numbers: ti.template(), integers: ti.template(), samples: ti.template(), poses: ti.template(), step
):
    """Velocity u [m/s] of a node at x [m, from the grid's origin], spacing `cell`, after all walls have touched it."""
    for k in range(numbers.shape[0]):
        number, integer = numbers[k], integers[k]
        if integer[FIRST] == ROOM:
            u, _ = confine(u, x, number)
        else:
            pose = poses[step, k]
            R = matrix_at(pose, ROTATION)
            d = x - vector_at(pose, CENTRE)
            distance, normal, own = sample(R.transpose() @ d, number, integer, samples)
            if distance < ON_SURFACE * cell:
                wall = vector_at(pose, VELOCITY) + matrix_at(pose, GRADIENT) @ d + R @ own
                u = wall + touch(u - wall, R @ normal, integer[CONTACT], number[FRICTION])
    return u


@ti.func
def collide_particle(
    v, x, cell, numbers: ti.template(), integers: ti.template(), samples: ti.template(), poses: ti.template(), step
):
    """(velocity, way out [m]) of a particle of velocity v at x, as `collide`: the second line of defence.

    Nodes let particles through where a wall is thin, turns fast or carries a load that one node cannot; what is inside
    is moved to the surface, a little each substep.
    """
    out = ti.Vector.zero(float, 3)
    for k in range(numbers.shape[0]):
        number, integer = numbers[k], integers[k]
        if integer[FIRST] == ROOM:
            v, back = confine(v, x, number)
            out += ti.max(ti.min(back, WAY_OUT * cell), -WAY_OUT * cell)
        else:
            pose = poses[step, k]
            R = matrix_at(pose, ROTATION)
            d = x - vector_at(pose, CENTRE)
            distance, normal, own = sample(R.transpose() @ d, number, integer, samples)
            if distance < 0.0:
                wall = vector_at(pose, VELOCITY) + matrix_at(pose, GRADIENT) @ d + R @ own
                v = wall + touch(v - wall, R @ normal, integer[CONTACT], number[FRICTION])
                if integer[SOLID] > 0:
                    out += ti.min(-distance, WAY_OUT * cell) * (R @ normal)
    return v, out


@ti.func
def confine(u, x, number):
    """Velocity u at x after the walls of a room took what leads out of it, and the way back [m] into the room."""
    low, high = vector_at(number, LOW), vector_at(number, HIGH)
    back = ti.max(low - x, 0.0) - ti.max(x - high, 0.0)
    for i in ti.static(range(3)):
        if back[i] * u[i] < 0.0:
            u[i] = 0.0
    return u, back


@ti.func
def vector_at(a, first: ti.template()):
    """The vec3 that starts at an element of a longer vector."""
    return ti.Vector([a[first + i] for i in ti.static(range(3))])


@ti.func
def matrix_at(a, first: ti.template()):
    """The 3x3 matrix that starts at an element of a longer vector, row-major."""
    return ti.Matrix([[a[first + 3 * i + j] for j in ti.static(range(3))] for i in ti.static(range(3))])


@ti.func
def touch(r, n, contact, friction):
    """Velocity r relative to a wall of normal n after they touched, eqs. (1) to (3)."""
    across = r.dot(n)
    along = r - across * n
    if contact == ti.static(Contact.sticky.value):
        r = ti.Vector.zero(float, 3)
    elif contact == ti.static(Contact.slip.value):
        r = along
    elif across < 0.0:
        r = ti.max(0.0, 1.0 + friction * across / ti.max(along.norm(), 1e-20)) * along
    return r


@ti.func
def sample(y, number, integer, samples: ti.template()):
    """(signed distance, normal, surface velocity) of a wall at y, all in its own frame; 1e30 where it has none."""
    distance = 1e30
    normal = vector_at(number, ORIGIN)
    own = ti.Vector.zero(float, 3)
    if integer[FIRST] == HALF_SPACE:
        distance = y.dot(normal) - number[CELL]
    else:
        q = (y - normal) / number[CELL]
        shape = vector_at(integer, SHAPE)
        if q.min() >= 0.0 and (q - ti.cast(shape - 1, float)).max() < 0.0:
            base = ti.cast(q, int)
            f = q - ti.cast(base, float)
            value = ti.Vector.zero(float, 4)
            normal = ti.Vector.zero(float, 3)
            for corner in range(8):
                at = ti.Vector([corner // 4, corner // 2 % 2, corner % 2])
                # A factor 1 - f or f along each axis, and its slope -1 or 1.
                w = ti.select(at == 1, f, 1.0 - f)
                slope = ti.cast(2 * at - 1, float)
                node = ((base[0] + at[0]) * shape[1] + base[1] + at[1]) * shape[2] + base[2] + at[2]
                here = samples[integer[FIRST] + node]
                value += w[0] * w[1] * w[2] * here
                normal += here[0] * slope * ti.Vector([w[1] * w[2], w[0] * w[2], w[0] * w[1]])
            distance = value[0]
            normal = normal.normalized(1e-20)
            own = ti.Vector([value[1], value[2], value[3]])
    return distance, normal, own
