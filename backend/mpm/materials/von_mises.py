"""Metal: Hencky elasticity, von Mises yield and linear isotropic hardening.

With e = dev(eps) of the trial strain, Y the yield stress in tension [Pa], H the hardening modulus [Pa] and a the
accumulated plastic strain (Simo & Hughes 1998, box 3.1, in Hencky strain as Simo 1992):
    f  = 2 mu |e| - sqrt(2/3) (Y + H a)                                            (1)
    dg = max(f, 0) / (2 mu + 2/3 H)                                                (2)
    eps' = eps - dg e / |e|,   a' = a + sqrt(2/3) dg                               (3)
PhysGaussian's metal measures Y as |dev tau|; here Y is what a tension test shows, |dev tau| = sqrt(2/3) Y.
"""

import math

import taichi as ti

from ..elementary import exp3
from .hencky import deviator, hencky_strain, hencky_stress, length
from .law import Constant, Law

SQRT_2_3 = math.sqrt(2 / 3)


@ti.func
def radial_return(eps, mu, yield_stress, hardening):
    """(eps', dg) by eqs. (1) to (3), for the yield stress and hardening modulus that hold at the substep's start."""
    e = deviator(eps)
    size = length(e)
    excess = 2.0 * mu * size - SQRT_2_3 * yield_stress
    slip = ti.max(excess, 0.0) / (2.0 * mu + 2.0 / 3.0 * hardening)
    return eps - (slip / size) * e, slip


@ti.func
def respond(s, mu, lam, c, memory, dt):
    eps, slip = radial_return(hencky_strain(s), mu, c[0] + c[1] * memory, c[1])
    return ti.select(slip > 0.0, exp3(eps), s), hencky_stress(eps, mu, lam), memory + SQRT_2_3 * slip


LAW = Law(
    "von_mises",
    "stretches",
    respond,
    constants=(Constant("yield_stress", 0.0, 1e10, "Pa"), Constant("hardening", 0.0, 1e11, "Pa")),
)
