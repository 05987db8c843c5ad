"""Arrays that kernels read and write without copies: numpy on the CPU, torch tensors on CUDA.

Taichi's own ndarrays are avoided on purpose: on the CPU, version 1.7 does not give their memory back when they are
deleted, and a session makes many solvers. Other devices get numpy arrays, which Taichi copies at each launch.
"""

from __future__ import annotations

import numpy as np
import taichi as ti

from ..taichi_runtime import real


def on_cpu() -> bool:
    """Whether kernels run on the CPU, where each thread has its own grid, and results are bit-equal from run to run."""
    return ti.cfg.arch in (ti.x64, ti.arm64)


def threads() -> int:
    """Threads that Taichi uses on the CPU."""
    return int(ti.cfg.cpu_max_num_threads)


def zeros(*shape: int, dtype: type | None = None):
    """A device array of zeros; without `dtype` in the precision Taichi runs in."""
    array = np.zeros(shape, dtype or real())
    if ti.cfg.arch == ti.cuda:
        import torch

        return torch.from_numpy(array).cuda()
    return array


def device(values: np.ndarray, dtype: type | None = None):
    """A device array of host values."""
    array = zeros(*np.shape(values), dtype=dtype)
    put(array, slice(None), values)
    return array


def put(array, index, values: np.ndarray) -> None:
    """Write host values into array[index]."""
    if isinstance(array, np.ndarray):
        array[index] = values
    else:
        import torch

        array[index] = torch.as_tensor(np.ascontiguousarray(values), dtype=array.dtype, device=array.device)


def host(array) -> np.ndarray:
    """The values as a numpy array: a view on the CPU, a copy from a GPU."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()
