"""Local arrays with one number for each lane of a bundle, and matrices of nine such arrays."""

import taichi as ti

from ..polar import cofactor, step_tolerance
from ..stretches import jacobi_sweep, off_diagonal_tolerance
from .packing import WIDTH

ITERATIONS = 20
"""Newton steps or Jacobi sweeps at most; four are usual."""


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
    """b = the diagonal form of F F^T, U = its eigenvectors; all lanes until the last has converged."""
    left = ti.Vector.zero(float, WIDTH)
    for q in range(WIDTH):
        A = matrix(F, q)
        put(b, q, A @ A.transpose())
        put(U, q, ti.Matrix.identity(float, 3))
    for _ in range(ITERATIONS):
        for q in range(WIDTH):
            A, V, rest = jacobi_sweep(matrix(b, q), matrix(U, q))
            put(b, q, A)
            put(U, q, V)
            left[q] = rest
        if greatest(left) < ti.static(off_diagonal_tolerance()):
            break
