"""Rotation of the polar decomposition F = R S by Newton's iteration, and its derivative; shared with skinning.

Higham 1986: X <- (X + X^-T) / 2 converges quadratically to R for det F > 0. It needs no singular vectors, so equal
stretches (F near the identity, the common case) are no special case, neither here nor in the derivative.
"""

import taichi as ti

from ..taichi_runtime import real


@ti.func
def cofactor(A):
    """det(A) A^-T of a 3x3 matrix, defined for singular A too."""
    x = ti.Vector([A[0, 0], A[0, 1], A[0, 2]])
    y = ti.Vector([A[1, 0], A[1, 1], A[1, 2]])
    z = ti.Vector([A[2, 0], A[2, 1], A[2, 2]])
    return ti.Matrix.rows([y.cross(z), z.cross(x), x.cross(y)])


def step_tolerance() -> float:
    """Squared length of a Newton step after which the next one would change nothing in Taichi's present precision."""
    return 1e-16 if real().__name__ == "float64" else 1e-7


@ti.func
def polar_rotation(F):
    """Rotation R nearest to F for det F > 0; an inverted F gives a reflection, a singular one stays finite."""
    R = F
    for _ in range(20):
        C = cofactor(R)
        J = R[0, 0] * C[0, 0] + R[0, 1] * C[0, 1] + R[0, 2] * C[0, 2]
        # Keeps the division finite; a determinant this small means a particle crushed to nothing.
        J = ti.select(ti.abs(J) > 1e-12, J, 1e-12)
        step = 0.5 * (C / J - R)
        R += step
        if step.norm_sqr() < ti.static(step_tolerance()):
            break
    return R


@ti.func
def polar_rotation_adjoint(F, R, gR):
    """dL/dF of a loss that reaches F only through R = polar_rotation(F), given gR = dL/dR.

    dR = R [w]x with (tr(S) I - S) w = axial(R^T dF - dF^T R), hence dL/dF = R [y]x with
    y = (tr(S) I - S)^-1 axial(R^T gR - gR^T R). Divides by sums of two stretches only, never by their difference.
    """
    S = R.transpose() @ F
    M = R.transpose() @ gR
    trace = S[0, 0] + S[1, 1] + S[2, 2]
    K = ti.Matrix.identity(float, 3) * trace - 0.5 * (S + S.transpose())
    y = K.inverse() @ ti.Vector([M[2, 1] - M[1, 2], M[0, 2] - M[2, 0], M[1, 0] - M[0, 1]])
    return R @ ti.Matrix([[0.0, -y[2], y[1]], [y[2], 0.0, -y[0]], [-y[1], y[0], 0.0]])
