"""`Picture`: one photograph, the layers that a person marked on it, and the wind: all that its animation needs.

Chuang et al. 2005 (Animating Pictures with Stochastic Motion Textures), section 3: layers in depth order, each with a
matte, a type of motion and a few drawn lines. Nothing here computes anything; `backend.spectral.picture` animates it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from enum import Enum

import numpy as np

from .spectral_volume import SpectralVolume

SMALLEST = 8
"""Pixels: a picture with a shorter side holds nothing that could move."""
ON_MASK = 0.1
"""Share of a layer's drawn line that must lie on its mask."""
NEAR = 0.02
"""Of the picture's longer side: a line drawn this close to the mask still counts as on it."""


class Kind(Enum):
    """What a layer does."""

    plant = "plant"
    """Sways in the wind; lines run from where it is held to where it is free."""
    water = "water"
    """Waves on a surface seen in perspective; the edge of its mask stays where it is."""
    boat = "boat"
    """Heaves and rolls on the nearest water behind it; the line is its water line."""
    cloud = "cloud"
    """Drifts with the wind and comes back unseen; the edge of its mask stays where it is."""
    path = "path"
    """Goes once along the drawn line, from the first point to the last."""
    volume = "volume"
    """Moves as a spectral volume says (modes from a video, a file)."""
    still = "still"
    """Stays, in front of what moves behind it."""


@dataclass(frozen=True)
class Line:
    """A line that a person drew."""

    points: np.ndarray
    """[n, 2], pixels (x, y) from the picture's top left corner, x right, y down."""
    frequency: float | None = None
    """Plants: natural frequency of this part, hertz. None: from its length and the layer's frequency."""
    times: np.ndarray | None = None
    """Paths: when each point is reached [n], rising, 0 at the clip's beginning to 1 at its end. None: even speed."""

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 2 or len(self.points) < 2:
            raise ValueError("a line needs at least two points; draw it longer")
        if not np.isfinite(self.points).all():
            raise ValueError("a line holds points that are not finite numbers; draw it anew")
        if np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum() < 1:
            raise ValueError("a line is shorter than a pixel; draw it longer")
        if self.times is not None and (len(self.times) != len(self.points) or (np.diff(self.times) < 0).any()):
            raise ValueError("a path's times must rise, one for each of its points")

    @property
    def length(self) -> float:
        """Pixels."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


@dataclass(frozen=True)
class Layer:
    """A part of the picture that moves in one way."""

    kind: Kind
    mask: np.ndarray | None = None
    """How much each pixel belongs to the layer [H, W], float32, 0..1, soft at its edge. None: found from the lines."""
    lines: tuple[Line, ...] = ()
    name: str = ""
    outside: tuple[Line, ...] = ()
    """Lines over what does not belong to the layer: what looks like it is left out of the mask."""
    amplitude: float | None = None
    """Largest displacement, percent of the picture's height (clouds: way in one loop). None: what suits the kind."""
    frequency: float = 0.7
    """Plants: natural frequency of the longest part, hertz."""
    damping: float = 0.08
    """Plants: ratio to critical damping."""
    flutter: float = 0.3
    """Plants: how much leaves shiver on their own, 0..1."""
    horizon: float | None = None
    """Water and clouds: the horizon's row, pixels. None: the upper end of water, the lower end of clouds."""
    spin: float = 0.0
    """Paths: turns around its own centre on the way, positive clockwise."""
    volume: SpectralVolume | None = None

    def __post_init__(self) -> None:
        for name, low, high in (("frequency", 1e-3, 100), ("damping", 0, 0.999), ("flutter", 0, 1)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{self.title}'s {name} is {value}; it must lie between {low} and {high}")
        if self.amplitude is not None and not 0 <= self.amplitude <= 100:
            raise ValueError(f"{self.title}'s amplitude is {self.amplitude} %; it must lie between 0 and 100")
        if self.kind in (Kind.boat, Kind.path) and not self.lines:
            raise ValueError(f"{self.title} has no line; draw one along its {_DRAWN[self.kind]}")
        if self.kind is Kind.volume and self.volume is None:
            raise ValueError(f"{self.title} has no spectral volume; choose a file or make one from a video")

    @property
    def area(self) -> np.ndarray:
        """Its mask. Raises ValueError before it has one."""
        if self.mask is None:
            raise ValueError(f"{self.title} has no mask yet; paint or draw what should move")
        return self.mask

    @property
    def title(self) -> str:
        """What a sentence calls the layer."""
        return f'the {self.kind.value} layer "{self.name}"' if self.name else f"the {self.kind.value} layer"


_DRAWN = {Kind.boat: "water line", Kind.path: "way"}


@dataclass(frozen=True)
class Wind:
    """The one wind that moves every layer."""

    speed: float = 3.0
    """Mean, metres per second."""
    direction: float = 0.0
    """Where it blows to, degrees in the picture: 0 to the right, 90 up."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.speed <= 60:
            raise ValueError(f"the wind's speed is {self.speed} m/s; it must lie above 0 and up to 60")

    @property
    def heading(self) -> np.ndarray:
        """Unit vector [2], x right, y down."""
        angle = np.radians(self.direction)
        return np.array([np.cos(angle), -np.sin(angle)])


@dataclass(frozen=True)
class Picture:
    """A photograph and what moves in it."""

    image: np.ndarray
    """[H, W, 3 or 4]: RGB or RGBA with straight alpha, display-referred; uint8, or float32 in 0..1."""
    layers: tuple[Layer, ...]
    """From back to front."""
    wind: Wind = Wind()

    def __post_init__(self) -> None:
        shape = self.image.shape
        if len(shape) != 3 or shape[2] not in (3, 4) or self.image.dtype not in (np.uint8, np.float32):
            raise ValueError(
                f"the picture is {shape} of {self.image.dtype}; give RGB or RGBA, as 8-bit or as float32 numbers"
            )
        if min(shape[:2]) < SMALLEST:
            raise ValueError(
                f"the picture is {shape[1]} x {shape[0]} pixels; it needs at least {SMALLEST} on each side"
            )
        for layer in self.layers:
            if layer.mask is not None:
                _check_mask(layer, shape[:2])

    @property
    def height(self) -> int:
        return self.image.shape[0]

    @property
    def width(self) -> int:
        return self.image.shape[1]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything as named arrays for `backend.arrays.save`; the settings as JSON in `picture`."""
        arrays: dict[str, np.ndarray] = {"image": self.image}
        settings: dict = {"wind": vars(self.wind), "layers": []}
        for i, layer in enumerate(self.layers):
            entry = {f.name: getattr(layer, f.name) for f in fields(layer) if f.name not in _ARRAYS}
            entry["kind"] = layer.kind.value
            entry["lines"] = []
            entry["outside"] = len(layer.outside)
            for j, line in enumerate(layer.outside):
                arrays[f"{i}.outside.{j}"] = line.points
            for j, line in enumerate(layer.lines):
                arrays[f"{i}.{j}.points"] = line.points
                if line.times is not None:
                    arrays[f"{i}.{j}.times"] = line.times
                entry["lines"].append(line.frequency)
            if layer.mask is not None:
                arrays[f"{i}.mask"] = layer.mask
            if layer.volume is not None:
                for name in ("coefficients", "frequencies", "mask"):
                    arrays[f"{i}.volume.{name}"] = getattr(layer.volume, name)
                entry["volume"] = {"duration": layer.volume.duration, "source": layer.volume.source}
            settings["layers"].append(entry)
        arrays["picture"] = np.array(json.dumps(settings))
        return arrays

    @staticmethod
    def from_arrays(arrays: dict[str, np.ndarray]) -> Picture:
        """What `to_arrays` gave. Settings that are left out take their defaults."""
        settings = json.loads(str(arrays["picture"]))
        layers = []
        for i, entry in enumerate(settings["layers"]):
            entry = dict(entry)
            lines = tuple(
                Line(arrays[f"{i}.{j}.points"], frequency, arrays.get(f"{i}.{j}.times"))
                for j, frequency in enumerate(entry.pop("lines", []))
            )
            outside = tuple(Line(arrays[f"{i}.outside.{j}"]) for j in range(entry.pop("outside", 0)))
            about = entry.pop("volume", None)
            volume = about and SpectralVolume(
                arrays[f"{i}.volume.coefficients"],
                arrays[f"{i}.volume.frequencies"],
                about["duration"],
                arrays[f"{i}.volume.mask"],
                about["source"],
            )
            kind = Kind(entry.pop("kind"))
            layers.append(Layer(kind, arrays.get(f"{i}.mask"), lines, outside=outside, volume=volume, **entry))
        return Picture(arrays["image"], tuple(layers), Wind(**settings["wind"]))

    def with_layers(self, layers: tuple[Layer, ...]) -> Picture:
        return replace(self, layers=layers)


_ARRAYS = {"kind", "mask", "lines", "outside", "volume"}


def _check_mask(layer: Layer, shape: tuple[int, int]) -> None:
    """Raises ValueError unless the mask has the picture's shape, is not empty and carries the layer's lines."""
    mask = layer.mask
    assert mask is not None
    if mask.shape != shape:
        raise ValueError(
            f"{layer.title}'s mask is {mask.shape[::-1]} pixels (width, height), the picture {shape[::-1]}; "
            "paint it on this picture"
        )
    if not (mask > 0.5).any():
        raise ValueError(f"{layer.title}'s mask is empty; mark what should move")
    if layer.kind is not Kind.plant:
        return
    room = max(round(NEAR * max(shape)), 1)
    for line in layer.lines:
        steps = np.linspace(0, len(line.points) - 1, 64)
        x, y = (np.interp(steps, np.arange(len(line.points)), line.points[:, axis]).astype(int) for axis in (0, 1))
        hits = [
            (mask[max(r - room, 0) : r + room + 1, max(c - room, 0) : c + room + 1] > 0.5).any()
            for r, c in zip(y, x, strict=True)
            if -room <= r < shape[0] + room and -room <= c < shape[1] + room
        ]
        if sum(hits) < ON_MASK * len(steps):
            raise ValueError(f"a stroke of {layer.title} lies outside its mask; draw it on what should move")
