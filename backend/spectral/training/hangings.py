"""Families of what hangs: clusters of blossoms and pods on boughs that reach over, and strands or cloth from a rail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .plants import Frame, add_leaf, leaf_colour, petal_colour
from .skeleton import UP, Skeleton, bar, blob, leaf
from .woods import wood_colour

MOST = 110
"""Segments, after which nothing more is hung on."""

CLUSTER, CATKIN, THREAD = range(3)
"""What hangs from a bough: a cluster that narrows downwards, a catkin, a thread with something at its end."""


@dataclass(frozen=True)
class Hanging:
    """What hangs from the boughs of a raceme, all of one sort."""

    kind: int
    """CLUSTER, CATKIN or THREAD."""
    plump: float
    """Half the width of what hangs, px."""
    colour: np.ndarray
    """[3] RGB."""
    green: np.ndarray
    """[3] RGB, of stalks and leaves."""


def raceme(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Boughs that reach into the picture from one side; from them hang clusters, catkins or things on threads."""
    plant = Skeleton()
    wood, green, colour = wood_colour(rng), leaf_colour(rng), petal_colour(rng)
    kind = int(rng.integers(3))
    side = rng.choice([-1, 1])
    plump = frame.height * rng.uniform(0.02, 0.07) + 0.4
    fall = frame.height * rng.uniform(0.15, 0.6)
    hanging = Hanging(kind, plump, colour, green)
    for _ in range(rng.integers(1, 4)):
        start = frame.foot - [side * frame.height * rng.uniform(0.2, 0.8), frame.height * rng.uniform(0.85, 1.1)]
        thick = frame.height * rng.uniform(0.008, 0.025) + 0.2
        angle = (0 if side > 0 else np.pi) + rng.normal(0, 0.3)
        length = frame.height * rng.uniform(0.5, 1.3)
        bough = plant.chain(-1, angle, length, 2 * thick, 3, side * rng.uniform(-0.1, 0.3), 1.4, start)
        for joint in bough:
            plant.bar(joint, thick, 0.8 * thick, wood)
            thick *= 0.8
        for joint in bough:
            for share in rng.uniform(0, 1, rng.integers(1, 4)):
                if len(plant) < MOST:
                    _strand(plant, rng, hanging, joint, share, fall * rng.uniform(0.6, 1.2))
            if rng.random() < 0.4:
                turn = plant.angles[joint] + rng.choice([-1, 1]) * rng.uniform(0.3, 1.3)
                add_leaf(plant, rng, joint, turn, frame.height * rng.uniform(0.08, 0.2), green)
    return plant


def _strand(plant: Skeleton, rng: np.random.Generator, hanging: Hanging, bough: int, share: float, fall: float) -> None:
    """Hang one thing on a bough, at a share of its length; it reaches `fall` px down."""
    plump, colour, green = hanging.plump, hanging.colour, hanging.green
    count = int(rng.integers(2, 5))
    start = plant.between(bough, share)
    joints = plant.chain(bough, -UP + rng.normal(0, 0.12), fall, 0.4, count, ratio=rng.uniform(0.8, 1.5), start=start)
    for i, joint in enumerate(joints):
        plant.bar(joint, 0.35, 0.3, 0.6 * green)
        half = plump * (1.1 - i / count)
        if hanging.kind == CLUSTER:
            for place in (0.2, 0.5, 0.8):
                spot = plant.between(joint, place) + rng.normal(0, 0.4 * half, 2)
                plant.carry(joint, blob(spot, half, 0.8 * half), colour * rng.uniform(0.65, 1.15))
        elif hanging.kind == CATKIN:
            plant.bar(joint, 0.5 * plump, 0.5 * plump, colour * rng.uniform(0.8, 1.1))
    if hanging.kind == THREAD:
        end = plant.ends[joints[-1]]
        if rng.random() < 0.5:
            plant.carry(joints[-1], blob(end, plump, plump * rng.uniform(0.7, 1.6)), colour * rng.uniform(0.8, 1.1))
        else:
            plant.carry(joints[-1], leaf(end, end + [0, 4 * plump], plump), green * rng.uniform(0.8, 1.2))


def curtain(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """What hangs from a rail that stays still: cloth in folds, ribbons, or strings of beads."""
    plant = Skeleton()
    top = frame.foot - [0, frame.height]
    wide, count = frame.height * rng.uniform(0.25, 1.4), int(rng.integers(3, 15))
    kind = int(rng.integers(3))
    half = 0.5 * wide / count * (1.2 if kind == 0 else rng.uniform(0.2, 0.8)) + 0.2
    ends = top + np.array([[-0.55], [0.55]]) * [wide, 0]
    plant.carry(-1, bar(*ends, 0.4 + 0.01 * frame.height, 0.4 + 0.01 * frame.height), rng.uniform(0.1, 0.9, 3))
    colours = [petal_colour(rng), petal_colour(rng)]
    folds, phase, depth = rng.uniform(1, 5), rng.uniform(0, 6), rng.uniform(0, 0.35)
    length, uneven = frame.height * rng.uniform(0.4, 1.0), rng.choice([0.0, 0.3])
    for i, place in enumerate((np.arange(count) + 0.5) / count - 0.5):
        fall = length * (1 - uneven * rng.random())
        lean = rng.normal(0, 0.02 if kind == 0 else 0.08)
        joints = plant.chain(
            -1, -UP + lean, fall, half, 4, ratio=rng.uniform(0.9, 1.1), start=top + [place * wide, 0], taper=1.0
        )
        tone = colours[0] if kind == 0 else colours[i % 2]
        light = 1 + depth * np.sin(2 * np.pi * folds * place + phase)
        for joint in joints:
            if kind < 2:
                plant.bar(joint, half, half, tone * light)
            else:
                plant.bar(joint, 0.3, 0.3, 0.5 * tone)
                for spot in (plant.between(joint, 0.3), plant.between(joint, 0.8)):
                    plant.carry(joint, blob(spot, half, half), tone * rng.uniform(0.7, 1.2))
    return plant
