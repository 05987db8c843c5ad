"""Foam, cream, mud: Hencky elasticity with Herschel-Bulkley flow above a yield stress (Yue et al. 2015).

With e = dev(eps), the shear stress S = 2 mu |e|, the yield stress Y in tension [Pa], the viscosity eta [Pa s^n] and the
flow exponent n (below 1 thins in shear, 1 is Bingham's solid, above 1 thickens):
    excess x = S - sqrt(2/3) Y;  where x > 0 it decays by  dS/dt = -2 mu (x / eta)^(1/n)     (1)  their eq. (12)
One implicit substep, y = x' the excess that is left:
    y + 2 mu dt (y / eta)^(1/n) = x                                                          (2)
    eps' = eps - (x - y) / (2 mu) e / |e|                                                    (3)
For n = 1, y = x / (1 + 2 mu dt / eta), which is PhysGaussian's foam with mu in place of mu tr(b) / 3. Volume changes
are elastic.
Equation (2) in g = y / x: g + k g^m = 1 with k = 2 mu dt (x / eta)^m / x and m = 1 / n. It is solved for u = ln g by
Newton's method on ln(g + k g^m), which is nearly linear in u, so that four steps suffice.
"""

import taichi as ti

from ..elementary import exp, exp3, log
from .hencky import deviator, hencky_strain, hencky_stress, length
from .law import Constant, Law
from .von_mises import SQRT_2_3

NEWTON_STEPS = 4


@ti.func
def remaining(excess, mu, viscosity, power, dt):
    """Part g of an excess stress [Pa] above 0 that a substep leaves, eq. (2); power is 1 / n."""
    log_k = power * log(excess / viscosity) + log(2.0 * mu * dt / excess)
    # Where one of the two terms alone is 1: the root is below by at most ln 2.
    u = ti.min(0.0, -log_k / power)
    for _ in ti.static(range(NEWTON_STEPS)):
        a, b = exp(u), exp(log_k + power * u)
        u -= log(a + b) * (a + b) / (a + power * b)
    return exp(ti.min(u, 0.0))


@ti.func
def respond(s, mu, lam, c, memory, dt):
    eps = hencky_strain(s)
    e = deviator(eps)
    size = length(e)
    excess = ti.max(2.0 * mu * size - SQRT_2_3 * c[0], 0.0)
    flow = excess * (1.0 - remaining(ti.max(excess, 1e-6 * mu), mu, c[1], c[2], dt))
    eps -= (flow / (2.0 * mu * size)) * e
    return ti.select(flow > 0.0, exp3(eps), s), hencky_stress(eps, mu, lam), memory


LAW = Law(
    "herschel_bulkley",
    "stretches",
    respond,
    constants=(
        Constant("yield_stress", 0.0, 1e10, "Pa"),
        Constant("viscosity", 1e-6, 1e6, "Pa s^n"),
        Constant("flow_exponent", 0.2, 3.0),
    ),
    columns=lambda values: (values["yield_stress"], values["viscosity"], 1 / values["flow_exponent"]),
)
