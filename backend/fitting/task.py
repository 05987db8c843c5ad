"""What every strategy is given, and how it reports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from ..camera import Camera
from ..deformation import six_numbers
from ..gaussians import Gaussians
from ..render.rasteriser import Rasteriser
from ..video.clip import Clip
from .checkpoint import Checkpoint
from .driving import Driven
from .losses import Losses
from .modes import Modes, sway_modes
from .prior import Prior
from .push import Push
from .timing import Timing
from .truncation import TruncatedSolver

REFERENCE_YOUNG = 1e6
"""Pascals, at which modes are computed; those at another stiffness follow by scaling time."""
FEWEST_FRAMES = 8

Report = Callable[[float, str], None]
"""report(fraction done, what is being done); may raise to cancel."""


@dataclass(frozen=True)
class Standing:
    """Where a search stands after one of its steps."""

    stage: str
    losses: Sequence[float]
    """Of the stage's steps so far."""
    by_pictures: bool
    """Whether they are photometric; else root mean square misses of the tracks, pixels."""
    push: Callable[[], Push]
    """What was found so far, of the first motion."""


def shown_nowhere(_task: Task, _standing: Standing) -> None:
    """For a fit that nobody watches."""


@dataclass(frozen=True)
class Observation:
    """A clip that begins with the subject at rest, and from where it was taken."""

    clip: Clip
    camera: Camera
    """Of the clip's size."""
    motion: int = 0
    """Clips of one number show the same motion at the same time from several sides."""

    def __post_init__(self) -> None:
        if len(self.clip) < FEWEST_FRAMES:
            raise ValueError(
                f"the clip has {len(self.clip)} frames; {FEWEST_FRAMES} are needed to tell stiffness from speed"
            )
        if self.clip.frames.shape[1:3] != (self.camera.height, self.camera.width):
            raise ValueError("the clip and the camera differ in size; make the clip from this view")

    @property
    def timing(self) -> Timing:
        return Timing(len(self.clip) - 1, self.clip.fps)


@dataclass(frozen=True)
class Refining:
    """The last stage of a staged fit: a field of stiffness, by pictures. Every number of it is a parameter."""

    steps: int = 16
    truncation: int | None = None
    """Frames of the clip through which a gradient flows back; all where None."""
    losses: Losses = field(default_factory=Losses)


@dataclass(frozen=True)
class Task:
    """A driven splat cloud, a clip that begins with it at rest, and how much effort to spend."""

    driven: Driven
    clip: Clip
    camera: Camera
    """Of the clip's size."""
    gaussians: Gaussians
    """World space."""
    background: np.ndarray
    """Display-referred colour [3]."""
    iterations: int
    cfl: float
    report: Report
    show: Callable[[Task, Standing], None] = shown_nowhere
    """Called after each step of a search, for a preview."""
    others: tuple[Observation, ...] = ()
    """Further clips of the subject, and further views of the motion in the first one, whose number is 0."""
    wind: bool = False
    """Whether wind drives the clips throughout, and is searched beside the first velocity."""
    refining: Refining = field(default_factory=Refining)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    seed: int = 0
    poisson: bool = False
    """Whether Poisson's ratio is estimated, too."""
    prior: Prior | None = None
    """The stiffness that is expected, if any is."""
    scale: float = 1.0
    """Part of the size of PhysDreamer's settings."""
    redrive: Callable[[int], Driven] | None = None
    """The same cloud driven on a grid of so many cells along the longest axis."""

    def __post_init__(self) -> None:
        for motion in self.motions:
            if len({(len(view.clip), view.clip.fps) for view in motion}) > 1:
                raise ValueError(
                    "views of one motion differ in frames or frame rate; cut them alike, or call them different motions"
                )

    @cached_property
    def observations(self) -> tuple[Observation, ...]:
        return (Observation(self.clip, self.camera), *self.others)

    @cached_property
    def motions(self) -> list[tuple[Observation, ...]]:
        """Views of each motion, the motion of the task's own clip first."""
        numbers = sorted({view.motion for view in self.observations}, key=lambda n: (n != 0, n))
        return [tuple(view for view in self.observations if view.motion == n) for n in numbers]

    @cached_property
    def solver(self) -> TruncatedSolver:
        return TruncatedSolver(self.driven.body)

    @property
    def timing(self) -> Timing:
        return self.observations[0].timing

    @cached_property
    def part(self) -> np.ndarray:
        """Part of each particle [P], counted from 0 without gaps."""
        return np.unique(self.driven.part, return_inverse=True)[1]

    @cached_property
    def modes(self) -> Modes:
        """Sway modes at `REFERENCE_YOUNG`."""
        return sway_modes(self.driven.body, np.full(len(self.driven.body), REFERENCE_YOUNG))

    def on_grid(self, cells: int) -> Task:
        """The same task on another grid, where there is a way to drive the cloud there."""
        return replace(self, driven=self.redrive(cells)) if self.redrive else self

    def modes_at(self, young: np.ndarray) -> Modes:
        """Sway modes at Young's moduli [P]; those at one stiffness for all particles cost nothing."""
        if np.ptp(young) == 0:
            return self.modes.stiffened(young[0] / REFERENCE_YOUNG)
        return sway_modes(self.driven.body, young)

    @cached_property
    def depth(self) -> np.ndarray:
        """Camera z of what is seen at rest [H, W], metres."""
        return self.depth_of(self.camera)

    def depth_of(self, camera: Camera) -> np.ndarray:
        """Camera z of what another camera sees at rest [H, W], metres."""
        g = self.gaussians
        raster = Rasteriser(camera, len(g))
        raster.render(g.positions, six_numbers(g.covariances()), g.colours, g.opacity, self.background)
        return raster.depth

    def identity(self, strategy: str) -> str:
        """Tells one fit from another: a hash of all that its result depends on, the program among it."""
        body = self.driven.body
        efforts = strategy, self.iterations, self.cfl, self.wind, self.refining, self.seed, self.scale
        digest = hashlib.sha256(repr((efforts, body.poisson, body.stiffness)).encode() + _program())
        if self.prior:
            digest.update(repr((self.prior.name, self.prior.spread)).encode() + self.prior.log_young.tobytes())
        for view in self.observations:
            camera = view.camera
            place = (view.clip.fps, view.motion, camera.focal, camera.centre)
            digest.update(repr(place).encode())
            for values in (view.clip.frames, camera.rotation, camera.translation):
                digest.update(np.ascontiguousarray(values).tobytes())
        painted = () if body.painted is None else (body.painted,)
        for values in (body.rest, body.density, body.solid.cells, self.driven.part, self.gaussians.positions, *painted):
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


@cache
def _program() -> bytes:
    """A hash of the sources of fitting and solver: what another version left behind is not gone on with."""
    backend = Path(__file__).parents[1]
    sources = sorted(file for folder in ("fitting", "mpm") for file in (backend / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).digest()
