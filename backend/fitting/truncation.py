"""`TruncatedSolver`: gradients that flow back through so many frames and no further, as PhysDreamer's do.

Over many frames the exact gradient of a motion that mixes says little about where to go (its slope holds for a tiny
step only); one that is cut off still tells in which direction each stretch of the motion wants to change.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..mpm.frames import Tick
from ..mpm.total_lagrangian.solver import ElasticGradient, ElasticSolver


class TruncatedSolver(ElasticSolver):
    """An `ElasticSolver` whose recorded run can be gone back through in stretches."""

    def backward_in_stretches(
        self, grad_positions: np.ndarray, grad_deformation: np.ndarray, length: int, *, tick: Tick | None = None
    ) -> ElasticGradient:
        """`backward` with the state at every `length`-th frame's end taken as given: no gradient flows past it.

        The initial velocity then has a gradient from the first stretch only.
        """
        run = self._run
        if run is None:
            raise ValueError("nothing was recorded; simulate with record=True before asking for a gradient")
        young, damping, velocity = np.zeros(len(self.model)), 0.0, np.zeros((len(self.model), 3))
        for begin in range(0, len(run.frames), length):
            stretch = slice(begin, begin + length)
            self._run = replace(run, frames=run.frames[stretch], first=run.first - begin)
            part = self.backward(grad_positions[stretch], grad_deformation[stretch], tick=tick)
            young, damping = young + part.young, damping + part.damping
            if begin == 0:
                velocity = part.velocity
        self._run = run
        return ElasticGradient(velocity, young, damping)
