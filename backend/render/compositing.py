"""Front-to-back alpha compositing of projected splats, and its adjoint, as Taichi kernels.

Kerbl et al. 2023, eq. 3: colour = sum_i c_i alpha_i T_i + background T_end with T_i = prod_(j<i) (1 - alpha_j) and
alpha = min(0.99, opacity exp(-d2/2)), dropped under alpha_min; a pixel is finished once T falls to `stop`.

The picture is cut into tiles. One thread owns a tile and walks its splats in order of depth, each over the pixels it touches, so
no two threads write the same place and the sums are the same in every run.
Arguments as in projection.py.
"""

import taichi as ti

from .projection import Array

ALPHA_MAX = 0.99
PIXEL_COLUMNS = 5
"""Of a composited pixel: 0, 1, 2 light of the splats; 3 their weighted camera z; 4 transmittance T left over."""

MOMENTS = 5
"""Sums over the pixels of one splat in one tile, of h = dL/dalpha * alpha and d = pixel - centre: h dx, h dy, h dx^2, h dx dy,
h dy^2. With d2 = d^T Q d they hold the gradient: dL/dcentre = Q sum(h d), dL/dQ = -1/2 sum(h d d^T)."""


@ti.kernel
def composite(
    screen: Array(ndim=2),
    box: Array(ndim=2),
    pair_splat: Array(ndim=1),
    tile_pairs: Array(ndim=1),
    tile_start: Array(ndim=1),
    tile_width: int,
    tile_height: int,
    stop: float,
    pixels: Array(ndim=3),
):
    """Fill `pixels` [H, W, PIXEL_COLUMNS]; pairs as `tiles.Pairs` describes them."""
    height, width = pixels.shape[0], pixels.shape[1]
    columns = (width + tile_width - 1) // tile_width
    ti.loop_config(block_dim=1)
    for tile in range(tile_start.shape[0] - 1):
        left, top = tile % columns * tile_width, tile // columns * tile_height
        right, bottom = ti.min(left + tile_width, width), ti.min(top + tile_height, height)
        for y in range(top, bottom):
            for x in range(left, right):
                for c in ti.static(range(4)):
                    pixels[y, x, c] = 0.0
                pixels[y, x, 4] = 1.0
        for entry in range(tile_start[tile], tile_start[tile + 1]):
            i = pair_splat[tile_pairs[entry]]
            u, v, z = screen[i, 0], screen[i, 1], screen[i, 9]
            qxx, qxy, qyy = screen[i, 2], screen[i, 3], screen[i, 4]
            opacity, cutoff = screen[i, 5], screen[i, 10]
            red, green, blue = screen[i, 6], screen[i, 7], screen[i, 8]
            x0, x1 = ti.max(box[i, 0], left), ti.min(box[i, 1], right)
            for y in range(ti.max(box[i, 2], top), ti.min(box[i, 3], bottom)):
                dy = y + 0.5 - v
                for x in range(x0, x1):
                    dx = x + 0.5 - u
                    exponent = -0.5 * (qxx * dx * dx + qyy * dy * dy) - qxy * dx * dy
                    T = pixels[y, x, 4]
                    if exponent >= cutoff and T > stop:
                        alpha = ti.min(ALPHA_MAX, opacity * ti.exp(exponent))
                        weight = alpha * T
                        pixels[y, x, 0] += weight * red
                        pixels[y, x, 1] += weight * green
                        pixels[y, x, 2] += weight * blue
                        pixels[y, x, 3] += weight * z
                        pixels[y, x, 4] = T - weight
