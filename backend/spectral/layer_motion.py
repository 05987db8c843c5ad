"""How each layer of a picture moves, at the size that was asked for, and never so far that it folds over itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..picture import Kind, Layer, Picture
from .drift import RigidMotion, cloud_motion, path_motion
from .layers import Sprite
from .pixel_motion import Grid, PixelMotion, volume_motion
from .plant import plant_motion
from .water import boat_motion, water_motion

AMPLITUDES = {Kind.plant: 2.5, Kind.water: 0.6, Kind.boat: 0.8, Kind.cloud: 6.0}
"""Percent of the picture's height, where a layer does not say."""
FINENESS = {Kind.plant: 240, Kind.water: 480, Kind.boat: 32, Kind.cloud: 120, Kind.path: 32}
"""Grid places along the picture's longer side."""
FOLD = 0.35
"""Least share of its area that a piece of a layer may be squeezed to (or negative where it turns over)."""
LOOKED_AT = 24
"""Instants at which that is checked."""


@dataclass(frozen=True)
class Controls:
    """How an animation is shown. Everything is at rest in the middle of its range by default."""

    magnify: float = 1.0
    """Times the motion's size."""
    speed: float = 1.0
    """Times real time; below 1 is slow motion. Loops stay loops of the same number of frames."""
    direction: float | None = None
    """Degrees, 0 to the right, 90 up: motion across it counts `across` times. None: all directions alike."""
    across: float = 0.0
    first_frame: bool = False
    """Begin with the photograph itself."""
    method: str = "layers"
    """"layers": inverse warp over the filled plate; "splat": softmax splatting of the whole picture."""
    scales: int = 1
    """Of the splatting: sizes of the picture from which holes are filled."""
    transparent: bool = False
    """Only the moving layers, on nothing."""

    def __post_init__(self) -> None:
        if self.magnify < 0 or not self.speed > 0:
            raise ValueError(
                f"motion {self.magnify} times as large and {self.speed} times as fast cannot be shown; "
                "give a size of 0 or more and a speed above 0"
            )
        if self.method not in ("layers", "splat"):
            raise ValueError(f'there is no render method "{self.method}"; choose "layers" or "splat"')


def layer_motions(
    picture: Picture, sprites: tuple[Sprite, ...], duration: float, fps: float, controls: Controls
) -> tuple[list[PixelMotion | None], dict[str, float]]:
    """Each sprite's motion over `duration` seconds (None where it stays), and what was held back.

    The latter: share of the asked-for size that a layer got, by its title, where it would have folded over otherwise.
    """
    shape = picture.image.shape[:2]
    motions: list[PixelMotion | None] = []
    held: dict[str, float] = {}
    water: tuple[PixelMotion, np.ndarray] | None = None
    for sprite in sprites:
        layer = sprite.layer
        if layer.kind is Kind.still:
            motions.append(None)
            continue
        raw = _raw(layer, sprite, picture, duration, fps, water)
        if layer.kind is Kind.water:
            water = raw, layer.mask
        motion = _directed(raw, controls)
        if layer.kind is not Kind.path:
            motion = _sized(motion, sprite, shape[0], controls.magnify)
        if layer.kind in (Kind.plant, Kind.volume, Kind.water):
            share = unfolded_share(motion, sprite)
            if share < 1:
                held[layer.title] = share
                motion = motion.scaled(share)
        motions.append(motion)
    return motions, held


def _raw(
    layer: Layer,
    sprite: Sprite,
    picture: Picture,
    duration: float,
    fps: float,
    water: tuple[PixelMotion, np.ndarray] | None,
) -> PixelMotion:
    shape = picture.image.shape[:2]
    if layer.kind is Kind.volume:
        return volume_motion(layer.volume, shape[1], shape[0], duration)
    grid = Grid.over(sprite.box, max(1, round(max(shape) / FINENESS[layer.kind])))
    if layer.kind is Kind.plant:
        return plant_motion(layer, grid, shape, picture.wind, duration, fps)
    if layer.kind is Kind.water:
        return water_motion(layer, grid, shape, picture.wind, duration, fps)
    if layer.kind is Kind.cloud:
        return cloud_motion(layer, grid, shape, picture.wind, duration)
    if layer.kind is Kind.path:
        return path_motion(layer, grid, duration)
    if water is None:
        water = _own_water(layer, picture, duration, fps)
    return boat_motion(layer, grid, *water)


def _own_water(layer: Layer, picture: Picture, duration: float, fps: float) -> tuple[PixelMotion, np.ndarray]:
    """Water all around a boat that has no water layer behind it."""
    height, width = picture.image.shape[:2]
    everywhere = np.ones((height, width), np.float32)
    horizon = max(float(layer.lines[0].points[:, 1].min()) - 0.25 * height, 0.0)
    surface = Layer(Kind.water, everywhere, horizon=horizon)
    grid = Grid.over((0, 0, width, height), max(1, round(max(height, width) / FINENESS[Kind.water])))
    return water_motion(surface, grid, (height, width), picture.wind, duration, fps), everywhere


def _directed(motion: PixelMotion, controls: Controls) -> PixelMotion:
    """The motion with its part across the chosen direction scaled."""
    if controls.direction is None or isinstance(motion, RigidMotion):
        return motion
    angle = np.radians(controls.direction)
    along = np.array([np.cos(angle), -np.sin(angle)])
    matrix = controls.across * np.eye(2) + (1 - controls.across) * np.outer(along, along)
    return PixelMotion((motion.shapes @ matrix).astype(motion.shapes.dtype), motion.basis, motion.grid)


def _sized(motion: PixelMotion, sprite: Sprite, height: int, magnify: float) -> PixelMotion:
    """The motion with the layer's amplitude as its largest displacement on the layer."""
    layer = sprite.layer
    if layer.kind is Kind.volume and layer.amplitude is None:
        return motion.scaled(magnify)
    amplitude = layer.amplitude if layer.amplitude is not None else AMPLITUDES[layer.kind]
    largest = float((motion.extent() * (motion.grid.reduced(layer.mask) > 0.5)).max())
    if largest < 1e-9:
        raise ValueError(
            f"nothing moves {layer.title}: its stroke moves no part of its mask; draw it on what should move"
        )
    return motion.scaled(magnify * amplitude / 100 * height / largest)


def unfolded_share(motion: PixelMotion, sprite: Sprite) -> float:
    """The largest factor up to 1 at which nothing on the layer is squeezed to less than FOLD of its area."""
    import cv2

    cover = (motion.grid.reduced(sprite.layer.mask) > 0.02).astype(np.uint8)
    inside = cv2.dilate(cover, np.ones((3, 3), np.uint8)) > 0
    step_x, step_y = motion.grid.steps
    share = 1.0
    for time in motion.instants(LOOKED_AT):
        field = motion.at(float(time))
        if min(field.shape[:2]) < 2:
            continue
        dy, dx = np.gradient(field, axis=(0, 1))
        dx, dy = dx[inside] / step_x, dy[inside] / step_y
        trace = dx[:, 0] + dy[:, 1]
        determinant = dx[:, 0] * dy[:, 1] - dx[:, 1] * dy[:, 0]
        # Area 1 + s trace + s^2 determinant; the first s > 0 at which it is FOLD.
        while share > 0.01 and (1 + share * trace + share**2 * determinant).min(initial=1) < FOLD:
            share *= 0.9
    return share
