"""Families of small plants: each grows a `Skeleton` that carries its shapes.

A family is a function of (generator of random numbers, frame) that stands its plant on the frame's ground line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skeleton import UP, Skeleton, blob, leaf


@dataclass(frozen=True)
class Frame:
    """Where a plant is to stand."""

    foot: np.ndarray
    """[2], pixels (x, y)."""
    height: float
    """How tall it is, about, pixels."""
    size: float
    """Of the picture: root of its area, pixels."""


def leaf_colour(rng: np.random.Generator) -> np.ndarray:
    """Mostly a green, sometimes autumn's colours, silver or dark red [3]."""
    kind = rng.random()
    if kind < 0.75:
        green = rng.uniform(0.22, 0.75)
        return np.array([green * rng.uniform(0.15, 0.95), green, green * rng.uniform(0.05, 0.7)])
    if kind < 0.88:
        return np.array([rng.uniform(0.5, 0.9), rng.uniform(0.25, 0.65), rng.uniform(0.02, 0.25)])
    return rng.uniform(0.1, 0.7) * np.array([1, rng.uniform(0.6, 1.1), rng.uniform(0.5, 1.0)])


def petal_colour(rng: np.random.Generator) -> np.ndarray:
    colour = rng.uniform(0.05, 1, 3)
    colour[rng.integers(3)] = rng.uniform(0.7, 1)
    return colour if rng.random() < 0.75 else np.full(3, rng.uniform(0.75, 1)) * rng.uniform(0.9, 1, 3)


def add_leaf(
    plant: Skeleton,
    rng: np.random.Generator,
    parent: int,
    angle: float,
    length: float,
    colour: np.ndarray,
    start: np.ndarray | None = None,
    slender: float | None = None,
) -> int:
    """A leaf on a joint of its own, its two halves a little different in colour."""
    joint = plant.grow(parent, angle, length, 0.03 * length, rng.uniform(1.8, 4.5), start)
    begin, end = plant.starts[joint], plant.ends[joint]
    width = length * (rng.uniform(0.2, 0.55) if slender is None else slender)
    outline = leaf(begin, end, width, rng.uniform(0.6, 1.1))
    shade = colour * rng.uniform(0.7, 1.25)
    plant.carry(joint, outline, shade)
    if width > 3:
        half = np.concatenate([outline[:8], begin + (end - begin) * np.linspace(1, 0, 8)[:, None]])
        plant.carry(joint, half, shade * rng.uniform(0.75, 0.95), 0)
    return joint


def flower_head(plant: Skeleton, rng: np.random.Generator, segment: int, radius: float) -> None:
    """A blossom at a segment's end: rays, a cup, a globe of down, or an umbel."""
    centre, angle = plant.ends[segment], plant.angles[segment]
    colour = petal_colour(rng)
    kind = rng.integers(4)
    flat = rng.uniform(0.45, 1)
    if kind == 0:
        for ring in range(rng.integers(1, 3)):
            count = rng.integers(5, 15)
            reach = radius * (1 - 0.35 * ring)
            for i in range(count):
                turn = 2 * np.pi * (i + 0.4 * ring) / count + rng.normal(0, 0.08)
                tip = centre + reach * np.array([np.cos(turn), flat * np.sin(turn)])
                plant.carry(
                    segment, leaf(centre, tip, reach * rng.uniform(0.35, 0.6), 0.6), colour * rng.uniform(0.75, 1.1)
                )
        plant.carry(segment, blob(centre, 0.3 * radius, 0.3 * flat * radius), petal_colour(rng) * rng.uniform(0.3, 1))
    elif kind == 1:
        for turn in (-0.5, 0.5, 0.0, -0.25, 0.25):
            tip = centre + 1.3 * radius * np.array([np.cos(angle + turn), np.sin(angle + turn)])
            plant.carry(segment, leaf(centre, tip, 0.8 * radius, 0.7), colour * rng.uniform(0.75, 1.05))
    elif kind == 2:
        _globe(plant, rng, segment, radius, colour)
    else:
        for _ in range(rng.integers(6, 14)):
            spot = centre + rng.normal(0, 0.5, 2) * radius * np.array([1, 0.5])
            plant.carry(segment, blob(spot, 0.28 * radius, 0.25 * radius), colour * rng.uniform(0.7, 1.1))


def _globe(plant: Skeleton, rng: np.random.Generator, segment: int, radius: float, colour: np.ndarray) -> None:
    """A round head: a ball of florets, or down that the background shines through."""
    centre = plant.ends[segment]
    downy = rng.random() < 0.6
    if not downy or rng.random() < 0.5:
        plant.carry(segment, blob(centre, radius, radius * rng.uniform(0.85, 1), rng.normal(0, 0.04, 14)), colour)
    for _ in range(rng.integers(14, 36) if downy else 12):
        turn, reach = rng.uniform(0, 2 * np.pi), radius * np.sqrt(rng.random())
        spot = centre + reach * np.array([np.cos(turn), np.sin(turn)])
        tone = colour * rng.uniform(0.6, 1.25)
        if downy:
            plant.carry(segment, leaf(centre, spot, 0.06 * radius), tone, 0)
            plant.carry(segment, blob(spot, 0.12 * radius, 0.12 * radius), tone, 0.2)
        else:
            plant.carry(segment, blob(spot, 0.18 * radius, 0.18 * radius), tone, 0)


def stem(
    plant: Skeleton, rng: np.random.Generator, frame: Frame, angle: float, length: float, radius: float
) -> list[int]:
    """A stem from the frame's foot, drawn."""
    joints = plant.chain(-1, angle, length, radius, rng.integers(2, 5), rng.normal(0, 0.12), start=frame.foot)
    colour = leaf_colour(rng) * rng.uniform(0.5, 1)
    for joint in joints:
        plant.bar(joint, radius, 0.85 * radius, colour)
        radius *= 0.85
    return joints


def flower(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """One to five stems with leaves and blossoms."""
    plant = Skeleton()
    green = leaf_colour(rng)
    for _ in range(rng.integers(1, 5)):
        length = frame.height * rng.uniform(0.6, 1)
        joints = stem(plant, rng, frame, UP + rng.normal(0, 0.2), length, frame.height * rng.uniform(0.008, 0.02) + 0.3)
        for _ in range(rng.integers(2, 8)):
            on = joints[rng.integers(len(joints))]
            angle = plant.angles[on] + rng.choice([-1, 1]) * rng.uniform(0.3, 1.3)
            add_leaf(plant, rng, on, angle, length * rng.uniform(0.12, 0.35), green, plant.between(on, rng.random()))
        flower_head(plant, rng, joints[-1], frame.height * rng.uniform(0.06, 0.2))
    return plant


def blossom(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A blossom seen from near on one stem."""
    plant = Skeleton()
    joints = stem(
        plant, rng, frame, UP + rng.normal(0, 0.2), 0.75 * frame.height, frame.height * rng.uniform(0.012, 0.03)
    )
    green = leaf_colour(rng)
    for _ in range(rng.integers(0, 4)):
        on = joints[rng.integers(len(joints))]
        angle = plant.angles[on] + rng.choice([-1, 1]) * rng.uniform(0.3, 1.3)
        add_leaf(plant, rng, on, angle, frame.height * rng.uniform(0.2, 0.45), green, plant.between(on, rng.random()))
    flower_head(plant, rng, joints[-1], frame.height * rng.uniform(0.2, 0.42))
    return plant


def herb(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Leafy stems from one root, each in two rows of leaves."""
    plant = Skeleton()
    green = leaf_colour(rng)
    slender = rng.uniform(0.2, 0.7)
    for _ in range(rng.integers(2, 6)):
        length = frame.height * rng.uniform(0.5, 1)
        joints = stem(plant, rng, frame, UP + rng.normal(0, 0.4), length, frame.height * 0.01 + 0.25)
        for joint in joints:
            for side in (-1, 1):
                angle = plant.angles[joint] + side * rng.uniform(0.4, 1.2)
                add_leaf(
                    plant,
                    rng,
                    joint,
                    angle,
                    length * rng.uniform(0.15, 0.4),
                    green,
                    plant.between(joint, rng.random()),
                    slender,
                )
    return plant


def _blade(
    plant: Skeleton,
    rng: np.random.Generator,
    foot: np.ndarray,
    angle: float,
    length: float,
    width: float,
    colour: np.ndarray,
) -> list[int]:
    count = 3
    joints = plant.chain(
        -1, angle, length, width / 2, count, rng.normal(0, 0.2), start=foot, ratio=rng.uniform(0.8, 1.3)
    )
    for i, joint in enumerate(joints):
        plant.bar(joint, width / 2 * (1 - i / count) + 0.15, width / 2 * (1 - (i + 1) / count) + 0.15, colour)
    return joints


def grass(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A tuft of blades."""
    plant = Skeleton()
    green = leaf_colour(rng)
    spread = frame.height * rng.uniform(0.05, 0.6)
    for _ in range(rng.integers(8, 26)):
        foot = frame.foot + [rng.normal(0, spread), rng.normal(0, 0.03 * frame.height)]
        width = frame.size * rng.uniform(0.008, 0.025)
        _blade(
            plant,
            rng,
            foot,
            UP + rng.normal(0, 0.3),
            frame.height * rng.uniform(0.5, 1),
            width,
            green * rng.uniform(0.6, 1.3),
        )
    return plant


def reeds(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Stalks with ears or cattails on top."""
    plant = Skeleton()
    green, ear = leaf_colour(rng), leaf_colour(rng) * rng.uniform(0.5, 1.2)
    plump = rng.uniform(0.012, 0.05) * frame.height
    for _ in range(rng.integers(4, 16)):
        foot = frame.foot + [rng.normal(0, 0.3 * frame.height), 0]
        length = frame.height * rng.uniform(0.6, 1)
        joints = _blade(
            plant, rng, foot, UP + rng.normal(0, 0.12), length, frame.size * 0.013, green * rng.uniform(0.6, 1.2)
        )
        last = joints[-1]
        plant.carry(
            last,
            leaf(plant.between(last, 0.4), plant.ends[last] + 0.1 * (plant.ends[last] - plant.starts[last]), 2 * plump),
            ear,
        )
    return plant


def ivy(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Strands that hang from above with leaves or blossoms along them."""
    plant = Skeleton()
    green = leaf_colour(rng)
    slender = rng.uniform(0.3, 0.9)
    top = frame.foot - [0, frame.height]
    for _ in range(rng.integers(1, 6)):
        start = top + [rng.normal(0, 0.25 * frame.height), 0]
        length = frame.height * rng.uniform(0.4, 1)
        joints = plant.chain(
            -1, -UP + rng.normal(0, 0.15), length, 0.4, rng.integers(3, 6), rng.normal(0, 0.08), start=start
        )
        for joint in joints:
            plant.bar(joint, 0.3 + 0.003 * frame.height, 0.3, green * 0.6)
        for joint in joints:
            for _ in range(rng.integers(1, 4)):
                angle = plant.angles[joint] + rng.choice([-1, 1]) * rng.uniform(0.2, 1.4)
                add_leaf(
                    plant,
                    rng,
                    joint,
                    angle,
                    frame.height * rng.uniform(0.08, 0.2),
                    green,
                    plant.between(joint, rng.random()),
                    slender,
                )
    return plant


def fern(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Arching fronds from one crown with two rows of leaflets."""
    plant = Skeleton()
    green = leaf_colour(rng)
    for _ in range(rng.integers(4, 9)):
        angle = UP + rng.uniform(-1.1, 1.1)
        length = frame.height * rng.uniform(0.7, 1.1)
        bend = 0.25 * np.sign(angle - UP) * rng.uniform(0.4, 1.5)
        joints = plant.chain(-1, angle, length, 0.008 * frame.height + 0.2, 5, bend, start=frame.foot)
        for i, joint in enumerate(joints):
            plant.bar(joint, 0.008 * frame.height + 0.2, 0.2, green * 0.6)
            for share in np.linspace(0.1, 0.9, 4):
                for side in (-1, 1):
                    turn = plant.angles[joint] + side * 1.1
                    at = plant.between(joint, share)
                    reach = 0.22 * length * (1 - (i + share) / 5.3)
                    tip = at + reach * np.array([np.cos(turn), np.sin(turn)])
                    plant.carry(joint, leaf(at, tip, 0.3 * reach), green * rng.uniform(0.8, 1.2))
    return plant
