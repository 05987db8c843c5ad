"""The differentiable chain of PhysDreamer (Zhang et al. 2024): stiffness and first velocity -> solver -> skinning ->
rasteriser -> a loss on every frame, and its gradient all the way back.

Every link has its own hand-written adjoint; here they are only put in series, a frame at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..gaussians import Gaussians
from ..mpm.model import Motion
from ..render.losses import photometric
from ..render.rasteriser import Rasteriser
from ..render.skinning import Skinning
from .push import Push, PushGradient
from .task import Observation, Task
from .timing import Timing
from .truncation import TruncatedSolver

Judge = Callable[[int, np.ndarray], tuple[float, np.ndarray]]
"""judge(frame of the clip, picture [H, W, 3]) -> (loss, its gradient to the picture [H, W, 3])."""
Follow = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
"""follow(particles [F, P, 3] in metres, their clip frames [F]) -> (loss, its gradient to the particles)."""
Watch = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
"""watch(film [F, H, W, 3], its clip frames [F]) -> (loss, its gradient to the film)."""
Tick = Callable[[int, int], None]


class Chain:
    """Pictures of a pushed subject at a clip's frames, and gradients of losses on them."""

    def __init__(
        self,
        solver: TruncatedSolver,
        skinning: Skinning,
        rasteriser: Rasteriser,
        gaussians: Gaussians,
        background: np.ndarray,
        timing: Timing,
        cfl: float,
        tick: Tick | None = None,
        substeps: int = 0,
    ) -> None:
        """`substeps` of a frame of the clip are done at least."""
        self._substeps = substeps
        self._solver, self._skinning, self._rasteriser = solver, skinning, rasteriser
        self._look = (gaussians.colours, gaussians.opacity, background)
        self.timing, self._cfl, self._tick = timing, cfl, tick

    def still(self) -> np.ndarray:
        """The picture [H, W, 3] at rest."""
        rest = self._solver.model.rest
        return self._render(rest, np.broadcast_to(np.eye(3), (len(rest), 3, 3)))

    def pictures(self, push: Push) -> Iterator[np.ndarray]:
        """Pictures [H, W, 3] at the clip's frames 1, 2, ..."""
        motion = self._simulate(push, self.timing, record=False)
        for positions, deformation in zip(*self._at_frames(motion, push, self.timing), strict=True):
            yield self._render(positions, deformation)

    def gradient(
        self,
        push: Push,
        judge: Judge,
        frames: Sequence[int],
        *,
        follow: Follow | None = None,
        watch: Watch | None = None,
        truncation: int | None = None,
    ) -> tuple[float, PushGradient]:
        """Sum of `judge`'s losses over some of the clip's frames (1 is the first moving one), and its gradient.

        `follow` and `watch` add losses on all frames up to the last one. With `truncation` gradients flow back through
        so many frames of the clip and no further.
        """
        timing = Timing(max(frames), self.timing.fps)
        motion = self._simulate(push, timing, record=True)
        positions, deformation = self._at_frames(motion, push, timing)
        g_positions, g_deformation = np.zeros_like(positions), np.zeros_like(deformation)
        total, every = 0.0, np.arange(1, timing.frames + 1)
        if follow:
            loss, g_positions = follow(positions, every)
            total += loss
        g_film = np.zeros(timing.frames)
        if watch:
            loss, g_film = watch(np.stack([self._render(positions[t], deformation[t]) for t in every - 1]), every)
            total += loss
        for frame in every if watch else frames:
            t = frame - 1
            picture = self._render(positions[t], deformation[t])
            loss, g_picture = judge(frame, picture) if frame in frames else (0.0, np.zeros_like(picture))
            total += loss
            g_splats = self._rasteriser.backward(g_picture + g_film[t])
            own = self._skinning.backward(*g_splats)
            g_positions[t] += own[0]
            g_deformation[t] += own[1]
        spline, rate = timing.spline(push.delay), timing.spline(push.delay, 1)
        at_frames = np.tensordot(spline.T, g_positions, 1), np.tensordot(spline.T, g_deformation, 1)
        if truncation is None:
            back = self._solver.backward(*at_frames, tick=self._tick)
        else:
            length = truncation * timing.finer
            back = self._solver.backward_in_stretches(*at_frames, length, tick=self._tick)
        return total, PushGradient(
            back.young,
            back.velocity,
            back.damping,
            self._by_delay(motion, rate, g_positions, g_deformation),
        )

    def _render(self, positions: np.ndarray, deformation: np.ndarray) -> np.ndarray:
        return self._rasteriser.render(*self._skinning.pose(positions, deformation), *self._look)

    def _simulate(self, push: Push, timing: Timing, record: bool) -> Motion:
        fps = timing.simulated_fps
        least = -(-self._substeps // timing.finer)
        pushes = None if push.acceleration is None else push.acceleration[: timing.simulated_frames + 1]
        return self._solver.simulate(
            push.young,
            push.velocity,
            timing.simulated_frames,
            fps,
            substeps=max(self._solver.substeps_per_frame(push.young, fps, self._cfl), least),
            damping=push.damping,
            acceleration=pushes,
            record=record,
            tick=self._tick,
        )

    def _at_frames(self, motion: Motion, push: Push, timing: Timing) -> tuple[np.ndarray, np.ndarray]:
        """Positions [frames, P, 3] and F [frames, P, 3, 3] at the clip's frames."""
        spline, rest = timing.spline(push.delay), self._solver.model.rest
        positions = rest + np.tensordot(spline, motion.positions - rest, 1)
        return positions, np.eye(3) + np.tensordot(spline, motion.deformation - np.eye(3), 1)

    def _by_delay(self, motion: Motion, rate: np.ndarray, g_positions: np.ndarray, g_deformation: np.ndarray) -> float:
        """Derivative by the delay: everything that moves is where it was a frame before."""
        velocity = np.tensordot(rate, motion.positions - self._solver.model.rest, 1)
        strain_rate = np.tensordot(rate, motion.deformation - np.eye(3), 1)
        return float(-((velocity * g_positions).sum() + (strain_rate * g_deformation).sum()) / self.timing.fps)


def pictures_of(
    task: Task, tick: Tick | None = None, observation: Observation | None = None, substeps: int = 0
) -> Chain:
    """The chain of a task, or of one of its further observations."""
    view = observation or task.observations[0]
    g, driven = task.gaussians, task.driven
    skinning, raster = Skinning(g, driven.binding, driven.model.rest), Rasteriser(view.camera, len(g))
    return Chain(task.solver, skinning, raster, g, task.background, view.timing, task.cfl, tick, substeps)


def picture_losses(task: Task, push: Push) -> tuple[float, float]:
    """Photometric loss of the still picture and of a push against the task's own clip, means over its frames."""
    wanted = task.clip.frames[1:]
    still = [photometric(task.clip.frames[0], picture)[0] for picture in wanted]
    made = zip(pictures_of(task).pictures(push), wanted, strict=True)
    return float(np.mean(still)), float(np.mean([photometric(*pair)[0] for pair in made]))
