"""Hencky's strain energy, quadratic in the logarithms of the stretches: the elastic half of most plastic laws here.

    eps = ln s,   psi = mu |eps|^2 + lam / 2 tr(eps)^2                             (1)  Klar et al. 2016, sec. 6.1
    principal Kirchhoff stresses  t = 2 mu eps + lam tr(eps)                       (2)
Stress is linear in strain and plastic flow keeps directions, so return maps are those of small strain (Simo 1992).
"""

import taichi as ti

from ..elementary import log3

LEAST_STRETCH = 0.01
"""Where logarithms are cut off."""


@ti.func
def hencky_strain(s):
    """Principal Hencky strains [3] of principal stretches [3]."""
    return log3(ti.max(s, LEAST_STRETCH))


@ti.func
def deviator(eps):
    """The part of principal values [3] without their mean."""
    return eps - (eps[0] + eps[1] + eps[2]) / 3.0


@ti.func
def length(eps):
    """|eps|, kept above zero so that it may be divided by."""
    return ti.sqrt(eps[0] * eps[0] + eps[1] * eps[1] + eps[2] * eps[2] + 1e-20)


@ti.func
def hencky_stress(eps, mu, lam):
    """Principal Kirchhoff stresses [3] (Pa), eq. (2)."""
    return 2.0 * mu * eps + lam * (eps[0] + eps[1] + eps[2])
