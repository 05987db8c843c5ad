"""Compressible neo-Hookean elasticity (Bonet & Wood 2008, section 6.4.3): rubber and jelly under large stretch.

With J = det F and Lame's parameters mu, lam [Pa]:
    energy density  psi = mu / 2 (|F|^2 - 3) - mu ln J + lam / 2 (ln J)^2          (1)  their eq. (6.27)
    Kirchhoff stress  tau = mu (F F^T - I) + lam ln J I                            (2)  J times their eq. (6.29)
and with G = dL/dtau of any loss L:
    dL/dF = mu (G + G^T) F + lam tr(G) F^-T                                        (3)
    dL/dmu = G : (F F^T - I),   dL/dlam = tr(G) ln J                               (4)
No rotation is needed. The energy grows without bound as J falls to 0, so nothing turns inside out.
"""

import taichi as ti

from ..elementary import log
from ..polar import cofactor
from .law import Law

LEAST_J = 1e-3
"""Where ln J is cut off: far beyond what the solver lets pass."""


@ti.func
def kirchhoff_stress(F, R, J, mu, lam):
    """Stress tau [Pa], eq. (2); R is not used."""
    identity = ti.Matrix.identity(float, 3)
    return mu * (F @ F.transpose() - identity) + (lam * log(ti.max(J, LEAST_J))) * identity


@ti.func
def kirchhoff_stress_adjoint(F, R, J, mu, lam, G):
    """(dL/dF, dL/dmu, dL/dlam) for G = dL/dtau, eqs. (3) and (4)."""
    trace = G[0, 0] + G[1, 1] + G[2, 2]
    volume = ti.max(J, LEAST_J)
    gF = mu * ((G + G.transpose()) @ F) + (lam * trace / volume) * cofactor(F)
    b = F @ F.transpose()
    g_mu = -trace
    for i, j in ti.static(ti.ndrange(3, 3)):
        g_mu += G[i, j] * b[i, j]
    return gF, g_mu, trace * log(volume)


@ti.func
def respond(F, R, C, mu, lam, c, memory, dt):
    J = F.determinant()
    return kirchhoff_stress(F, R, J, mu, lam), memory, J


LAW = Law("neo_hookean", "gradient", respond, stress=kirchhoff_stress, adjoint=kirchhoff_stress_adjoint)
