"""Eigenvectors of a symmetric 3x3 matrix by Jacobi's rotations, without branches.

Principal stretches s and their directions U of a deformation F come from F F^T = U diag(s^2) U^T: no right-hand vectors
are needed, since every plastic law here is isotropic and changes F to U diag(s' / s) U^T F. Each sweep turns away the
three off-diagonal elements in turn (Golub & Van Loan 2013, section 8.5); equal eigenvalues are no special case.
"""

import taichi as ti

from ..taichi_runtime import real


def off_diagonal_tolerance() -> float:
    """Square of the off-diagonal elements over that of the trace, after which a sweep would change nothing."""
    return 1e-30 if real().__name__ == "float64" else 1e-14


@ti.func
def turn(A, U, i: ti.template(), j: ti.template()):
    """A and U after the rotation that makes A[i, j] zero."""
    k = ti.static(3 - i - j)
    a, d = A[i, j], A[j, j] - A[i, i]
    # tan of the smaller of the two angles; the addend keeps 0 / 0 from arising where nothing is to be turned.
    t = ti.select(d < 0.0, -2.0, 2.0) * a / (ti.abs(d) + ti.sqrt(d * d + 4.0 * a * a) + 1e-30)
    c = 1.0 / ti.sqrt(t * t + 1.0)
    s = t * c
    # Written out, because Taichi makes -= atomic, even here.
    A[i, i] = A[i, i] - t * a
    A[j, j] = A[j, j] + t * a
    A[i, j] = 0.0
    A[j, i] = 0.0
    x, y = A[k, i], A[k, j]
    A[k, i] = c * x - s * y
    A[i, k] = A[k, i]
    A[k, j] = s * x + c * y
    A[j, k] = A[k, j]
    for r in ti.static(range(3)):
        x, y = U[r, i], U[r, j]
        U[r, i] = c * x - s * y
        U[r, j] = s * x + c * y
    return A, U


@ti.func
def jacobi_sweep(A, U):
    """(A, U, rest) after one sweep, U A U^T unchanged; rest as in `off_diagonal_tolerance`."""
    A, U = turn(A, U, 0, 1)
    A, U = turn(A, U, 0, 2)
    A, U = turn(A, U, 1, 2)
    off = A[0, 1] * A[0, 1] + A[0, 2] * A[0, 2] + A[1, 2] * A[1, 2]
    trace = A[0, 0] + A[1, 1] + A[2, 2]
    return A, U, off / (trace * trace + 1e-30)
