"""Take a picture apart: each layer's colours and cover, and the plate that is left behind all of them.

From front to back, each layer is lifted off and what it hid is filled in (Chuang et al. 2005, section 3). Two sorts:
what moves as a thing takes its cover along (plants, boats); a surface moves within a cover that stays (water, clouds).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..picture import Kind, Layer, Line, Picture
from . import matting, plate

SURFACES = (Kind.water, Kind.cloud)
FAINT = 0.02
"""Cover below which a pixel does not belong to a layer at all."""
SOLID = 0.15
"""Cover from which a pixel's own colour can be told from what shines through (and 1 minus it, the other way)."""
TOUCHED = 0.1
"""Cover from which what lies behind a pixel is filled in, not seen."""
CLEARANCE = 0.004
"""Of the picture's longer side: what lies this near to a layer has some of its light, and is filled in with it."""
MARGIN = 0.12
"""Of the picture's longer side: how far around a layer the filling and its motion look."""


@dataclass(frozen=True)
class Sprite:
    """One layer, lifted off."""

    layer: Layer
    """Its mask is the one used: found where it was not given."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom: the pixels that the arrays cover and that the layer can reach."""
    colours: np.ndarray
    """[h, w, C] of the picture's type, continued beyond the cover's edge."""
    cover: np.ndarray
    """[h, w], float32, 0..1."""
    surface: bool
    """The cover stays and the colours move in it."""


@dataclass(frozen=True)
class Prepared:
    """A picture taken apart."""

    picture: Picture
    """Its layers have masks."""
    image: np.ndarray
    """[H, W, C]: the picture; with four channels, premultiplied."""
    plate: np.ndarray
    """[H, W, C]: what is left behind every layer."""
    sprites: tuple[Sprite, ...]
    """From back to front."""


def prepare(picture: Picture, limit: int | None = None) -> Prepared:
    """Take a picture apart, made smaller first where its longer side has more than `limit` pixels (a preview).

    Raises ValueError where there is nothing to move, naming the layer.
    """
    if limit is not None:
        picture = reduced(picture, limit)
    if not any(layer.kind is not Kind.still for layer in picture.layers):
        raise ValueError("the picture has no layer that moves; mark a plant, water, a boat or clouds")
    layers = [
        layer if layer.mask is not None and not layer.outside else with_mask(picture, layer) for layer in picture.layers
    ]
    picture = picture.with_layers(tuple(layers))
    image = premultiplied(picture.image)
    current = image
    masks = [np.asarray(layer.mask, np.float32) for layer in layers]
    sprites: list[Sprite] = []
    for i in reversed(range(len(layers))):
        layer = replace(layers[i], mask=masks[i])
        if not (masks[i] > FAINT).any():
            continue
        sprite, behind, hole = _lift(picture, layer, current)
        sprites.insert(0, sprite)
        if hole is not None:
            left, top, right, bottom = sprite.box
            for j in range(i):
                # A layer goes on behind the ones before it.
                part = masks[j][top:bottom, left:right]
                masks[j] = masks[j].copy()
                if not hole.all():
                    masks[j][top:bottom, left:right] = plate.fill(part, hole)
            current = behind
    return Prepared(picture, image, current, tuple(sprites))


def with_mask(picture: Picture, layer: Layer) -> Layer:
    """A layer with the mask that its lines suggest: a matte of what they cross, without what the outside ones do.

    Of a mask that it has already, what looks like the outside lines' surroundings is taken away.
    Raises ValueError where nothing is marked, or nothing is left.
    """
    import cv2

    shape = picture.image.shape[:2]
    if layer.mask is not None:
        left = matting.without(picture.image, layer.mask, marks(layer.lines, shape), marks(layer.outside, shape))
        if not (left > 0.5).any():
            raise ValueError(f"the outside lines of {layer.title} leave nothing of its mask; erase some of them")
        return replace(layer, mask=left)
    if layer.kind is Kind.volume and layer.volume is not None:
        mask = cv2.resize(np.asarray(layer.volume.mask, np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
        return replace(layer, mask=mask)
    if not layer.lines:
        raise ValueError(f"{layer.title} has neither a mask nor a stroke; paint or draw what should move")
    inside = marks(layer.lines, shape)
    if not inside.any():
        raise ValueError(f"every stroke of {layer.title} lies outside the picture; draw it on what should move")
    outside = marks(layer.outside, shape) & ~inside
    if not outside.any():
        return replace(layer, mask=matting.soft_mask(picture.image, inside))
    return replace(layer, mask=matting.soft_mask(picture.image, inside, outside | matting.far_border(inside)))


def marks(lines: tuple[Line, ...], shape: tuple[int, int]) -> np.ndarray:
    """Where lines lie in a picture of `shape` (height, width): [H, W], bool."""
    import cv2

    drawn = np.zeros(shape, np.uint8)
    thickness = max(round(0.006 * max(shape)), 1)
    for line in lines:
        cv2.polylines(drawn, [np.round(line.points).astype(np.int32)], False, 1, thickness)
    return drawn > 0


def reduced(picture: Picture, limit: int) -> Picture:
    """The picture with its masks and lines, its longer side at most `limit` pixels."""
    import cv2

    scale = limit / max(picture.width, picture.height)
    if scale >= 1:
        return picture
    size = max(round(picture.width * scale), 8), max(round(picture.height * scale), 8)
    ratio = np.array([size[0] / picture.width, size[1] / picture.height])
    layers = tuple(
        replace(
            layer,
            mask=None if layer.mask is None else cv2.resize(layer.mask, size, interpolation=cv2.INTER_AREA),
            lines=tuple(replace(line, points=line.points * ratio) for line in layer.lines),
            outside=tuple(replace(line, points=line.points * ratio) for line in layer.outside),
            horizon=None if layer.horizon is None else layer.horizon * ratio[1],
        )
        for layer in picture.layers
    )
    return Picture(cv2.resize(picture.image, size, interpolation=cv2.INTER_AREA), layers, picture.wind)


def premultiplied(image: np.ndarray) -> np.ndarray:
    """RGB as it is; RGBA with its colours times alpha."""
    if image.shape[2] == 3:
        return image
    full = 255 if image.dtype == np.uint8 else 1
    colours = image[..., :3].astype(np.float32) * (image[..., 3:].astype(np.float32) / full)
    colours = np.round(colours) if image.dtype == np.uint8 else colours
    return np.concatenate([colours.astype(image.dtype), image[..., 3:]], -1)


def straight(image: np.ndarray) -> np.ndarray:
    """The inverse of `premultiplied`."""
    if image.shape[2] == 3:
        return image
    full = 255 if image.dtype == np.uint8 else 1
    alpha = image[..., 3:].astype(np.float32) / full
    colours = np.divide(image[..., :3], alpha, out=np.zeros(alpha.shape[:2] + (3,), np.float32), where=alpha > 0)
    colours = np.clip(np.round(colours) if image.dtype == np.uint8 else colours, 0, full)
    return np.concatenate([colours.astype(image.dtype), image[..., 3:]], -1)


def box_around(mask: np.ndarray, room: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what a mask [H, W] holds, `room` pixels wider and within the picture."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    return (
        max(int(columns[0]) - room, 0),
        max(int(rows[0]) - room, 0),
        min(int(columns[-1]) + 1 + room, width),
        min(int(rows[-1]) + 1 + room, height),
    )


def _lift(picture: Picture, layer: Layer, current: np.ndarray) -> tuple[Sprite, np.ndarray, np.ndarray | None]:
    """The sprite, the picture without it, and what was filled of its box [h, w] (None: nothing is uncovered)."""
    import cv2

    mask = layer.mask
    assert mask is not None
    longer = max(picture.width, picture.height)
    box = box_around(mask > FAINT, round(MARGIN * longer) + 2)
    if layer.kind is Kind.path:
        box = _way_box(layer, box, mask.shape)
    left, top, right, bottom = box
    part, cover = current[top:bottom, left:right], mask[top:bottom, left:right].astype(np.float32)
    surface = layer.kind in SURFACES or bool((mask > FAINT).all())
    if surface:
        colours = plate.fill(part, cover < 0.5) if layer.kind in SURFACES else part
        # Its own pixels stay as they are, down to where the mask fades.
        colours = np.where((cover >= SOLID)[..., None], part, colours)
        return Sprite(layer, box, colours, cover, True), current, None
    clearance = 2 * max(round(CLEARANCE * longer), 1) + 1
    hole = cv2.dilate((cover > FAINT).astype(np.uint8), np.ones((clearance, clearance), np.uint8)) > 0
    if hole.all():
        hole = cover > FAINT
    if hole.all():
        return Sprite(layer, box, part, cover, False), current, None
    filled = plate.fill(part, hole)
    cover = _raised(part, cover, filled)
    colours, filled = _parted(part, cover, filled)
    behind = current.copy()
    behind[top:bottom, left:right] = filled
    return Sprite(layer, box, colours, np.where(cover > FAINT, cover, 0), False), behind, hole


def _raised(part: np.ndarray, cover: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """The cover [h, w] where it was too low: as high as the picture's way from the plate to the layer's solid colours.

    Mattes take what differs from the rest of a layer, a lit edge, for half transparent; left so, its light would stay
    behind in the plate when the layer moves.
    """
    if not (cover >= 1 - SOLID).any():
        return cover
    solid = plate.fill(part, cover < 1 - SOLID).astype(np.float32)
    behind = filled.astype(np.float32)
    way = solid - behind
    length = (way**2).sum(-1)
    share = ((part - behind) * way).sum(-1) / np.maximum(length, 1e-6)
    full = 255 if part.dtype == np.uint8 else 1
    # Only where the two can be told apart, and where the matte saw something of the layer.
    told = np.clip(length / (0.2 * full) ** 2, 0, 1) * np.clip((cover - SOLID) / SOLID, 0, 1)
    return np.maximum(cover, (told * np.clip(share, 0, 1)).astype(np.float32))


def _parted(part: np.ndarray, cover: np.ndarray, filled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A layer's own colours and the plate behind, of which `part` [h, w, C] is the mixture by `cover` [h, w].

    Where little shines through, the layer's colour is what is left of the picture without the plate; where much does,
    that would be noise, and it is continued from the solid part. What the two then fail to explain stays in the plate,
    as far as it shows there, so that putting them together again gives the picture.
    """
    full = 255 if part.dtype == np.uint8 else np.inf

    def typed(values: np.ndarray) -> np.ndarray:
        values = np.clip(values, 0, full)
        return (np.round(values) if part.dtype == np.uint8 else values).astype(part.dtype)

    share = cover[..., None]
    picture = part.astype(np.float32)
    # Nothing of the layer: the picture's own pixels, whatever was kept out of the filling around it.
    near = np.clip(share / TOUCHED, 0, 1)
    behind = near * filled + (1 - near) * picture
    own = typed((picture - (1 - share) * behind) / np.maximum(share, SOLID))
    trusted = np.clip((share - SOLID) / (1 - 2 * SOLID), 0, 1)
    continued = plate.fill(own, cover < 1 - SOLID) if (cover >= 1 - SOLID).any() else own
    own = typed(trusted * own + (1 - trusted) * continued)
    rest = picture - share * own - (1 - share) * behind
    return own, typed(behind + rest / np.maximum(1 - share, 0.5))


def _way_box(layer: Layer, box: tuple[int, int, int, int], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box that also holds the layer at every place of its way, as far as the picture goes."""
    way = layer.lines[0].points - layer.lines[0].points[0]
    turn = 0 if not layer.spin else max(box[2] - box[0], box[3] - box[1]) // 2
    low, high = np.floor(way.min(0)).astype(int) - turn, np.ceil(way.max(0)).astype(int) + turn
    return (
        int(max(box[0] + low[0], 0)),
        int(max(box[1] + low[1], 0)),
        int(min(box[2] + high[0], shape[1])),
        int(min(box[3] + high[1], shape[0])),
    )
