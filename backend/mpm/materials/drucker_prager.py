"""Sand: Hencky elasticity and the Drucker-Prager cone (Klar et al. 2016) with volume correction.

With e = dev(eps), k = (3 lam + 2 mu) / (2 mu), phi the friction angle and v what expansion has added to the log volume
(Tampubolon et al. 2017, section 4.3.4):
    alpha = sqrt(2/3) 2 sin(phi) / (3 - sin(phi))                                  (1)  Klar et al. 2016, sec. 7.3
    eps = ln s + v / 3                                                             (2)
    tr(eps) >= 0: the tip, no stress: eps' = 0, v' = tr(eps)                       (3)  case II, sec. 7.2
    dg = |e| + k tr(eps) alpha <= 0: inside, eps' = eps                            (4)  case I
    else: eps' = eps - dg e / |e|                                                  (5)  case III
    v' = 0 in (4) and (5): sand that closes up again meets no stress until its grains touch.
"""

import math

import numpy as np
import taichi as ti

from ..elementary import exp3
from .hencky import deviator, hencky_strain, hencky_stress, length
from .law import Constant, Law, Values


@ti.func
def respond(s, mu, lam, c, memory, dt):
    bare = hencky_strain(s)
    eps = bare + memory / 3.0
    trace = eps[0] + eps[1] + eps[2]
    e = deviator(eps)
    size = length(e)
    slip = size + (3.0 * lam + 2.0 * mu) / (2.0 * mu) * trace * c[0]
    tip = trace >= 0.0
    eps = ti.select(tip, 0.0 * eps, eps - (ti.max(slip, 0.0) / size) * e)
    moved = ti.max(slip, ti.abs(memory), trace)
    return ti.select(moved > 0.0, exp3(eps), s), hencky_stress(eps, mu, lam), ti.select(tip, trace, 0.0)


def columns(values: Values) -> tuple:
    """The slope alpha of the cone, eq. (1), from the friction angle in radians."""
    sine = np.sin(values["friction_angle"])
    return (math.sqrt(2 / 3) * 2 * sine / (3 - sine),)


LAW = Law(
    "drucker_prager",
    "stretches",
    respond,
    constants=(Constant("friction_angle", 0.0, 1.4, "rad"),),
    columns=columns,
)
