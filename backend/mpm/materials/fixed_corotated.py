"""Fixed-corotated elasticity (Stomakhin et al. 2012), the law of PhysGaussian and PhysDreamer.

With F = R S, J = det F and Lame's parameters mu, lam [Pa]:
    energy density  psi = mu |F - R|^2 + lam / 2 (J - 1)^2                         (1)
    Kirchhoff stress  tau = 2 mu (F - R) F^T + lam J (J - 1) I                     (2)  eq. (52) of Jiang et al. 2016
and with G = dL/dtau of any loss L:
    dL/dF, R and J fixed  = 2 mu ((G + G^T) F - G^T R)                             (3)
    dL/dR                 = -2 mu G F                                              (4)
    dL/dF through J       = lam tr(G) (2 J - 1) cof F                              (5)
    dL/dmu = 2 G : (F - R) F^T,   dL/dlam = tr(G) J (J - 1)                        (6)
"""

import taichi as ti

from ..polar import cofactor, polar_rotation_adjoint
from .law import Law


@ti.func
def kirchhoff_stress(F, R, J, mu, lam):
    """Stress tau [Pa], eq. (2); R = polar_rotation(F) and J = det F are the caller's, who needs them again."""
    return 2.0 * mu * (F - R) @ F.transpose() + ti.Matrix.identity(float, 3) * (lam * J * (J - 1.0))


@ti.func
def kirchhoff_stress_adjoint(F, R, J, mu, lam, G):
    """(dL/dF, dL/dmu, dL/dlam) for G = dL/dtau, eqs. (3) to (6)."""
    trace = G[0, 0] + G[1, 1] + G[2, 2]
    gF = 2.0 * mu * ((G + G.transpose()) @ F - G.transpose() @ R)
    gF += polar_rotation_adjoint(F, R, -2.0 * mu * (G @ F))
    gF += (lam * trace * (2.0 * J - 1.0)) * cofactor(F)
    shear = (F - R) @ F.transpose()
    g_mu = 0.0
    for i, j in ti.static(ti.ndrange(3, 3)):
        g_mu += 2.0 * G[i, j] * shear[i, j]
    return gF, g_mu, trace * J * (J - 1.0)


@ti.func
def respond(F, R, C, mu, lam, c, memory, dt):
    J = F.determinant()
    return kirchhoff_stress(F, R, J, mu, lam), memory, J


LAW = Law("fixed_corotated", "rotation", respond, stress=kirchhoff_stress, adjoint=kirchhoff_stress_adjoint)
