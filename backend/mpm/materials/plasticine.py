"""Plasticine: a von Mises solid that softens where it is kneaded, down to a residual strength.

As `von_mises` with the yield stress, for B the softening modulus [Pa] and Y_r the residual strength [Pa],
    Y(a) = max(Y_0 - B a, Y_r)                                                     (1)  after PhysGaussian's damage
PhysGaussian removes all stiffness once Y reaches 0 (Xie et al. 2024, code); a residual keeps clay from crumbling into
particles without stress. The slope -B holds until Y_r is reached within the substep, then the surface is fixed.
"""

import taichi as ti

from ..elementary import exp3
from .hencky import hencky_strain, hencky_stress
from .law import Constant, Law
from .von_mises import SQRT_2_3, radial_return


@ti.func
def respond(s, mu, lam, c, memory, dt):
    trial = hencky_strain(s)
    # The softening branch must not outrun the elastic slope 2 mu, or the return would have no solution.
    slope = -ti.min(c[1], 2.9 * mu)
    softened, slip = radial_return(trial, mu, ti.max(c[0] + slope * memory, c[2]), slope)
    flat, slip_flat = radial_return(trial, mu, c[2], 0.0)
    past = c[0] + slope * (memory + SQRT_2_3 * slip) < c[2]
    eps = ti.select(past, flat, softened)
    slip = ti.select(past, slip_flat, slip)
    return ti.select(slip > 0.0, exp3(eps), s), hencky_stress(eps, mu, lam), memory + SQRT_2_3 * slip


LAW = Law(
    "plasticine",
    "stretches",
    respond,
    constants=(
        Constant("yield_stress", 0.0, 1e10, "Pa"),
        Constant("softening", 0.0, 1e11, "Pa"),
        Constant("residual_stress", 0.0, 1e10, "Pa"),
    ),
)
