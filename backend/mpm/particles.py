"""What a particle's row of numbers holds: position, velocity, affine matrix, deformation gradient.

State arrays are [B, slots, P, 24]: B independent simulations, one slot per kept substep. One array of long rows instead
of four arrays halves what a kernel launch costs, and lets the compiler reach all of a particle from one address.
"""

import taichi as ti

X, V, C, F = 0, 3, 6, 15
"""First column of x [m, from the grid's origin], v [m/s], C [1/s] (APIC, row-major), F (row-major)."""
COLUMNS = 24
MU, LAM, VOLUME, MASS = 0, 1, 2, 3
"""Columns of the material array [B, P, 4]: Lame's parameters [Pa], volume at rest [m^3], mass [kg]."""

# Element types of kernel arguments: the last axis of the array, in whatever precision the array has.
Reals = ti.types.ndarray(ndim=1)
Vectors2 = ti.types.ndarray(dtype=ti.types.vector(2, None), ndim=2)
Vectors3 = ti.types.ndarray(dtype=ti.types.vector(3, None), ndim=3)
Vectors4 = ti.types.ndarray(dtype=ti.types.vector(4, None), ndim=2)
Nodes = ti.types.ndarray(dtype=ti.types.vector(4, None), ndim=3)
Rows = ti.types.ndarray(dtype=ti.types.vector(COLUMNS, None), ndim=3)
Ints = ti.types.ndarray(ndim=2)
Index3 = ti.types.vector(3, ti.i32)


@ti.func
def vector_at(rows: ti.template(), b, s, p, column: ti.template()):
    """The vec3 that starts at a column."""
    return ti.Vector([rows[b, s, p][column + i] for i in ti.static(range(3))])


@ti.func
def matrix_at(rows: ti.template(), b, s, p, column: ti.template()):
    """The 3x3 matrix that starts at a column."""
    return ti.Matrix([[rows[b, s, p][column + 3 * i + j] for j in ti.static(range(3))] for i in ti.static(range(3))])


@ti.func
def put_vector(rows: ti.template(), b, s, p, column: ti.template(), value):
    for i in ti.static(range(3)):
        rows[b, s, p][column + i] = value[i]


@ti.func
def put_matrix(rows: ti.template(), b, s, p, column: ti.template(), value):
    for i, j in ti.static(ti.ndrange(3, 3)):
        rows[b, s, p][column + 3 * i + j] = value[i, j]
