"""Real spherical harmonics as 3D Gaussian splats use them, and how they turn.

Order: degree by degree, in each from m = -l to l, so (l, m) is coefficient l*l + l + m. Sign: (-1)^m times the real
harmonics without the Condon-Shortley phase, as in Kerbl et al. 2023 (their rasteriser's constants). Colour is 0.5 plus
the sum.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

SH_C0 = 0.28209479177387814
"""Y_00, the constant harmonic."""


def basis(directions: np.ndarray, degree: int) -> np.ndarray:
    """Values of the harmonics up to `degree` (0 to 4) [..., (degree+1)^2] at unit directions [..., 3]."""
    x, y, z = np.moveaxis(np.asarray(directions), -1, 0)
    values = [value for band in polynomials(x, y, z)[: degree + 1] for value in band]
    return np.stack(np.broadcast_arrays(*values, x)[:-1], -1)


def polynomials(x: Any, y: Any, z: Any) -> list[list[Any]]:
    """The harmonics of degrees 0 to 4 at unit directions, of anything that can be added and multiplied."""
    xx, yy, zz = x * x, y * y, z * z
    return [
        [SH_C0],
        [-sqrt(3 / (4 * pi)) * y, sqrt(3 / (4 * pi)) * z, -sqrt(3 / (4 * pi)) * x],
        [
            sqrt(15 / pi) / 2 * x * y,
            -sqrt(15 / pi) / 2 * y * z,
            sqrt(5 / pi) / 4 * (2 * zz - xx - yy),
            -sqrt(15 / pi) / 2 * x * z,
            sqrt(15 / pi) / 4 * (xx - yy),
        ],
        [
            -sqrt(35 / (2 * pi)) / 4 * y * (3 * xx - yy),
            sqrt(105 / pi) / 2 * x * y * z,
            -sqrt(21 / (2 * pi)) / 4 * y * (4 * zz - xx - yy),
            sqrt(7 / pi) / 4 * z * (2 * zz - 3 * xx - 3 * yy),
            -sqrt(21 / (2 * pi)) / 4 * x * (4 * zz - xx - yy),
            sqrt(105 / pi) / 4 * z * (xx - yy),
            -sqrt(35 / (2 * pi)) / 4 * x * (xx - 3 * yy),
        ],
        [
            3 / 4 * sqrt(35 / pi) * x * y * (xx - yy),
            -3 / 4 * sqrt(35 / (2 * pi)) * y * z * (3 * xx - yy),
            3 / 4 * sqrt(5 / pi) * x * y * (7 * zz - 1),
            -3 / 4 * sqrt(5 / (2 * pi)) * y * z * (7 * zz - 3),
            3 / 16 * sqrt(1 / pi) * (zz * (35 * zz - 30) + 3),
            -3 / 4 * sqrt(5 / (2 * pi)) * x * z * (7 * zz - 3),
            3 / 8 * sqrt(5 / pi) * (xx - yy) * (7 * zz - 1),
            -3 / 4 * sqrt(35 / (2 * pi)) * x * z * (xx - 3 * yy),
            3 / 16 * sqrt(35 / pi) * (xx * (xx - 3 * yy) - yy * (3 * xx - yy)),
        ],
    ]


def evaluate_sh(sh: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Sum of the harmonics [N, 3] (colour less 0.5) with coefficients [N, K, 3] at unit directions [N, 3].

    Directions run from the camera to the splat, in the frame of the coefficients.
    """
    return np.einsum("nk,nkc->nc", basis(directions, _degree(sh)), sh)


def rotate_sh(sh: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Coefficients [N, K, 3] of the function turned by proper rotation matrices [3, 3] or [N, 3, 3].

    evaluate_sh(rotate_sh(sh, R), R d) = evaluate_sh(sh, d) for every direction d.
    """
    turned = np.array(sh)
    for degree, block in enumerate(rotation_blocks(np.asarray(rotation, float), _degree(sh))):
        band = slice(degree * degree, (degree + 1) ** 2)
        turned[:, band] = block @ sh[:, band]
    return turned


def rotation_blocks(rotation: np.ndarray, degree: int) -> list[np.ndarray]:
    """Matrices M_l [..., 2l+1, 2l+1], l = 0 to `degree`, with Y_l(R d) = M_l Y_l(d), of rotation matrices [..., 3, 3].

    Ivanic & Ruedenberg 1996, eq. (8.1) with tables 1 and 2 as corrected in their 1998 addendum: each from the one
    before and the first, whose harmonics are the coordinates themselves.
    """
    # Of degree 1 the harmonics are proportional to -y, z, -x: the signs are those of a half turn about z, under which
    # every harmonic changes by (-1)^m. So the whole recursion holds in this convention once its start is in it.
    axes, signs = [1, 2, 0], np.array([-1.0, 1.0, -1.0])
    first = rotation[..., axes, :][..., axes] * signs[:, None] * signs
    blocks = [np.ones((*rotation.shape[:-2], 1, 1)), first]
    for l in range(2, degree + 1):  # noqa: E741  the papers' letter
        blocks.append(_next_block(first, blocks[-1], l))
    return blocks[: degree + 1]


def _next_block(first: np.ndarray, before: np.ndarray, l: int) -> np.ndarray:  # noqa: E741
    """M_l from M_1 and M_(l-1)."""
    block = np.empty((*first.shape[:-2], 2 * l + 1, 2 * l + 1))

    def r(i: int, j: int) -> np.ndarray:
        return first[..., i + 1, j + 1]

    def m(a: int, b: int) -> np.ndarray:
        return before[..., a + l - 1, b + l - 1]

    def p(i: int, mu: int, n: int) -> np.ndarray:  # table 2
        if n == l:
            return r(i, 1) * m(mu, l - 1) - r(i, -1) * m(mu, 1 - l)
        if n == -l:
            return r(i, 1) * m(mu, 1 - l) + r(i, -1) * m(mu, l - 1)
        return r(i, 0) * m(mu, n)

    for mu in range(-l, l + 1):
        size, sign = abs(mu), 1 if mu >= 0 else -1
        for n in range(-l, l + 1):
            # Table 1; a factor that is 0 leaves out terms of table 2 that would index beyond M_(l-1).
            denominator = (2 * l) * (2 * l - 1) if abs(n) == l else (l + n) * (l - n)
            entry = 0.0
            if size < l:
                entry = sqrt((l + mu) * (l - mu) / denominator) * p(0, mu, n)
            v = 0.5 * sqrt((l + size - 1) * (l + size) / denominator)
            if mu == 0:
                entry = entry - sqrt(2) * v * (p(1, 1, n) + p(-1, -1, n))
            elif size == 1:
                entry = entry + sqrt(2) * v * p(sign, 0, n)
            else:
                entry = entry + v * (p(1, mu - sign, n) - sign * p(-1, sign - mu, n))
            if 0 < size < l - 1:
                w = -0.5 * sqrt((l - size - 1) * (l - size) / denominator)
                entry = entry + w * (p(1, mu + sign, n) + sign * p(-1, -mu - sign, n))
            block[..., mu + l, n + l] = entry
    return block


def _degree(sh: np.ndarray) -> int:
    return round(sqrt(sh.shape[1])) - 1
