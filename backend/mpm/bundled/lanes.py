"""Local arrays with one number for each lane of a bundle, and matrices of nine such arrays."""

import taichi as ti

from ..polar import cofactor, step_tolerance
from ..stretches import jacobi_turn, off_diagonal, off_diagonal_tolerance
from .packing import WIDTH

ITERATIONS = 20
"""Newton steps, or Jacobi turns of each pair of axes, at most; four are usual."""


@ti.func
def matrix(a: ti.template(), q):
    """The 3x3 matrix of lane q."""
    return ti.Matrix([[a[3 * i + j][q] for j in ti.static(range(3))] for i in ti.static(range(3))])


@ti.func
def put(a: ti.template(), q, A):
    """Set the 3x3 matrix of lane q."""
    for i, j in ti.static(ti.ndrange(3, 3)):
        a[3 * i + j][q] = A[i, j]


@ti.func
def least(a: ti.template()):
    """The least of all lanes."""
    found = a[0]
    for q in range(WIDTH):
        found = ti.min(found, a[q])
    return found


@ti.func
def greatest(a: ti.template()):
    """The greatest of all lanes."""
    found = a[0]
    for q in range(WIDTH):
        found = ti.max(found, a[q])
    return found


@ti.func
def deform(F: ti.template(), C: ti.template(), dt):
    """F = (I + dt C) F."""
    for q in range(WIDTH):
        A = matrix(F, q)
        put(F, q, A + dt * (matrix(C, q) @ A))


@ti.func
def rotate(F: ti.template(), R: ti.template()):
    """R = the rotations of F, as `polar.polar_rotation`; all lanes until the last has converged."""
    change = ti.Vector.zero(float, WIDTH)
    for q in range(WIDTH):
        put(R, q, matrix(F, q))
    for _ in range(ITERATIONS):
        for q in range(WIDTH):
            X = matrix(R, q)
            Y = cofactor(X)
            J = X[0, 0] * Y[0, 0] + X[0, 1] * Y[0, 1] + X[0, 2] * Y[0, 2]
            step = 0.5 * (Y / ti.select(ti.abs(J) > 1e-12, J, 1e-12) - X)
            put(R, q, X + step)
            change[q] = step.norm_sqr()
        if greatest(change) < ti.static(step_tolerance()):
            break


@ti.func
def diagonalise(F: ti.template(), b: ti.template(), U: ti.template()):
    """b[0], b[1], b[2] = the eigenvalues of F F^T, U = its eigenvectors; all lanes until the last has converged."""
    left = ti.Vector.zero(float, WIDTH)
    for q in range(WIDTH):
        A = matrix(F, q)
        A = A @ A.transpose()
        d, o = ti.Vector([A[0, 0], A[1, 1], A[2, 2]]), ti.Vector([A[0, 1], A[0, 2], A[1, 2]])
        put_eigen(b, q, d, o)
        put(U, q, ti.Matrix.identity(float, 3))
        left[q] = off_diagonal(d, o)
    for _ in range(3 * ITERATIONS):
        if greatest(left) < ti.static(off_diagonal_tolerance()):
            break
        for q in range(WIDTH):
            d, o = ti.Vector([b[0][q], b[1][q], b[2][q]]), ti.Vector([b[3][q], b[4][q], b[5][q]])
            d, o, V = jacobi_turn(d, o, matrix(U, q))
            put_eigen(b, q, d, o)
            put(U, q, V)
            left[q] = off_diagonal(d, o)


@ti.func
def put_eigen(b: ti.template(), q, d, o):
    """Set the diagonal d and the elements o = (01, 02, 12) of lane q."""
    for i in ti.static(range(3)):
        b[i][q] = d[i]
        b[3 + i][q] = o[i]
