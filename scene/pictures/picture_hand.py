"""A hand that pokes and drags a picture's layers, and its performance as keyframes on the planes' shape keys."""

from __future__ import annotations

from dataclasses import dataclass, field

import bpy
import numpy as np

from ...backend.picture_motion import PictureMotion
from ...backend.spectral.interaction import Interaction, Modes, Pin
from ...backend.spectral.pixel_motion import Grid
from . import picture_curves, picture_plane

YIELDS = 0.02
"""Of the most compliant direction: a direction in which a place gives way less is not pulled."""
MOST = 6.0
"""Sum of the modes' coordinates, in units of `picture_planes.UNIT` of the picture's height."""
LONGEST_STEP = 0.1
"""Seconds: after a pause the motion goes on, it does not jump."""


@dataclass
class Hand:
    """What holds, pushes and lets go. Pixels are those of the picture, x right and y down."""

    motions: list[PictureMotion]
    """From back to front."""
    dampings: list[float]
    held: int | None = None
    """The layer that is being dragged."""
    pin: Pin | None = None
    performance: list[list[np.ndarray]] = field(default_factory=list)
    """Recorded complex modal coordinates, for each frame and layer [M]."""

    def __post_init__(self) -> None:
        self.layers = [_interaction(m, d) for m, d in zip(self.motions, self.dampings, strict=True)]
        """None where there is nothing to play with."""

    def coordinates(self) -> list[np.ndarray]:
        """Complex modal coordinates of every layer [M]; 0 for shapes that a hand leaves alone."""
        found = []
        for motion, layer in zip(self.motions, self.layers, strict=True):
            q = np.zeros(len(motion.shapes), complex)
            if layer is not None:
                q[motion.frequencies > 0] = layer.coordinates
            found.append(q)
        return found

    def layer_at(self, x: float, y: float) -> int | None:
        """The front-most moving layer at a pixel."""
        for index in reversed(range(len(self.motions))):
            motion = self.motions[index]
            rows, columns = motion.mask.shape
            width, height = motion.size
            row, column = int(y / height * rows), int(x / width * columns)
            inside = 0 <= row < rows and 0 <= column < columns
            if inside and motion.mask[row, column] > 0.5 and self.layers[index] is not None:
                return index
        return None

    def grab(self, x: float, y: float) -> bool:
        """Take hold of what is at a pixel; False where nothing moves there."""
        self.held = self.layer_at(x, y)
        if self.held is None:
            return False
        moved = self.layers[self.held].at(x, y)
        self.pin = Pin(x - moved[0], y - moved[1], moved[0], moved[1])
        return True

    def drag(self, x: float, y: float) -> None:
        """Move what is held to a pixel."""
        if self.pin is not None:
            self.pin = Pin(self.pin.x, self.pin.y, x - self.pin.x, y - self.pin.y)

    def release(self) -> None:
        """Let go: it rings down."""
        self.held = self.pin = None

    def poke(self, x: float, y: float, dx: float, dy: float) -> bool:
        """Push what is at a pixel so that it swings about (dx, dy) pixels; False where nothing moves there."""
        index = self.layer_at(x, y)
        if index is not None:
            self.layers[index].poke(x, y, dx, dy)
        return index is not None

    def step(self, seconds: float) -> None:
        """Go on, exactly, whatever the length of the step."""
        for index, layer in enumerate(self.layers):
            if layer is None:
                continue
            layer.step(min(max(seconds, 1e-6), LONGEST_STEP))
            if self.pin is not None and index == self.held:
                _hold(layer, self.pin)

    def note(self) -> None:
        """Record a frame of the performance."""
        self.performance.append(self.coordinates())


def _hold(layer: Interaction, pin: Pin) -> None:
    """Bring a place to where it is held, as far as the layer gives way there.

    Exact in the directions in which it does; in one in which it hardly can, modes would have to cancel one another to
    obey, and tear the picture: that one is left to itself.
    """
    weight = 1 / (2 * np.pi * layer.modes.frequencies)
    at = layer.modes.at_point(pin.x, pin.y) * weight[:, None]
    values, directions = np.linalg.eigh((at.conj().T @ at).real)  # compliance in the two directions
    yields = directions[:, values > YIELDS * values.max()]
    now = layer.at(pin.x, pin.y)
    there = now + yields @ (yields.T @ (np.array([pin.dx, pin.dy]) - now))
    layer.hold((Pin(pin.x, pin.y, float(there[0]), float(there[1])),))
    # Near a root even a small pull would need a huge sway.
    share = np.abs(layer.coordinates).sum() / MOST
    if share > 1:
        layer.position, layer.velocity = layer.position / share, layer.velocity / share


def hand_for(layers: list[picture_plane.Layer]) -> Hand:
    """A hand over layers at rest."""
    return Hand([layer.motion for layer in layers], [layer.damping for layer in layers])


def write_performance(hand: Hand, layers: list[bpy.types.Object], frame_start: int) -> int:
    """The performance as keys on the planes' shape keys, in place of their loop; returns the number of frames.

    Raises ValueError where nothing was recorded or the planes are not those of the hand.
    """
    if not hand.performance:
        raise ValueError("Nothing was recorded; press R while you play, then drag.")
    if len(layers) != len(hand.layers):
        raise ValueError("The planes were made of other layers; make them anew, then record.")
    frames = frame_start + np.arange(len(hand.performance))
    for index, obj in enumerate(layers):
        courses = np.array([coordinates[index] for coordinates in hand.performance])
        for m in range(courses.shape[1]):
            for part, values in (("cos", courses[:, m].real), ("sin", courses[:, m].imag)):
                block = obj.data.shape_keys.key_blocks.get(picture_plane.key_name(m, part))
                if block is None:
                    continue
                curve = picture_curves.fresh_curve(obj.data.shape_keys, f'key_blocks["{block.name}"].value')
                picture_curves.write_keys(curve, frames, values)
    return len(frames)


def show_on_planes(hand: Hand, layers: list[bpy.types.Object]) -> None:
    """Puts the state of the hand's layers on the shape keys."""
    for coordinates, obj in zip(hand.coordinates(), layers, strict=True):
        blocks = obj.data.shape_keys.key_blocks
        for m, q in enumerate(coordinates):
            for part, value in (("cos", q.real), ("sin", q.imag)):
                if block := blocks.get(picture_plane.key_name(m, part)):
                    block.value = float(value)


def _interaction(motion: PictureMotion, damping: float) -> Interaction | None:
    """The shapes that a hand can move, as damped oscillators; None where there is none."""
    ring = motion.frequencies > 0
    if not ring.any() or not motion.shapes[ring].any():
        return None
    left, top, width, height = (int(value) for value in motion.box)
    rows, columns = motion.shapes.shape[1:3]
    ratios = np.full(int(ring.sum()), min(max(damping, 0.0), 0.99))
    grid = Grid(left, top, width, height, rows, columns)
    return Interaction(Modes(motion.shapes[ring], motion.frequencies[ring], ratios, grid))
