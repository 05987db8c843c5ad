"""What a particle's row of numbers holds: position, velocity, affine matrix, deformation gradient.

State arrays are [B, slots, P, 24]: B independent simulations, one slot per kept substep. One array instead of four
halves what a kernel launch costs, and a particle's row is read in two cache lines.
"""

import taichi as ti

X, V, C, F = 0, 3, 6, 15
"""First column of x [m, from the grid's origin], v [m/s], C [1/s] (APIC, row-major), F (row-major)."""
COLUMNS = 24
MU, LAM, VOLUME, MASS = 0, 1, 2, 3
"""Columns of the material array [B, P, 4]: Lame's parameters [Pa], volume at rest [m^3], mass [kg]."""


@ti.func
def vector_at(rows: ti.template(), b, s, p, column: ti.template()):
    """The vec3 that starts at a column."""
    return ti.Vector([rows[b, s, p, column + i] for i in ti.static(range(3))])


@ti.func
def matrix_at(rows: ti.template(), b, s, p, column: ti.template()):
    """The 3x3 matrix that starts at a column."""
    return ti.Matrix([[rows[b, s, p, column + 3 * i + j] for j in ti.static(range(3))] for i in ti.static(range(3))])


@ti.func
def put_vector(rows: ti.template(), b, s, p, column: ti.template(), value):
    for i in ti.static(range(3)):
        rows[b, s, p, column + i] = value[i]


@ti.func
def put_matrix(rows: ti.template(), b, s, p, column: ti.template(), value):
    for i, j in ti.static(ti.ndrange(3, 3)):
        rows[b, s, p, column + 3 * i + j] = value[i, j]
