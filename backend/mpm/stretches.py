"""Eigenvectors of a symmetric 3x3 matrix by Jacobi's rotations, without branches.

Principal stretches s and their directions U of a deformation F come from F F^T = U diag(s^2) U^T: no right-hand vectors
are needed, since every plastic law here is isotropic and changes F to U diag(s' / s) U^T F. Each turn makes one
off-diagonal element zero (Golub & Van Loan 2013, section 8.5), always that of the first two axes, and then renames the
axes, so that a loop of the same turn reaches all three; equal eigenvalues are no special case.
"""

import taichi as ti

from ..taichi_runtime import real


def off_diagonal_tolerance() -> float:
    """Square of the off-diagonal elements over that of the trace, after which a turn would change nothing."""
    return 1e-30 if real().__name__ == "float64" else 1e-14


@ti.func
def jacobi_turn(d, o, U):
    """(d, o, U) after a turn: the diagonal, the elements (01, 02, 12) and the columns of U, whose product stays."""
    gap = d[1] - d[0]
    # tan of the smaller of the two angles; the addend keeps 0 / 0 from arising where nothing is to be turned.
    t = ti.select(gap < 0.0, -2.0, 2.0) * o[0] / (ti.abs(gap) + ti.sqrt(gap * gap + 4.0 * o[0] * o[0]) + 1e-30)
    c = 1.0 / ti.sqrt(t * t + 1.0)
    s = t * c
    first = ti.Vector([c * U[i, 0] - s * U[i, 1] for i in ti.static(range(3))])
    second = ti.Vector([s * U[i, 0] + c * U[i, 1] for i in ti.static(range(3))])
    third = ti.Vector([U[i, 2] for i in ti.static(range(3))])
    # Axis 1 is named 0 from now on, 2 is named 1, and 0 is named 2.
    return (
        ti.Vector([d[1] + t * o[0], d[2], d[0] - t * o[0]]),
        ti.Vector([s * o[1] + c * o[2], 0.0, c * o[1] - s * o[2]]),
        ti.Matrix.cols([second, third, first]),
    )


@ti.func
def off_diagonal(d, o):
    """As in `off_diagonal_tolerance`."""
    trace = d[0] + d[1] + d[2]
    return o.norm_sqr() / (trace * trace + 1e-30)
