"""EWA projection of 3-D Gaussians to the screen, and its adjoint, as Taichi kernels.

Zwicker et al. 2001, "EWA Volume Splatting": through the affine part of the projection at its centre a Gaussian becomes
a 2-D Gaussian of covariance J W Sigma W^T J^T, W being the camera's rotation and J the Jacobian of the projection. As
in Kerbl et al. 2023 a constant `dilation` may be added to its diagonal, and as in their code J is taken no farther out
than a little outside the picture (`lens`): beyond, the affine image of a near splat would cover the whole picture.

Arguments are numpy arrays, used in place on a CPU and copied by Taichi on other devices; nothing outlives a call.
No `from __future__ import annotations` here: Taichi reads a kernel's annotations as objects.
"""

import numpy as np
import taichi as ti

from ..camera import Camera

SCREEN_COLUMNS = 11
"""Of a projected splat, in one row: 0, 1 centre x, y [px]; 2, 3, 4 inverse covariance xx, xy, yy [1/px^2]; 5 opacity;
6, 7, 8 colour; 9 camera z; 10 log(alpha_min / opacity), the exponent under which it is dropped."""

MIN_DETERMINANT = 1e-6
"""Of a 2-D covariance, in units of the product of its diagonal. Below, a splat is a line thinner than 1/2000 of its
length: it covers no pixel worth the name, and float32 cannot invert it."""

SLOPE_MARGIN = 0.15
"""How far outside the picture J still follows the splat, in widths (heights) of the picture.
0.15 makes it the trainers' 1.3 tan(fov / 2)."""

Array = ti.types.ndarray


def lens(camera: Camera) -> np.ndarray:
    """Focal lengths x, y, principal point x, y [px], then the ranges of x/z and y/z where J follows the splat [8]."""
    (fx, fy), (cx, cy) = camera.focal, camera.centre
    mx, my = SLOPE_MARGIN * camera.width, SLOPE_MARGIN * camera.height
    return np.array(
        [fx, fy, cx, cy]
        + [(-mx - cx) / fx, (camera.width + mx - cx) / fx]
        + [(-my - cy) / fy, (camera.height + my - cy) / fy]
    )


@ti.func
def symmetric(six: ti.template(), i: int):
    """Row i of [N, 6] (xx, xy, xz, yy, yz, zz) as a 3x3 matrix."""
    return ti.Matrix(
        [
            [six[i, 0], six[i, 1], six[i, 2]],
            [six[i, 1], six[i, 3], six[i, 4]],
            [six[i, 2], six[i, 4], six[i, 5]],
        ]
    )


@ti.func
def to_camera(rotation: ti.template(), translation: ti.template(), positions: ti.template(), i: int):
    """The camera's rotation, and the splat's centre in camera space."""
    W = ti.Matrix([[rotation[r, c] for c in ti.static(range(3))] for r in ti.static(range(3))])
    t = ti.Vector([translation[c] for c in ti.static(range(3))])
    return W, W @ ti.Vector([positions[i, c] for c in ti.static(range(3))]) + t


@ti.func
def slopes(optics: ti.template(), p: ti.template()):
    """x/z and y/z of a camera-space point, kept within the lens's range."""
    return ti.Vector(
        [
            ti.min(ti.max(p[0] / p[2], optics[4]), optics[5]),
            ti.min(ti.max(p[1] / p[2], optics[6]), optics[7]),
        ]
    )


@ti.func
def affine_projection(optics: ti.template(), p: ti.template()):
    """J [2, 3]: d pixel / d camera-space point, at the slopes of `slopes`."""
    s = slopes(optics, p)
    return ti.Matrix(
        [
            [optics[0] / p[2], 0.0, -optics[0] * s[0] / p[2]],
            [0.0, optics[1] / p[2], -optics[1] * s[1] / p[2]],
        ]
    )


@ti.kernel
def project(
    positions: Array(ndim=2),
    covariances: Array(ndim=2),
    colours: Array(ndim=2),
    opacity: Array(ndim=1),
    rotation: Array(ndim=2),
    translation: Array(ndim=1),
    optics: Array(ndim=1),
    width: int,
    height: int,
    near: float,
    dilation: float,
    alpha_min: float,
    screen: Array(ndim=2),
    box: Array(ndim=2),
):
    """Fill `screen` [N, SCREEN_COLUMNS] and `box` [N, 4]: alpha may reach alpha_min where x0 <= x < x1, y0 <= y < y1.

    An empty box (x0 = x1) says that the splat shows nowhere; its row of `screen` is then not written.
    """
    for i in range(positions.shape[0]):
        for c in ti.static(range(4)):
            box[i, c] = 0
        W, p = to_camera(rotation, translation, positions, i)
        if p[2] > near and opacity[i] > alpha_min:
            T = affine_projection(optics, p) @ W
            C = T @ symmetric(covariances, i) @ T.transpose()
            xx, xy, yy = C[0, 0] + dilation, C[0, 1], C[1, 1] + dilation
            det = xx * yy - xy * xy
            if det > MIN_DETERMINANT * xx * yy:
                cutoff = ti.log(alpha_min / opacity[i])
                x = optics[0] * p[0] / p[2] + optics[2]
                y = optics[1] * p[1] / p[2] + optics[3]
                # alpha > alpha_min inside an ellipse that reaches sqrt(-2 cutoff) standard deviations each way.
                reach_x, reach_y = ti.sqrt(-2 * cutoff * xx), ti.sqrt(-2 * cutoff * yy)
                # Clamped before the cast: the centre may be farther out than an int can say.
                x0 = int(ti.ceil(ti.min(ti.max(x - reach_x - 0.5, 0.0), float(width))))
                x1 = int(ti.floor(ti.min(ti.max(x + reach_x + 0.5, 0.0), float(width))))
                y0 = int(ti.ceil(ti.min(ti.max(y - reach_y - 0.5, 0.0), float(height))))
                y1 = int(ti.floor(ti.min(ti.max(y + reach_y + 0.5, 0.0), float(height))))
                if x0 < x1 and y0 < y1:
                    box[i, 0], box[i, 1], box[i, 2], box[i, 3] = x0, x1, y0, y1
                    screen[i, 0], screen[i, 1] = x, y
                    screen[i, 2], screen[i, 3], screen[i, 4] = yy / det, -xy / det, xx / det
                    screen[i, 5] = opacity[i]
                    for c in ti.static(range(3)):
                        screen[i, 6 + c] = colours[i, c]
                    screen[i, 9] = p[2]
                    screen[i, 10] = cutoff


@ti.kernel
def project_backward(
    positions: Array(ndim=2),
    covariances: Array(ndim=2),
    rotation: Array(ndim=2),
    translation: Array(ndim=1),
    optics: Array(ndim=1),
    screen: Array(ndim=2),
    splats: Array(ndim=1),
    first: Array(ndim=1),
    moments: Array(ndim=2),
    grad_positions: Array(ndim=2),
    grad_covariances: Array(ndim=2),
):
    """Write the gradients [N, 3] and [N, 6] of the splats that show from their moments [E, MOMENTS] (compositing.py).

    A splat's moments lie in rows first[r] .. first[r + 1], r being its place in `splats`.
    """
    for r in range(splats.shape[0]):
        i = splats[r]
        hx, hy, hxx, hxy, hyy = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(first[r], first[r + 1]):
            hx += moments[k, 0]
            hy += moments[k, 1]
            hxx += moments[k, 2]
            hxy += moments[k, 3]
            hyy += moments[k, 4]
        Q = ti.Matrix([[screen[i, 2], screen[i, 3]], [screen[i, 3], screen[i, 4]]])
        g_mean = Q @ ti.Vector([hx, hy])
        # dL/dC = -Q (dL/dQ) Q for C = Q^-1.
        g_C = 0.5 * Q @ ti.Matrix([[hxx, hxy], [hxy, hyy]]) @ Q

        W, p = to_camera(rotation, translation, positions, i)
        J = affine_projection(optics, p)
        T = J @ W
        # C = T Sigma T^T.
        g_Sigma = T.transpose() @ g_C @ T
        g_J = 2.0 * g_C @ T @ symmetric(covariances, i) @ W.transpose()

        g_p = ti.Vector([0.0, 0.0, 0.0])
        s = slopes(optics, p)
        for c in ti.static(range(2)):
            f_z = optics[c] / p[2]
            slope = p[c] / p[2]
            g_p[c] += g_mean[c] * f_z
            g_p[2] += (-g_mean[c] * slope - g_J[c, c] / p[2] + g_J[c, 2] * s[c] / p[2]) * f_z
            if slope == s[c]:
                g_p[c] -= g_J[c, 2] * f_z / p[2]
                g_p[2] += g_J[c, 2] * f_z * slope / p[2]
        g_world = W.transpose() @ g_p
        for c in ti.static(range(3)):
            grad_positions[i, c] = g_world[c]
        # xy and yx move together, so that an off-diagonal entry has twice its matrix gradient.
        grad_covariances[i, 0] = g_Sigma[0, 0]
        grad_covariances[i, 1] = 2.0 * g_Sigma[0, 1]
        grad_covariances[i, 2] = 2.0 * g_Sigma[0, 2]
        grad_covariances[i, 3] = g_Sigma[1, 1]
        grad_covariances[i, 4] = 2.0 * g_Sigma[1, 2]
        grad_covariances[i, 5] = g_Sigma[2, 2]


@ti.kernel
def look_backward(
    screen: Array(ndim=2),
    splats: Array(ndim=1),
    first: Array(ndim=1),
    moments: Array(ndim=2),
    grad_colours: Array(ndim=2),
    grad_opacity: Array(ndim=1),
):
    """Write the gradients [N, 3] and [N] of the splats that show from their moments [E, LOOK_MOMENTS]."""
    for r in range(splats.shape[0]):
        i = splats[r]
        h = 0.0
        g = ti.Vector([0.0, 0.0, 0.0])
        for k in range(first[r], first[r + 1]):
            h += moments[k, 5]
            for c in ti.static(range(3)):
                g[c] += moments[k, 6 + c]
        grad_opacity[i] = h / screen[i, 5]
        for c in ti.static(range(3)):
            grad_colours[i, c] = g[c]
