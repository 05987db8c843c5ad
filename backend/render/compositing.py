"""Front-to-back alpha compositing of projected splats, and its adjoint, as Taichi kernels.

Kerbl et al. 2023, eq. 3: colour = sum_i c_i alpha_i T_i + background T_end with T_i = prod_(j<i) (1 - alpha_j) and
alpha = min(0.99, opacity exp(-d2/2)), dropped under alpha_min; a pixel is finished once T falls to `stop`.

The picture is cut into tiles. One thread owns a tile and walks its splats in order of depth, each over the pixels it
touches, so no two threads write the same place and the sums are the same in every run.
Arrays as in projection.py; (splat, tile) pairs as in `tiles.Pairs`.
"""

import taichi as ti

from .projection import Array

ALPHA_MAX = 0.99
PIXEL_COLUMNS = 5
"""Of a composited pixel: 0, 1, 2 light of the splats; 3 their weighted camera z; 4 transmittance T left over."""

MOMENTS = 5
"""Sums over a splat's pixels in one tile, with h = dL/dalpha * alpha and d = pixel - centre: h dx, h dy, h dx^2,
h dx dy, h dy^2. As d2 = d^T Q d they hold its gradient: dL/dcentre = Q sum(h d), dL/dQ = -1/2 sum(h d d^T)."""
LOOK_MOMENTS = 9
"""With four more: h, for dL/dopacity = sum(h) / opacity, and weight * dL/dimage of the three channels."""


def items_per_tile() -> int:
    """Loop indices a tile takes: Taichi 1.7 gives a CPU thread 512 consecutive ones at least, whatever `block_dim`."""
    return 512 if ti.cfg.arch == ti.cpu else 1


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
    """Fill `pixels` [H, W, PIXEL_COLUMNS]."""
    height, width = pixels.shape[0], pixels.shape[1]
    columns = (width + tile_width - 1) // tile_width
    for item in range((tile_start.shape[0] - 1) * ti.static(items_per_tile())):
        if item % ti.static(items_per_tile()) != 0:
            continue
        tile = item // ti.static(items_per_tile())
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
                    if exponent >= cutoff and T > stop:  # noqa: SIM300
                        alpha = ti.min(ALPHA_MAX, opacity * ti.exp(exponent))
                        weight = alpha * T
                        # Not +=, which Taichi makes an atomic addition, several times as slow.
                        pixels[y, x, 0] = pixels[y, x, 0] + weight * red
                        pixels[y, x, 1] = pixels[y, x, 1] + weight * green
                        pixels[y, x, 2] = pixels[y, x, 2] + weight * blue
                        pixels[y, x, 3] = pixels[y, x, 3] + weight * z
                        pixels[y, x, 4] = T - weight


@ti.kernel
def composite_backward(
    screen: Array(ndim=2),
    box: Array(ndim=2),
    pair_splat: Array(ndim=1),
    tile_pairs: Array(ndim=1),
    tile_start: Array(ndim=1),
    tile_width: int,
    tile_height: int,
    stop: float,
    image: Array(ndim=3),
    grad_image: Array(ndim=3),
    light: Array(ndim=3),
    moments: Array(ndim=2),
    look: ti.template(),
):
    """Fill `moments` [E, MOMENTS] from the picture and its gradient [H, W, 3], walking front to back once more.

    With `look` they are [E, LOOK_MOMENTS].

    With all colours projected on the pixel's gradient g, `light` [H, W, 2] holds the transmittance T and the part R of
    g.image that lies behind what has been walked; so dL/dalpha_i = T_i g.c_i - R_i / (1 - alpha_i), and neither the
    order's end nor any alpha has to be remembered.
    """
    height, width = image.shape[0], image.shape[1]
    columns = (width + tile_width - 1) // tile_width
    for item in range((tile_start.shape[0] - 1) * ti.static(items_per_tile())):
        if item % ti.static(items_per_tile()) != 0:
            continue
        tile = item // ti.static(items_per_tile())
        left, top = tile % columns * tile_width, tile // columns * tile_height
        right, bottom = ti.min(left + tile_width, width), ti.min(top + tile_height, height)
        for y in range(top, bottom):
            for x in range(left, right):
                light[y, x, 0] = 1.0
                behind = 0.0
                for c in ti.static(range(3)):
                    behind += image[y, x, c] * grad_image[y, x, c]
                light[y, x, 1] = behind
        for entry in range(tile_start[tile], tile_start[tile + 1]):
            pair = tile_pairs[entry]
            i = pair_splat[pair]
            u, v = screen[i, 0], screen[i, 1]
            qxx, qxy, qyy = screen[i, 2], screen[i, 3], screen[i, 4]
            opacity, cutoff = screen[i, 5], screen[i, 10]
            red, green, blue = screen[i, 6], screen[i, 7], screen[i, 8]
            hx, hy, hxx, hxy, hyy = 0.0, 0.0, 0.0, 0.0, 0.0
            h0, to_red, to_green, to_blue = 0.0, 0.0, 0.0, 0.0
            x0, x1 = ti.max(box[i, 0], left), ti.min(box[i, 1], right)
            for y in range(ti.max(box[i, 2], top), ti.min(box[i, 3], bottom)):
                dy = y + 0.5 - v
                for x in range(x0, x1):
                    dx = x + 0.5 - u
                    exponent = -0.5 * (qxx * dx * dx + qyy * dy * dy) - qxy * dx * dy
                    T = light[y, x, 0]
                    if exponent >= cutoff and T > stop:  # noqa: SIM300
                        unclamped = opacity * ti.exp(exponent)
                        alpha = ti.min(ALPHA_MAX, unclamped)
                        weight = alpha * T
                        g_red, g_green, g_blue = grad_image[y, x, 0], grad_image[y, x, 1], grad_image[y, x, 2]
                        g_colour = red * g_red + green * g_green + blue * g_blue
                        if ti.static(look):
                            to_red += weight * g_red
                            to_green += weight * g_green
                            to_blue += weight * g_blue
                        behind = light[y, x, 1] - weight * g_colour
                        light[y, x, 0] = T - weight
                        light[y, x, 1] = behind
                        if unclamped < ALPHA_MAX:
                            h = weight * g_colour - alpha / (1.0 - alpha) * behind
                            hx += h * dx
                            hy += h * dy
                            hxx += h * dx * dx
                            hxy += h * dx * dy
                            hyy += h * dy * dy
                            if ti.static(look):
                                h0 += h
            moments[pair, 0] = hx
            moments[pair, 1] = hy
            moments[pair, 2] = hxx
            moments[pair, 3] = hxy
            moments[pair, 4] = hyy
            if ti.static(look):
                moments[pair, 5] = h0
                moments[pair, 6] = to_red
                moments[pair, 7] = to_green
                moments[pair, 8] = to_blue
