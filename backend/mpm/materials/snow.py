"""Snow (Stomakhin et al. 2013): stretches clamped to a brittle range, stiffness that grows as snow is packed.

With Jp the volume ratio of the plastic deformation, theta_c, theta_s the critical compression and stretch, xi the
hardening coefficient:
    s' = clamp(s, 1 - theta_c, 1 + theta_s)                                        (1)  their section 7, before eq. (12)
    Jp' = Jp prod(s) / prod(s')                                                    (2)  det of their eq. (12)
    h = exp(xi (1 - Jp')),  mu = h mu_0,  lam = h lam_0                            (3)  their eq. (2)
    t = 2 mu (s' - 1) s' + lam J (J - 1),  J = prod(s')                            (4)  of their eq. (1)
h is cut off at STIFFEST, because the substep must be short enough for the hardest snow, and below at SOFTEST, so that
torn snow keeps some body. Without a bound, Jp = 0.6 would already be 55 times as stiff.
"""

import taichi as ti

from ..elementary import exp
from .law import Constant, Law

STIFFEST, SOFTEST = 10.0, 0.1


@ti.func
def respond(s, mu, lam, c, memory, dt):
    kept = ti.min(ti.max(s, 1.0 - c[0]), 1.0 + c[1])
    J = kept[0] * kept[1] * kept[2]
    packed = memory * (s[0] * s[1] * s[2]) / J
    h = ti.min(ti.max(exp(c[2] * (1.0 - packed)), SOFTEST), STIFFEST)
    return kept, h * (2.0 * mu * (kept - 1.0) * kept + lam * J * (J - 1.0)), packed


LAW = Law(
    "snow",
    "stretches",
    respond,
    constants=(
        Constant("critical_compression", 1e-4, 0.5),
        Constant("critical_stretch", 1e-4, 0.5),
        Constant("hardening_coefficient", 0.0, 50.0),
    ),
    memory=1.0,
    stiffening=lambda values: STIFFEST,
)
