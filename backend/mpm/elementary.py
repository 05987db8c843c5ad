"""exp and log of float32 that the compiler does for many particles at a time; library functions it calls one by one.

Range reduction by powers of two, then the minimax polynomials of the Cephes library (Moshier 1989: expf.c, logf.c);
the error stays below 4e-7 of the result for arguments of exp within 5. In float64 these are Taichi's own functions.
"""

import math

import taichi as ti

from ..taichi_runtime import real

LN2 = math.log(2)
EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
LOG = (
    *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1),
    *(-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
)
HALF_ROOT = 0x3F3504F3
"""Bits of sqrt(1/2) as float32."""


def single() -> bool:
    """Whether Taichi runs in float32 at present."""
    return real().__name__ == "float32"


@ti.func
def polynomial(x, coefficients: ti.template()):
    """The polynomial in x whose coefficients are given from the highest power down."""
    sum = ti.cast(coefficients[0], float)
    for k in ti.static(range(1, len(coefficients))):
        sum = sum * x + coefficients[k]
    return sum


@ti.func
def exp(x):
    """e^x; x is cut off at -87 and 88, where float32 ends."""
    result = 0.0
    if ti.static(single()):
        y = ti.min(ti.max(x, -87.0), 88.0)
        n = ti.floor(y * (1 / LN2) + 0.5)
        r = y - n * LN2
        power = ti.bit_cast((ti.cast(n, ti.i32) + 127) << 23, ti.f32)
        result = (polynomial(r, EXP) * r * r + r + 1.0) * power
    else:
        result = ti.exp(x)
    return result


@ti.func
def log(x):
    """Natural logarithm of x > 0."""
    result = 0.0
    if ti.static(single()):
        bits = ti.bit_cast(x, ti.i32)
        e = (bits - HALF_ROOT) >> 23
        f = ti.bit_cast(bits - (e << 23), ti.f32) - 1.0
        result = polynomial(f, LOG) * f * f * f - 0.5 * f * f + f + ti.cast(e, float) * LN2
    else:
        result = ti.log(x)
    return result


@ti.func
def exp3(x):
    """e^x of each of three."""
    return ti.Vector([exp(x[i]) for i in ti.static(range(3))])


@ti.func
def log3(x):
    """Natural logarithm of each of three."""
    return ti.Vector([log(x[i]) for i in ti.static(range(3))])
