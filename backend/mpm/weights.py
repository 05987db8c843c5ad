"""Quadratic B-spline weights and the stencil of 27 nodes around a particle.

Jiang et al. 2016 (MPM course notes), eq. (123), d in cells:
N(d) = 3/4 - d^2 for |d| < 1/2, (3/2 - |d|)^2 / 2 up to 3/2.
"""

# Kernels need evaluated annotations, so the modules that define Taichi functions do not postpone them.
import taichi as ti


@ti.func
def weight(d):
    """N(d), the share of a node at distance d cells; |d| must not exceed 3/2."""
    a = ti.abs(d)
    return ti.select(a < 0.5, 0.75 - d * d, 0.5 * (1.5 - a) * (1.5 - a))


@ti.func
def weight_slope(d):
    """dN/dd."""
    return ti.select(ti.abs(d) < 0.5, -2.0 * d, ti.select(d > 0.0, d - 1.5, d + 1.5))


@ti.func
def stencil(x, cell, offset, shape):
    """First node of the stencil (ivec3, in the window) and the particle's distance from it in cells (vec3, 0.5 to 1.5).

    x [m] is relative to the grid's origin; `offset` is the window's first node and `shape` its node counts. A stencil
    that would reach outside the window is moved back inside, so memory is safe whatever x holds.
    """
    y = x / cell - ti.cast(offset, float)
    limit = shape - 3
    # Clamped twice: as a real before the cast, which is undefined for values that no integer holds, and as an integer
    # because NaN may pass the first.
    near = ti.max(ti.min(ti.floor(y - 0.5), ti.cast(limit, float)), 0.0)
    base = ti.max(ti.min(ti.cast(near, int), limit), 0)
    return base, y - ti.cast(base, float)
