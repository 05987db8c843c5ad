"""Splats carried by driving particles, and the gradient back to the particles.

A splat moves by its particles' weighted mean displacement. Its covariance turns by B = sum_k w_k R_k, the weighted
mean of their rotations R = polar(F): Sigma' = B Sigma B^T. That is linear blend skinning, or F Sigma F^T
of PhysGaussian (Xie et al. 2024) without the stretch.

B is a mean of rotations, not a rotation: two that differ by an angle a shrink a splat by a^2 / 8, 0.1 % at 5 degrees. A
fit does not see that, and the mean is linear in every R, which makes its gradient exact and cheap. What is baked turns
splats by blended quaternions instead (`Trajectory.pose`): they keep their size and agree with B to second order in a.

No `from __future__ import annotations` here: Taichi reads a kernel's annotations as objects.
"""

import numpy as np
import taichi as ti

from .. import taichi_runtime
from ..deformation import six_numbers
from ..gaussians import Gaussians
from ..mpm.polar import polar_rotation, polar_rotation_adjoint
from ..trajectory import Binding
from .projection import Array, symmetric


class Skinning:
    """Poses a cloud's splats for a picture; one instance serves all frames.

    `rest` [P, 3] m are the driving particles at rest, in the frame of the splats (world). Taichi must have been
    started, and its precision is used. `backward` belongs to the last `pose`.
    """

    def __init__(self, gaussians: Gaussians, binding: Binding, rest: np.ndarray) -> None:
        real = taichi_runtime.real()
        self._real = real
        self._rest = np.ascontiguousarray(rest, real)
        self._positions = gaussians.positions.astype(real)
        self._covariances = six_numbers(gaussians.covariances()).astype(real)
        self._binding = (
            np.ascontiguousarray(binding.splats, np.int32),
            np.ascontiguousarray(binding.particles, np.int32),
            np.ascontiguousarray(binding.weights, real),
        )
        # The binding the other way round: the sums over a particle's splats then need no atomics, whose order varies.
        particle = binding.particles.ravel()
        order = np.argsort(particle, kind="stable")
        start = np.zeros(len(rest) + 1, np.int32)
        np.cumsum(np.bincount(particle, minlength=len(rest)), out=start[1:])
        row = (order // binding.particles.shape[1]).astype(np.int32)
        self._transposed = (start, row, self._binding[2].ravel()[order])

    def pose(self, positions: np.ndarray, deformation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions [N, 3] m and covariances [N, 6] m^2 (xx, xy, xz, yy, yz, zz) of all splats.

        From the particles' positions [P, 3] m and deformation gradients F [P, 3, 3]; splats not bound keep still.
        """
        displacement = np.ascontiguousarray(positions, self._real) - self._rest
        self._deformation = np.ascontiguousarray(deformation, self._real)
        self._rotations = np.empty_like(self._deformation)
        polar_rotations(self._deformation, self._rotations)
        posed, covariances = self._positions.copy(), self._covariances.copy()
        skin(displacement, self._rotations, *self._binding, self._covariances, posed, covariances)
        return posed, covariances

    def backward(self, grad_positions: np.ndarray, grad_covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients to the particles' positions [P, 3] and F [P, 3, 3] from those of `pose`'s results [N, 3], [N, 6].

        An off-diagonal covariance entry counts once, as `Rasteriser.backward` has it.
        """
        splats, particles, weights = self._binding
        grad_blend = np.empty((len(splats), 3, 3), self._real)
        grad_covariances = np.ascontiguousarray(grad_covariances, self._real)
        blend_backward(self._rotations, splats, particles, weights, self._covariances, grad_covariances, grad_blend)
        grad_particles = np.empty_like(self._rest)
        grad_deformation = np.empty_like(self._deformation)
        particles_backward(
            *self._transposed,
            splats,
            np.ascontiguousarray(grad_positions, self._real),
            grad_blend,
            self._deformation,
            self._rotations,
            grad_particles,
            grad_deformation,
        )
        return grad_particles, grad_deformation


@ti.func
def matrix(array: ti.template(), i: int):
    """Entry i of [N, 3, 3]."""
    return ti.Matrix([[array[i, r, c] for c in ti.static(range(3))] for r in ti.static(range(3))])


@ti.func
def blended(rotations: ti.template(), particles: ti.template(), weights: ti.template(), m: int):
    """B = sum_k w_k R_k of moving splat m."""
    B = ti.Matrix.zero(float, 3, 3)
    for k in range(particles.shape[1]):
        B += weights[m, k] * matrix(rotations, particles[m, k])
    return B


@ti.kernel
def polar_rotations(deformation: Array(ndim=3), rotations: Array(ndim=3)):
    """R [P, 3, 3] of F [P, 3, 3]."""
    for p in range(deformation.shape[0]):
        R = polar_rotation(matrix(deformation, p))
        for r, c in ti.static(ti.ndrange(3, 3)):
            rotations[p, r, c] = R[r, c]


@ti.kernel
def skin(
    displacement: Array(ndim=2),
    rotations: Array(ndim=3),
    splats: Array(ndim=1),
    particles: Array(ndim=2),
    weights: Array(ndim=2),
    rest_covariances: Array(ndim=2),
    positions: Array(ndim=2),
    covariances: Array(ndim=2),
):
    """Move the bound splats' `positions` [N, 3] and write their turned `covariances` [N, 6]."""
    for m in range(splats.shape[0]):
        i = splats[m]
        moved = ti.Vector.zero(float, 3)
        for k in range(particles.shape[1]):
            for c in ti.static(range(3)):
                moved[c] += weights[m, k] * displacement[particles[m, k], c]
        for c in ti.static(range(3)):
            positions[i, c] = positions[i, c] + moved[c]
        B = blended(rotations, particles, weights, m)
        S = B @ symmetric(rest_covariances, i) @ B.transpose()
        covariances[i, 0], covariances[i, 1], covariances[i, 2] = S[0, 0], S[0, 1], S[0, 2]
        covariances[i, 3], covariances[i, 4], covariances[i, 5] = S[1, 1], S[1, 2], S[2, 2]


@ti.kernel
def blend_backward(
    rotations: Array(ndim=3),
    splats: Array(ndim=1),
    particles: Array(ndim=2),
    weights: Array(ndim=2),
    rest_covariances: Array(ndim=2),
    grad_covariances: Array(ndim=2),
    grad_blend: Array(ndim=3),
):
    """dL/dB = 2 G B Sigma [M, 3, 3] with G the symmetric matrix gradient of Sigma' = B Sigma B^T."""
    for m in range(splats.shape[0]):
        i = splats[m]
        # An off-diagonal number moves two entries of the matrix, each of which has half its gradient.
        G = symmetric(grad_covariances, i)
        for r, c in ti.static(ti.ndrange(3, 3)):
            if ti.static(r != c):
                G[r, c] *= 0.5
        g = 2.0 * G @ blended(rotations, particles, weights, m) @ symmetric(rest_covariances, i)
        for r, c in ti.static(ti.ndrange(3, 3)):
            grad_blend[m, r, c] = g[r, c]


@ti.kernel
def particles_backward(
    start: Array(ndim=1),
    row: Array(ndim=1),
    weight: Array(ndim=1),
    splats: Array(ndim=1),
    grad_positions: Array(ndim=2),
    grad_blend: Array(ndim=3),
    deformation: Array(ndim=3),
    rotations: Array(ndim=3),
    grad_particles: Array(ndim=2),
    grad_deformation: Array(ndim=3),
):
    """Sums over each particle's splats, entries start[p] .. start[p + 1] of the transposed binding, then polar(F)."""
    for p in range(deformation.shape[0]):
        g_x = ti.Vector.zero(float, 3)
        g_R = ti.Matrix.zero(float, 3, 3)
        for e in range(start[p], start[p + 1]):
            m, w = row[e], weight[e]
            for c in ti.static(range(3)):
                g_x[c] += w * grad_positions[splats[m], c]
            g_R += w * matrix(grad_blend, m)
        g_F = polar_rotation_adjoint(matrix(deformation, p), matrix(rotations, p), g_R)
        for c in ti.static(range(3)):
            grad_particles[p, c] = g_x[c]
        for r, c in ti.static(ti.ndrange(3, 3)):
            grad_deformation[p, r, c] = g_F[r, c]
