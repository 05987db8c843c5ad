"""Families of woody plants: trees, shrubs, palms, willows."""

from __future__ import annotations

import numpy as np

from .plants import Frame, add_leaf, leaf_colour
from .skeleton import UP, Skeleton, blob, leaf


def wood_colour(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(0.15, 0.65) * np.array([1, rng.uniform(0.75, 0.95), rng.uniform(0.5, 0.9)])


def _foliage(
    plant: Skeleton, rng: np.random.Generator, joint: int, reach: float, green: np.ndarray, style: int
) -> None:
    """A cluster of leaves around a twig's end: lumps of many tones, or single leaves."""
    centre = plant.ends[joint]
    if style == 0:
        plant.carry(
            joint, blob(centre, reach, 0.8 * reach, rng.normal(0, 0.12, 14)), green * rng.uniform(0.55, 0.8), 0.3
        )
    for _ in range(rng.integers(5, 12)):
        spot = centre + rng.normal(0, 0.5 * reach, 2)
        tone = green * rng.uniform(0.6, 1.4) * (1 - 0.25 * (spot[1] - centre[1]) / reach)
        if style == 0:
            plant.carry(joint, blob(spot, reach * rng.uniform(0.15, 0.35), reach * rng.uniform(0.12, 0.3)), tone, 0.3)
        else:
            turn = rng.uniform(0, 2 * np.pi)
            tip = spot + 0.5 * reach * np.array([np.cos(turn), np.sin(turn)])
            plant.carry(joint, leaf(spot, tip, 0.25 * reach), tone, 0.3)


def tree(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A trunk that forks two or three times, with or without leaves."""
    plant = Skeleton()
    wood, green = wood_colour(rng), leaf_colour(rng)
    style = int(rng.integers(2))
    bare = rng.random() < 0.1
    trunk = frame.height * rng.uniform(0.2, 0.45)
    thick = frame.height * rng.uniform(0.015, 0.04)
    joints = plant.chain(
        -1, UP + rng.normal(0, 0.08), trunk, 4 * thick, 2, rng.normal(0, 0.1), ratio=1.5, start=frame.foot
    )
    for joint in joints:
        plant.bar(joint, thick, 0.9 * thick, wood)
    tips: list[int] = []

    def fork(parent: int, length: float, radius: float, depth: int) -> None:
        for _ in range(rng.integers(2, 4)):
            angle = plant.angles[parent] + rng.normal(0, 0.55)
            angle += 0.15 * np.sin(UP - angle)
            at = plant.between(parent, rng.uniform(0.7, 1))
            joint = plant.grow(parent, angle, length * rng.uniform(0.7, 1.1), radius, rng.uniform(1.0, 2.0), at)
            plant.bar(joint, radius, 0.7 * radius, wood * rng.uniform(0.85, 1.1))
            if depth == 0 or len(plant) > 40:
                tips.append(joint)
            else:
                fork(joint, 0.7 * length, 0.65 * radius, depth - 1)

    fork(joints[-1], frame.height * rng.uniform(0.2, 0.32), 0.7 * thick, int(rng.integers(1, 3)))
    if not bare:
        for joint in tips:
            _foliage(plant, rng, joint, frame.height * rng.uniform(0.08, 0.16), green, style)
    return plant


def shrub(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A round mass of leaves; its twigs are hidden."""
    plant = Skeleton()
    wood, green = wood_colour(rng), leaf_colour(rng)
    style = int(rng.integers(2))
    wide = frame.height * rng.uniform(0.4, 1.0)
    joints = []
    for _ in range(rng.integers(6, 16)):
        angle = UP + rng.uniform(-1.2, 1.2)
        foot = frame.foot + [0.5 * wide * (angle - UP) * rng.uniform(0.2, 0.8), 0]
        found = plant.chain(
            -1, angle, frame.height * rng.uniform(0.4, 0.9), 0.02 * frame.height, 2, rng.normal(0, 0.15), start=foot
        )
        for joint in found:
            plant.bar(joint, 0.01 * frame.height, 0.008 * frame.height, wood)
        joints.append(found)
    for found in joints:
        for joint in found:
            _foliage(plant, rng, joint, frame.height * rng.uniform(0.12, 0.25), green, style)
    if rng.random() < 0.3:
        colour = rng.uniform(0.4, 1, 3)
        for found in joints:
            spot = plant.ends[found[-1]] + rng.normal(0, 0.05, 2) * frame.height
            plant.carry(found[-1], blob(spot, 0.04 * frame.height, 0.04 * frame.height), colour)
    return plant


def conifer(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A straight trunk with tiers of boughs."""
    plant = Skeleton()
    wood, green = wood_colour(rng), leaf_colour(rng) * rng.uniform(0.5, 0.9)
    thick = 0.015 * frame.height
    joints = plant.chain(-1, UP + rng.normal(0, 0.03), frame.height, 3 * thick, 5, 0.0, start=frame.foot, taper=0.7)
    for joint in joints:
        plant.bar(joint, thick, 0.8 * thick, wood)
    slope = rng.uniform(-0.4, 0.5)
    for i, joint in enumerate(joints):
        for share in (0.3, 0.8):
            reach = frame.height * 0.32 * (1.02 - (i + share) / 5) * rng.uniform(0.8, 1.1)
            for side in (-1, 1):
                angle = UP + side * (np.pi / 2 + slope)
                add_leaf(plant, rng, joint, angle, reach, green, plant.between(joint, share), rng.uniform(0.35, 0.6))
    return plant


def palm(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A bare trunk with a crown of arching fronds."""
    plant = Skeleton()
    wood, green = wood_colour(rng), leaf_colour(rng)
    thick = frame.height * rng.uniform(0.015, 0.03)
    joints = plant.chain(
        -1, UP + rng.normal(0, 0.15), 0.7 * frame.height, 2 * thick, 4, rng.normal(0, 0.06), start=frame.foot
    )
    for joint in joints:
        plant.bar(joint, thick, 0.95 * thick, wood)
    for angle in np.linspace(-2.1, 2.1, rng.integers(7, 12)) + rng.normal(0, 0.1):
        length = frame.height * rng.uniform(0.3, 0.45)
        bend = 0.35 * np.sign(angle) * rng.uniform(0.5, 1.2)
        frond = plant.chain(joints[-1], UP + angle, length, 0.004 * frame.height, 3, bend, ratio=rng.uniform(1.2, 2.2))
        for i, joint in enumerate(frond):
            for share in np.linspace(0, 0.9, 5):
                at = plant.between(joint, share)
                for side in (-1, 1):
                    turn = plant.angles[joint] + side * 0.9
                    reach = 0.3 * length * (1 - (i + share) / 3.6)
                    tip = at + reach * np.array([np.cos(turn), np.sin(turn)])
                    plant.carry(joint, leaf(at, tip, 0.3 * reach), green * rng.uniform(0.7, 1.2))
    return plant


def willow(rng: np.random.Generator, frame: Frame) -> Skeleton:
    """A tree whose long twigs hang down."""
    plant = Skeleton()
    wood, green = wood_colour(rng), leaf_colour(rng)
    thick = 0.03 * frame.height
    joints = plant.chain(-1, UP + rng.normal(0, 0.08), 0.5 * frame.height, 4 * thick, 2, 0.0, start=frame.foot, ratio=2)
    for joint in joints:
        plant.bar(joint, thick, 0.9 * thick, wood)
    for angle in np.linspace(-1.2, 1.2, rng.integers(5, 8)):
        length = frame.height * rng.uniform(0.25, 0.45)
        bough = plant.grow(joints[-1], UP + angle, length, 0.5 * thick, 1.5)
        plant.bar(bough, 0.5 * thick, 0.3 * thick, wood)
        for share in np.linspace(0.3, 1, 3):
            at = plant.between(bough, share)
            fall = frame.height * rng.uniform(0.25, 0.55)
            for joint in plant.chain(
                bough, -UP + rng.normal(0, 0.12), fall, 0.3, 3, start=at, ratio=rng.uniform(0.9, 1.3)
            ):
                begin, end = plant.starts[joint], plant.ends[joint]
                plant.bar(joint, 0.012 * frame.height, 0.012 * frame.height, green * rng.uniform(0.6, 0.9))
                for place in (0.2, 0.6):
                    at = begin + place * (end - begin)
                    for side in (-1, 1):
                        tip = at + 0.07 * frame.height * np.array([0.5 * side, 1])
                        plant.carry(joint, leaf(at, tip, 0.025 * frame.height), green * rng.uniform(0.8, 1.3))
    return plant
