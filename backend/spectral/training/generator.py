"""Pictures of things that sway, with their exact spectral volumes, by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...spectral_volume import SpectralVolume
from ..predictor.prior import AMPLITUDES, DURATION, FREQUENCIES, WIDTH
from . import fabrics, hangings, plants, wild, woods
from .canvas import Canvas
from .photograph import develop
from .plants import Frame
from .scenery import background, distractor, pot, roughen, shadow
from .skeleton import Shape, Skeleton
from .sway import BINS, Gusts, Motion, response, strength

VERSION = 7
"""Goes up when the same seed gives another picture."""
FAMILIES = {
    "flower": plants.flower,
    "blossom": plants.blossom,
    "herb": plants.herb,
    "grass": plants.grass,
    "reeds": plants.reeds,
    "ivy": plants.ivy,
    "tree": woods.tree,
    "shrub": woods.shrub,
    "conifer": woods.conifer,
    "fern": plants.fern,
    "palm": woods.palm,
    "willow": woods.willow,
    "lantern": fabrics.lantern,
    "raceme": hangings.raceme,
    "curtain": hangings.curtain,
    "flag": fabrics.flag,
    "wild": wild.wild,
}
HELD_OUT = ("fern", "palm", "willow")
"""Never trained on."""
SEEN = tuple(name for name in FAMILIES if name not in HELD_OUT)
HANGING = ("ivy", "lantern", "raceme", "curtain")
WILD = 0.3
"""Probability that "wild" stands for another family where it is among those that may appear."""
WITHOUT_PLANTS = 0.18
"""Share of pictures in which nothing moves."""
STROKES, STROKE_POINTS = 6, 4


@dataclass(frozen=True)
class Sample:
    """A picture and what moves in it."""

    image: np.ndarray
    """[H, W, 3], uint8, sRGB."""
    owners: np.ndarray
    """[H, W], uint16: 1 + row of `motion` of what is seen at a pixel, 0 where it is still."""
    coarse_owners: np.ndarray
    """The same for the grid of half the size [H / 2, W / 2]."""
    motion: Motion
    """Lengths in pixels of the picture."""
    objects: np.ndarray
    """[n]: which plant each row of `motion` belongs to."""
    strokes: np.ndarray
    """[STROKES, STROKE_POINTS, 2], pixels: lines from where plants are held to where they are free; NaN: none."""
    heading: np.ndarray
    """[2]: where the wind blows to, x right, y down."""

    def spectrum(self, cell: int = 1) -> np.ndarray:
        """S_k(p) [K, H / cell, W / cell, 2] complex64, pixels of the picture; cell: 1 or 2."""
        owners = self.owners if cell == 1 else self.coarse_owners
        rows, columns = np.nonzero(owners)
        found = np.zeros((BINS, *owners.shape, 2), np.complex64)
        which = owners[rows, columns] - 1
        places = (np.stack([columns, rows], -1) + 0.5) * cell - self.motion.origins[which]
        table = self.motion.table[which]
        x, y = places[:, :1], places[:, 1:]
        found[:, rows, columns, 0] = (table[..., 0] + table[..., 2] * x + table[..., 3] * y).T
        found[:, rows, columns, 1] = (table[..., 1] + table[..., 4] * x + table[..., 5] * y).T
        return found

    def volume(self) -> SpectralVolume:
        """The truth as the project's noun, at the picture's size."""
        mask = (self.owners > 0).astype(np.float32)
        return SpectralVolume(self.spectrum(), FREQUENCIES, DURATION, mask, "generator")


class _Scene:
    """A picture while it is put together."""

    def __init__(self, rng: np.random.Generator, height: int, width: int) -> None:
        self.rng = rng
        self.canvas = Canvas(height, width)
        self.size = float(np.sqrt(height * width))
        self.gusts = Gusts.draw(rng, self.size)
        self.origins: list[np.ndarray] = []
        self.tables: list[np.ndarray] = []
        self.objects: list[int] = []
        self.strokes = np.full((STROKES, STROKE_POINTS, 2), np.nan)
        self.count = 0
        self.shapes: list[tuple[np.ndarray, np.ndarray, int]] = []
        """Polygon, colour, owner: what the plants are painted with."""

    def add(self, family: str, frame: Frame) -> None:
        """One plant in front of what is there."""
        rng = self.rng
        if family == "flag":
            shapes, motion = fabrics.flag(rng, frame, self.gusts)
            strong = float(np.sqrt((np.abs(motion.table[..., :2]) ** 2).sum((1, 2)).mean() / 2)) + 1e-12
            line = motion.origins
        else:
            plant = FAMILIES[family](rng, frame)
            frequency = float(np.exp(rng.uniform(np.log(0.35), np.log(1.6))))
            motion = response(plant, self.gusts, rng, frequency, rng.uniform(0.06, 0.2))
            shapes, strong = plant.shapes, strength(plant, motion)
            line = _spine(plant)
        # Taller things move further, yet not in proportion; how exposed each is cannot be seen.
        wanted = (frame.height / self.size) ** 0.7 * np.exp(rng.normal(0, 0.3))
        self._paint(shapes, len(self.tables) and sum(map(len, self.tables)))
        self.origins.append(motion.origins)
        self.tables.append(motion.table * (wanted / strong))
        self.objects += [self.count] * len(motion.table)
        if self.count < STROKES:
            shares = np.linspace(0, len(line) - 1, STROKE_POINTS)
            self.strokes[self.count] = np.stack(
                [np.interp(shares, np.arange(len(line)), line[:, a]) for a in (0, 1)], -1
            )
        self.count += 1

    def _paint(self, shapes: list[Shape], first: int) -> None:
        for shape in shapes:
            owner = 0 if shape.segment < 0 else 1 + first + shape.segment
            self.canvas.polygon(shape.polygon, shape.colour, owner)
            self.shapes.append((shape.polygon, shape.colour, owner))

    def sample(self) -> Sample:
        rng, canvas = self.rng, self.canvas
        image = develop(canvas.picture(), rng)
        heading, objects = self.gusts.heading, np.array(self.objects, np.uint8)
        if not self.tables:
            motion = Motion(np.zeros((1, 2)), np.zeros((1, BINS, 6), complex))
            objects = np.zeros(1, np.uint8)
        else:
            motion = Motion(np.concatenate(self.origins), np.concatenate(self.tables))
        found = Sample(image, canvas.owner_map(1), canvas.owner_map(2), motion, objects, self.strokes, heading)
        moving = found.coarse_owners > 0
        if not moving.any():
            return found
        # What moves does so by default as far as plants in films; a picture shows neither scale nor wind.
        energy = (np.abs(found.spectrum(2)[:, moving]) ** 2).sum() / moving.sum() / 2
        usual = (AMPLITUDES**2).sum() * (canvas.width / WIDTH) ** 2
        scaled = motion.scaled(float(np.sqrt(usual / max(energy, 1e-12))))
        return Sample(image, found.owners, found.coarse_owners, scaled, objects, self.strokes, heading)


def _spine(plant: Skeleton) -> np.ndarray:
    """The way from a plant's foot to the tip that is furthest from it [n, 2]."""
    ends = np.array(plant.ends)
    at = int(np.linalg.norm(ends - plant.starts[0], axis=1).argmax())
    points = [plant.ends[at]]
    while at >= 0:
        points.append(plant.starts[at])
        at = plant.parents[at]
    return np.array(points[::-1])


def generate(seed: int, height: int = 64, width: int = 96, families: tuple[str, ...] = SEEN) -> Sample:
    """The picture of a seed, with plants of the given families; none: a picture in which nothing moves.

    height, width: pixels, multiples of 4.
    """
    rng = np.random.default_rng([VERSION, seed])
    scene = _Scene(rng, height, width)
    canvas = scene.canvas
    background(canvas, rng)
    for _ in range(rng.integers(0, 4)):
        distractor(canvas, rng)

    def some() -> str:
        if "wild" in families and rng.random() < WILD:
            return "wild"
        return families[rng.integers(len(families))]

    if rng.random() < 0.6:
        roughen(canvas, rng)
    if rng.random() < 0.35:
        canvas.blur(rng.uniform(0.2, 3.5) * scene.size / 78)
    if families:
        layout = rng.random()
        count = int(rng.choice([1, 2, 3, 4, 6], p=[0.34, 0.26, 0.18, 0.12, 0.1]))
        if rng.random() < 0.1:
            count = 9
        main = some()
        for i in range(count):
            family = main if layout < 0.5 else some()
            if count > 3 and family in ("tree", "shrub", "willow", "palm"):
                family = main if len(families) < 4 else "flower"
            _place(scene, family, i, count)
            if rng.random() < 0.12:
                distractor(canvas, rng)
        if rng.random() < 0.5:
            roughen(canvas, rng)
        if rng.random() < 0.1:
            for _ in range(2):
                distractor(canvas, rng)
    else:
        for _ in range(rng.integers(0, 6)):
            distractor(canvas, rng)
    return scene.sample()


def compose(seed: int, height: int, width: int, families: tuple[str, ...]) -> tuple[Sample, list]:
    """One to four plants before nothing, and their shapes from back to front, for another renderer to picture.

    Shapes are (polygon [n, 2] in pixels, colour [3], owner as in `Sample.owners`).
    """
    rng = np.random.default_rng([VERSION, seed])
    scene = _Scene(rng, height, width)
    count = int(rng.integers(1, 5))
    for i in range(count):
        tall = height * rng.uniform(0.45, 1.0)
        x = width * ((i + rng.uniform(0.1, 0.9)) / count)
        foot = np.array([x, height * (0.72 + 0.22 * (i + rng.random()) / count)])
        scene.add(families[rng.integers(len(families))], Frame(foot, tall, scene.size))
    return scene.sample(), scene.shapes


def _place(scene: _Scene, family: str, number: int, count: int) -> None:
    """Stand, pot or hang one of `count` plants, the later ones nearer."""
    rng, canvas = scene.rng, scene.canvas
    tall = canvas.height * rng.uniform(0.4, 1.0) * (1.15 if count == 1 else 0.8 if count < 9 else 0.5)
    x = canvas.width * (rng.uniform(0.15, 0.85) if count < 3 else (number + rng.uniform(0.1, 0.9)) / count)
    if count < 4 and rng.random() < 0.15:
        # Seen from near, most of it outside the picture.
        tall = canvas.height * rng.uniform(1.2, 2.6)
        down = -0.3 if family in HANGING else rng.uniform(0.0, 0.55) * (tall / canvas.height - 1)
        foot = np.array([x, canvas.height * (1.1 + down)])
        scene.add(family, Frame(foot, tall, scene.size))
        return
    if family in HANGING:
        foot = np.array([x, rng.uniform(-0.1, 0.25) * canvas.height + tall])
        scene.add(family, Frame(foot, tall, scene.size))
        return
    depth = (number + 1) / count
    foot = np.array([x, canvas.height * (rng.uniform(0.65, 0.85) + 0.3 * depth * rng.random())])
    if family != "flag" and rng.random() < 0.22:
        wide = tall * rng.uniform(0.25, 0.5)
        foot[1] -= 0.5 * wide * (foot[1] > 0.8 * canvas.height)
        scene.add(family, Frame(foot, tall, scene.size))
        pot(canvas, rng, foot - [0, 0.06 * tall], wide)
        return
    if rng.random() < 0.4:
        shadow(canvas, rng, foot, 0.3 * tall)
    scene.add(family, Frame(foot, tall, scene.size))
