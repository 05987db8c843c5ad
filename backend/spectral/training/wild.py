"""A family without a species: branching drawn at random, so that the predictor learns what plants have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .plants import Frame, add_leaf, flower_head, leaf_colour
from .skeleton import UP, Skeleton, blob, leaf
from .woods import wood_colour


@dataclass(frozen=True)
class _Habit:
    """How one plant grows."""

    spread: float
    """Of its stems around upright, radians."""
    curl: float
    """Radians from segment to segment, away from the middle."""
    droop: float
    """How much each segment turns towards the ground, 0..1."""
    organ: int
    """At its stems' sides: 0 nothing, 1 leaves on joints, 2 stiff leaflets, 3 twigs with leaves, 4 hanging strands."""
    opposite: bool
    angle: float
    """Of an organ against its stem, radians."""
    reach: float
    """Of an organ, over its stem's length."""
    profile: int
    """Organs are 0 all alike, 1 shorter towards the tip, 2 longest in the middle."""
    slender: float
    """Width of leaves over their length."""
    crowd: int
    """Organs per segment."""
    top: int
    """At a stem's end: 0 nothing, 1 a blossom, 2 a lump, 3 a leaf."""
    green: np.ndarray
    stalk: np.ndarray


def wild(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """Some habit of growth that no name is known for, from the ground or from a trunk's top."""
    habit = _Habit(
        spread=rng.uniform(0.05, 1.3),
        curl=rng.normal(0, 0.2),
        droop=rng.choice([0.0, rng.uniform(0, 0.5)]),
        organ=int(rng.integers(5)),
        opposite=bool(rng.random() < 0.5),
        angle=rng.uniform(0.3, 1.4),
        reach=rng.uniform(0.1, 0.45),
        profile=int(rng.integers(3)),
        slender=rng.uniform(0.12, 0.7),
        crowd=int(rng.integers(1, 4)),
        top=int(rng.integers(4)),
        green=leaf_colour(rng),
        stalk=leaf_colour(rng) * 0.7 if rng.random() < 0.6 else wood_colour(rng),
    )
    plant = Skeleton()
    parent, begin, length = -1, frame.foot, frame.height
    if rng.random() < 0.3:
        thick = frame.height * rng.uniform(0.012, 0.035)
        trunk = plant.chain(-1, UP + rng.normal(0, 0.12), 0.5 * length, 3 * thick, 3, ratio=1.3, start=begin)
        for joint in trunk:
            plant.bar(joint, thick, 0.9 * thick, habit.stalk)
        parent, begin, length = trunk[-1], plant.ends[trunk[-1]], 0.5 * length
    stems = int(rng.integers(1, 9))
    for turn in np.linspace(-1, 1, stems) if stems > 1 else (0.0,):
        foot = begin + [rng.normal(0, 0.03) * frame.height if parent < 0 else 0.0, 0.0]
        _stem(
            plant,
            rng,
            habit,
            parent,
            foot,
            UP + turn * habit.spread + rng.normal(0, 0.1),
            length * rng.uniform(0.6, 1.1),
        )
        if len(plant) > 110:
            break
    return plant


def _bent(angle: float, curl: float, droop: float) -> float:
    """An angle one segment on: curled outwards, and drawn towards the ground."""
    outwards = np.sign(np.cos(angle)) or 1.0
    return angle + curl * outwards + droop * outwards * abs(np.cos(0.5 * (angle + UP)))


def _stem(
    plant: Skeleton, rng: np.random.Generator, habit: _Habit, parent: int, foot: np.ndarray, angle: float, length: float
) -> None:
    count = int(rng.integers(3, 6))
    radius = 0.006 * length + rng.uniform(0.2, 0.6)
    joints = []
    for i in range(count):
        parent = plant.grow(parent, angle, length / count, radius, rng.uniform(0.9, 1.4), foot if i == 0 else None)
        plant.bar(parent, radius, 0.85 * radius, habit.stalk * rng.uniform(0.85, 1.1))
        joints.append(parent)
        angle, radius = _bent(angle, habit.curl, habit.droop), 0.85 * radius
    for i, joint in enumerate(joints):
        for share in (np.arange(habit.crowd) + 0.5) / habit.crowd:
            along = (i + share) / count
            size = (1.0, 1.1 - along, np.sin(np.pi * (0.1 + 0.8 * along)))[habit.profile]
            sides = (-1, 1) if habit.opposite else (rng.choice([-1, 1]),)
            for side in sides:
                _organ(plant, rng, habit, joint, share, side, max(habit.reach * length * size, 1.0))
    last, end = joints[-1], plant.ends[joints[-1]]
    if habit.top == 1:
        flower_head(plant, rng, last, length * rng.uniform(0.05, 0.2))
    elif habit.top == 2:
        half = length * rng.uniform(0.04, 0.15)
        plant.carry(last, blob(end, half, half * rng.uniform(0.5, 1.5), rng.normal(0, 0.1, 14)), habit.green)
    elif habit.top == 3:
        add_leaf(plant, rng, last, angle, 0.3 * length, habit.green, slender=habit.slender)


def _organ(
    plant: Skeleton, rng: np.random.Generator, habit: _Habit, joint: int, share: float, side: int, reach: float
) -> None:
    """What grows at a share of a segment's length, to one side."""
    at, turn = plant.between(joint, share), plant.angles[joint] + side * habit.angle * rng.uniform(0.8, 1.2)
    if habit.organ == 1:
        add_leaf(plant, rng, joint, turn, reach, habit.green, at, habit.slender)
    elif habit.organ == 2:
        tip = at + reach * np.array([np.cos(turn), np.sin(turn)])
        plant.carry(joint, leaf(at, tip, habit.slender * reach), habit.green * rng.uniform(0.75, 1.2))
    elif habit.organ == 3:
        twig = plant.grow(joint, turn, reach, 0.3, rng.uniform(1.2, 2.2), at)
        plant.bar(twig, 0.4, 0.3, habit.stalk)
        for place in (0.35, 0.7, 1.0):
            begin, lean = plant.between(twig, place), turn + rng.choice([-1, 1]) * 0.8
            tip = begin + 0.4 * reach * np.array([np.cos(lean), np.sin(lean)])
            plant.carry(twig, leaf(begin, tip, 0.4 * habit.slender * reach), habit.green * rng.uniform(0.75, 1.2))
    elif habit.organ == 4:
        fall, reach = -UP + rng.normal(0, 0.2), reach * rng.uniform(1, 2)
        for strand in plant.chain(joint, fall, reach, 0.3, 2, ratio=rng.uniform(1.0, 1.8), start=at):
            half = habit.slender * 0.12 * reach + 0.3
            plant.bar(strand, half, half, habit.green * rng.uniform(0.75, 1.2))
