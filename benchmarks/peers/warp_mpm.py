"""MLS-MPM in NVIDIA Warp as its tutorials write it: one thread per particle, atomic adds to one grid, the whole grid.

The rotation comes from Newton's iteration, which on the CPU is twice as fast as warp's svd3. Warp runs a CPU kernel on
one thread.
"""

import sys
import time

import numpy as np
import warp as wp

NEWTON_STEPS = 4


@wp.func
def rotation(F: wp.mat33):
    R = F
    for _ in range(NEWTON_STEPS):
        R = 0.5 * (R + wp.transpose(wp.inverse(R)))
    return R


@wp.func
def spline(fx: wp.vec3):
    """Quadratic B-spline weights, node by row, axis by column."""
    low, middle, high = wp.vec3(1.5) - fx, fx - wp.vec3(1.0), fx - wp.vec3(0.5)
    return wp.matrix_from_rows(
        0.5 * wp.cw_mul(low, low), wp.vec3(0.75) - wp.cw_mul(middle, middle), 0.5 * wp.cw_mul(high, high)
    )


@wp.kernel
def clear(momentum: wp.array3d(dtype=wp.vec3), mass: wp.array3d(dtype=float)):
    i, j, k = wp.tid()
    momentum[i, j, k] = wp.vec3(0.0)
    mass[i, j, k] = 0.0


@wp.kernel
def scatter(
    x: wp.array(dtype=wp.vec3),
    v: wp.array(dtype=wp.vec3),
    C: wp.array(dtype=wp.mat33),
    F: wp.array(dtype=wp.mat33),
    momentum: wp.array3d(dtype=wp.vec3),
    mass: wp.array3d(dtype=float),
    volume: float,
    density: float,
    mu: float,
    lam: float,
    cell: float,
    dt: float,
):
    p = wp.tid()
    m = volume * density
    deformation = F[p] + dt * C[p] @ F[p]
    F[p] = deformation
    J = wp.determinant(deformation)
    tau = 2.0 * mu * (deformation - rotation(deformation)) @ wp.transpose(deformation)
    tau += lam * J * (J - 1.0) * wp.identity(n=3, dtype=float)
    affine = m * C[p] - (4.0 * dt * volume / (cell * cell)) * tau
    at = x[p] / cell
    first = wp.vec3i(int(at[0] - 0.5), int(at[1] - 0.5), int(at[2] - 0.5))
    fx = at - wp.vec3(float(first[0]), float(first[1]), float(first[2]))
    w = spline(fx)
    for i in range(3):
        for j in range(3):
            for k in range(3):
                weight = w[i, 0] * w[j, 1] * w[k, 2]
                away = cell * (wp.vec3(float(i), float(j), float(k)) - fx)
                wp.atomic_add(momentum, first[0] + i, first[1] + j, first[2] + k, weight * (m * v[p] + affine @ away))
                wp.atomic_add(mass, first[0] + i, first[1] + j, first[2] + k, weight * m)


@wp.kernel
def update(momentum: wp.array3d(dtype=wp.vec3), mass: wp.array3d(dtype=float), least: float):
    i, j, k = wp.tid()
    if mass[i, j, k] > least:
        momentum[i, j, k] = momentum[i, j, k] / mass[i, j, k]


@wp.kernel
def gather(
    x: wp.array(dtype=wp.vec3),
    v: wp.array(dtype=wp.vec3),
    C: wp.array(dtype=wp.mat33),
    velocity: wp.array3d(dtype=wp.vec3),
    cell: float,
    dt: float,
):
    p = wp.tid()
    at = x[p] / cell
    first = wp.vec3i(int(at[0] - 0.5), int(at[1] - 0.5), int(at[2] - 0.5))
    fx = at - wp.vec3(float(first[0]), float(first[1]), float(first[2]))
    w = spline(fx)
    total = wp.vec3(0.0)
    gradient = wp.mat33(0.0)
    for i in range(3):
        for j in range(3):
            for k in range(3):
                u = (w[i, 0] * w[j, 1] * w[k, 2]) * velocity[first[0] + i, first[1] + j, first[2] + k]
                total += u
                gradient += wp.outer(u, wp.vec3(float(i), float(j), float(k)) - fx)
    v[p] = total
    C[p] = (4.0 / cell) * gradient
    x[p] = x[p] + dt * total


def simulate(scene) -> np.ndarray:
    """Positions [P, 3] after all substeps."""
    count, cells = len(scene["points"]), int(scene["cells"])
    young, poisson = float(scene["young"]), float(scene["poisson"])
    mu, lam = young / (2 * (1 + poisson)), young * poisson / ((1 + poisson) * (1 - 2 * poisson))
    volume, density, dt, cell = float(scene["volume"]), float(scene["density"]), float(scene["dt"]), 1 / cells
    x = wp.array(scene["points"].astype(np.float32), dtype=wp.vec3)
    v = wp.array(scene["velocity"].astype(np.float32), dtype=wp.vec3)
    C = wp.zeros(count, dtype=wp.mat33)
    F = wp.array(np.tile(np.eye(3, dtype=np.float32), (count, 1, 1)), dtype=wp.mat33)
    shape = (cells + 1,) * 3
    momentum, mass = wp.zeros(shape, dtype=wp.vec3), wp.zeros(shape, dtype=float)
    for _ in range(int(scene["steps"])):
        wp.launch(clear, shape, [momentum, mass])
        wp.launch(scatter, count, [x, v, C, F, momentum, mass, volume, density, mu, lam, cell, dt])
        wp.launch(update, shape, [momentum, mass, 1e-6 * volume * density])
        wp.launch(gather, count, [x, v, C, momentum, cell, dt])
    return x.numpy()


def main(given: str, result: str) -> None:
    wp.set_module_options({"enable_backward": False, "fast_math": True})
    with np.load(given) as file:
        scene = dict(file)
    simulate({**scene, "steps": 1})
    times = []
    for _ in range(int(scene["repeats"])):
        began = time.perf_counter()
        positions = simulate(scene)
        times.append(time.perf_counter() - began)
    np.savez(result, seconds=min(times), positions=positions)


if __name__ == "__main__":
    main(*sys.argv[1:])
