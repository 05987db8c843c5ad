"""Kelvin-Voigt viscoelasticity for living tissue: the fixed-corotated solid with a dashpot beside every spring.

With tau_e the elastic stress of `fixed_corotated`, C the velocity gradient, D = (C + C^T) / 2 and T the retardation
time [s] (Larson 1999, section 1.3: the Voigt element):
    tau = tau_e + J T (2 mu D + lam tr(D) I)                                       (1)
The viscous stress is T times the elastic stress of the same strain, so a free vibration of angular frequency w has the
damping ratio
    zeta = w T / 2                                                                 (2)
whatever its shape: fast ripples die first, as in a stem.
"""

import taichi as ti

from .fixed_corotated import kirchhoff_stress
from .law import Constant, Law


@ti.func
def respond(F, R, C, mu, lam, c, memory, dt):
    J = F.determinant()
    viscous = (J * c[0] * mu) * (C + C.transpose()) + ti.Matrix.identity(float, 3) * (J * c[0] * lam * C.trace())
    return kirchhoff_stress(F, R, J, mu, lam) + viscous, memory, J


LAW = Law(
    "kelvin_voigt",
    "rotation",
    respond,
    constants=(Constant("retardation_time", 0.0, 10.0, "s"),),
    retardation=lambda values, modulus: values["retardation_time"],
)
