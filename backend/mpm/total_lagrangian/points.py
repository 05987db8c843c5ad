"""What a quadrature point does, forward and backward: gradients from its element's nodes, stress, forces to them.

With the point's gradients grad N_i and its share V of the volume:
    F = I + sum_i u_i (x) grad N_i                                              (1)
    P = 2 mu (F - R) + lam (J - 1) cof F,   R = polar(F), J = det F             (2)  Stomakhin et al. 2012
    f_i -= V P grad N_i                                                         (3)
and for a direction W of change of F, the symmetric tangent
    dP : W = 2 mu (W - dR : W) + lam ((cof F : W) cof F + (J - 1) d(cof F) : W)      (4)
Moduli are of a Young's modulus of 1 Pa times that of the element.
"""

import taichi as ti

from ..polar import cofactor, polar_rotation, polar_rotation_adjoint

Vectors3 = ti.types.ndarray(dtype=ti.types.vector(3, None))
Vectors4 = ti.types.ndarray(dtype=ti.types.vector(4, None))
Reals = ti.types.ndarray()
Integers = ti.types.ndarray(dtype=ti.i32)
POINTS = 8


@ti.func
def gradient(field: ti.template(), b, s, nodes: ti.template(), axes: ti.template(), e, q):
    """sum_i field_i (x) grad N_i at point q of element e; `axes` [C, 8, 6] holds weights and slopes of each axis."""
    wx, wy, wz = axes[e, q, 0], axes[e, q, 1], axes[e, q, 2]
    dx, dy, dz = axes[e, q, 3], axes[e, q, 4], axes[e, q, 5]
    gx = ti.Vector.zero(float, 4)
    gy = ti.Vector.zero(float, 4)
    gz = ti.Vector.zero(float, 4)
    for i in ti.static(range(3)):
        plane = ti.Vector.zero(float, 4)
        plane_y = ti.Vector.zero(float, 4)
        plane_z = ti.Vector.zero(float, 4)
        for j in ti.static(range(3)):
            line = ti.Vector.zero(float, 4)
            line_z = ti.Vector.zero(float, 4)
            for k in ti.static(range(3)):
                u = field[b, s, nodes[e, 9 * i + 3 * j + k]]
                line += wz[k] * u
                line_z += dz[k] * u
            plane += wy[j] * line
            plane_y += dy[j] * line
            plane_z += wy[j] * line_z
        gx += dx[i] * plane
        gy += wx[i] * plane_y
        gz += wx[i] * plane_z
    return ti.Matrix([[gx[a], gy[a], gz[a]] for a in ti.static(range(3))])


@ti.func
def scatter(force: ti.template(), lane, nodes: ti.template(), axes: ti.template(), e, q, A):
    """force_i += A grad N_i for the 27 nodes; no two threads share a lane."""
    wx, wy, wz = axes[e, q, 0], axes[e, q, 1], axes[e, q, 2]
    dx, dy, dz = axes[e, q, 3], axes[e, q, 4], axes[e, q, 5]
    Ax = ti.Vector([A[0, 0], A[1, 0], A[2, 0], 0.0])
    Ay = ti.Vector([A[0, 1], A[1, 1], A[2, 1], 0.0])
    Az = ti.Vector([A[0, 2], A[1, 2], A[2, 2], 0.0])
    for i in ti.static(range(3)):
        x, y, z = dx[i] * Ax, wx[i] * Ay, wx[i] * Az
        for j in ti.static(range(3)):
            along = wy[j] * x + dy[j] * y
            across = wy[j] * z
            for k in ti.static(range(3)):
                n = nodes[e, 9 * i + 3 * j + k]
                # Written out, because Taichi makes += atomic.
                force[lane, n] = force[lane, n] + (wz[k] * along + dz[k] * across)


@ti.func
def stress(F, mu, lam):
    """(P, J), eq. (2)."""
    C = cofactor(F)
    J = F[0, 0] * C[0, 0] + F[0, 1] * C[0, 1] + F[0, 2] * C[0, 2]
    return 2.0 * mu * (F - polar_rotation(F)) + (lam * (J - 1.0)) * C, J


@ti.func
def tangent(F, W, mu, lam):
    """(dP : W, P : W), eq. (4)."""
    C = cofactor(F)
    J = F[0, 0] * C[0, 0] + F[0, 1] * C[0, 1] + F[0, 2] * C[0, 2]
    R = polar_rotation(F)
    x, y, z = row(F, 0), row(F, 1), row(F, 2)
    u, v, w = row(W, 0), row(W, 1), row(W, 2)
    turned = ti.Matrix.rows([v.cross(z) + y.cross(w), z.cross(u) + w.cross(x), u.cross(y) + x.cross(v)])
    swelling = (C * W).sum()
    change = 2.0 * mu * (W - polar_rotation_adjoint(F, R, W)) + lam * (swelling * C + (J - 1.0) * turned)
    return change, 2.0 * mu * ((F - R) * W).sum() + lam * (J - 1.0) * swelling


@ti.func
def row(A, i: ti.template()):
    return ti.Vector([A[i, 0], A[i, 1], A[i, 2]])
