"""The package mpm-pytorch as its README uses it: whole-array PyTorch, stress by an SVD of its own in Warp 0.6."""

import sys
import time

import numpy as np
import torch  # noqa: TID253 (this script has an environment of its own)
from mpm_pytorch.constitutive_models.elasticity import CorotatedElasticity
from mpm_pytorch.mpm_solver import MPMSolver


def simulate(scene) -> np.ndarray:
    """Positions [P, 3] after all substeps."""
    x = torch.tensor(scene["points"], dtype=torch.float32)
    side = float(scene["volume"] * len(x)) ** (1 / 3)
    solver = MPMSolver(
        x,
        rho=float(scene["density"]),
        num_grids=int(scene["cells"]),
        dt=float(scene["dt"]),
        gravity=[0.0, 0.0, 0.0],
        size=[side] * 3,
        device=torch.device("cpu"),
    )
    elasticity = CorotatedElasticity(E=float(scene["young"]), nu=float(scene["poisson"]))
    v = torch.tensor(scene["velocity"], dtype=torch.float32)
    C, F = torch.zeros(len(x), 3, 3), torch.eye(3).repeat(len(x), 1, 1)
    for _ in range(int(scene["steps"])):
        x, v, C, F = solver(x, v, C, F, elasticity(F))
    return x.numpy()


def main(given: str, result: str) -> None:
    with np.load(given) as file:
        scene = dict(file)
    times = []
    with torch.no_grad():
        simulate({**scene, "steps": 1})
        for _ in range(int(scene["repeats"])):
            began = time.perf_counter()
            positions = simulate(scene)
            times.append(time.perf_counter() - began)
    np.savez(result, seconds=min(times), positions=positions)


if __name__ == "__main__":
    main(*sys.argv[1:])
