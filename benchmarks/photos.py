"""Six real photographs, marked as a person would mark them: `python -m benchmarks.photos FOLDER [NAME...]`.

Writes for each a looping NAME.webp into FOLDER, and pictures.png, a contact sheet of them all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from backend.picture import Kind, Layer, Line, Picture, Wind
from backend.spectral import matting
from backend.spectral.picture import prepare, renderer
from backend.spectral.reading import read_picture

from .figures import DATA

PHOTOS = DATA / "photos"
FRAMES, FPS = 96, 24.0
TILE = 230, 144
"""Width and height of a picture in the sheet."""

Points = list[tuple[float, float]]


def photo(name: str) -> np.ndarray:
    return read_picture(PHOTOS / name / f"{name}.jpg")


def line(*points: tuple[float, float]) -> Line:
    return Line(np.array(points, float))


def area(shape: tuple[int, ...], *polygons: Points, soft: float = 0.0) -> np.ndarray:
    """What polygons hold [H, W], float32, its edge softened by `soft` pixels."""
    import cv2

    mask = np.zeros(shape[:2], np.float32)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.array(polygon, np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), soft) if soft else mask


def marks(shape: tuple[int, ...], *strokes: Points, width: int = 17) -> np.ndarray:
    """A scribble [H, W], bool."""
    import cv2

    mask = np.zeros(shape[:2], np.uint8)
    for stroke in strokes:
        cv2.polylines(mask, [np.array(stroke, np.int32)], False, 1, width)
    return mask > 0


def disc(shape: tuple[int, ...], centre: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """Squared distance from a centre over the radii [H, W]: below 1 inside the ellipse."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2


def bamboo_pot() -> Picture:
    """Its own matte; five strokes; the pot stays in front, the clothes peg moves along."""
    import cv2

    image = photo("bamboo_pot")
    matte = cv2.imread(str(PHOTOS / "bamboo_pot/alpha_matte.png"), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    rim = [(192, 203), (300, 203), (302, 228), (328, 232), (332, 205), (364, 205)]
    pot = area(image.shape, [*rim, (360, 248), (338, 333), (214, 333), (194, 248)], soft=0.7)
    strokes = (
        line((277, 205), (285, 110), (280, 5)),
        line((250, 200), (190, 110), (150, 20)),
        line((310, 200), (370, 110), (420, 20)),
        line((235, 200), (160, 150), (75, 130)),
        line((320, 195), (400, 150), (480, 140)),
    )
    return Picture(image, (Layer(Kind.plant, matte, strokes), Layer(Kind.still, pot)))


def dandelion_seeding() -> Picture:
    """Two flowers and a blade of grass, each marked with a scribble."""
    image = photo("dandelion_seeding")
    shape = image.shape
    head, small = disc(shape, (376, 228), (205, 178)), disc(shape, (1048, 553), (78, 62))
    stem = area(shape, [(345, 380), (405, 380), (395, 720), (350, 720)]) > 0
    small_stem = area(shape, [(1020, 600), (1055, 600), (1052, 720), (1015, 720)]) > 0
    around = [(505, 720), (560, 560), (580, 475), (592, 485), (580, 560), (555, 720)]
    masks = [
        matting.soft_mask(
            image,
            (small < 0.5) | marks(shape, [(1035, 719), (1045, 600), (1048, 540)], width=8),
            (small > 1.35) & ~small_stem,
        ),
        matting.soft_mask(image, marks(shape, [(530, 715), (556, 600), (576, 505)], width=9), area(shape, around) == 0),
        matting.soft_mask(
            image, (head < 0.55) | marks(shape, [(372, 718), (376, 400)], width=14), (head > 1.22) & ~stem
        ),
    ]
    lines = (
        line((1033, 730), (1045, 620), (1048, 500)),
        line((528, 725), (556, 600), (582, 487)),
        line((371, 730), (374, 560), (378, 400), (378, 60)),
    )
    settings = (
        {"amplitude": 1.6, "frequency": 0.9, "flutter": 0.0},
        {"amplitude": 1.6, "frequency": 1.1, "flutter": 0.0},
        {"amplitude": 3.0, "frequency": 0.6, "flutter": 0.15},
    )
    layers = (Layer(Kind.plant, m, (s,), **kw) for m, s, kw in zip(masks, lines, settings, strict=True))
    return Picture(image, tuple(layers))


def marigold_garden() -> Picture:
    """A scribble over the flower; its stem and six petals as strokes."""
    image = photo("marigold_garden")
    scribble: list[Points] = [
        [(900, 780), (870, 600), (900, 450)],
        [(500, 420), (760, 430), (900, 500)],
        [(620, 610), (760, 530)],
        [(690, 270), (800, 400)],
        [(870, 200), (930, 420)],
        [(1010, 190), (990, 420)],
        [(1050, 440), (1250, 360)],
        [(1000, 560), (1060, 700), (1000, 760)],
        [(1200, 540), (1270, 640)],
        [(720, 180), (790, 190)],
    ]
    strokes = (
        line((865, 810), (880, 620), (905, 460), (920, 200)),
        line((850, 450), (700, 420), (475, 440)),
        line((830, 470), (700, 560), (590, 620)),
        line((830, 420), (740, 320), (640, 230)),
        line((930, 480), (1010, 640), (1030, 760)),
        line((1040, 440), (1160, 380), (1275, 330)),
        line((1060, 460), (1180, 540), (1275, 670)),
    )
    mask = matting.soft_mask(image, marks(image.shape, *scribble))
    return Picture(image, (Layer(Kind.plant, mask, strokes, amplitude=2.6, frequency=0.6),))


def yellow_flower() -> Picture:
    """Petals around a still centre: each stroke goes outwards."""
    image = photo("yellow_flower")
    petals: list[Points] = [
        [(1000, 640), (640, 520), (265, 405)],
        [(960, 580), (640, 440), (400, 215)],
        [(980, 560), (740, 260), (490, 85)],
        [(980, 560), (820, 420), (660, 300)],
        [(1020, 540), (940, 260), (800, 150)],
        [(1040, 520), (950, 180), (920, -20)],
        [(1100, 520), (1090, 260), (1050, 110)],
        [(1170, 520), (1190, 260), (1180, 80)],
        [(1000, 720), (640, 660), (300, 740)],
        [(1240, 540), (1250, 260), (1260, 20)],
    ]
    scribble: list[Points] = [
        [(960, 650), (620, 520), (290, 430)],
        [(780, 500), (560, 380), (430, 220)],
        [(700, 230), (560, 120)],
        [(960, 640), (780, 430), (690, 290)],
        [(990, 520), (930, 280), (840, 160)],
        [(970, 200), (930, 20)],
        [(820, 70), (880, 140)],
        [(1080, 520), (1080, 260)],
        [(1180, 500), (1190, 140)],
        [(1130, 90), (1060, 180)],
        [(960, 740), (600, 660), (340, 720)],
        [(1150, 700), (1270, 780)],
        [(560, 780), (900, 790)],
        [(1250, 60), (1260, 500)],
    ]
    mask = matting.soft_mask(image, marks(image.shape, *scribble))
    strokes = tuple(line(*petal) for petal in petals)
    return Picture(image, (Layer(Kind.plant, mask, strokes, amplitude=2.2, frequency=0.6, flutter=0.2),))


def forest_stream() -> Picture:
    """Pools and falls of water, leaves above them behind a trunk that stays."""
    image = photo("forest_stream")
    pools: list[Points] = [
        [(325, 785), (470, 800), (560, 775), (700, 790), (780, 800), (690, 830), (650, 852), (350, 852), (330, 815)],
        [(400, 665), (430, 610), (480, 590), (600, 610), (640, 625), (620, 690), (720, 705), (600, 712), (440, 705)],
        [(480, 725), (580, 715), (560, 740), (530, 765), (470, 760)],
        [(520, 590), (560, 570), (640, 560), (645, 580), (600, 590)],
        [(600, 500), (665, 500), (650, 560), (590, 560), (580, 530)],
        [(510, 465), (570, 440), (650, 440), (690, 470), (665, 497), (590, 495)],
        [(575, 435), (600, 410), (690, 415), (740, 425), (655, 440)],
        [(680, 340), (810, 350), (805, 375), (690, 365)],
        [(660, 400), (690, 390), (800, 395), (790, 410), (700, 410)],
    ]
    crown = [(735, 0), (1035, 0), (1045, 60), (1020, 130), (980, 175), (900, 150), (800, 150), (740, 110)]
    trunk = [(1022, 0), (1060, 0), (1110, 360), (1130, 480), (1095, 500), (1060, 330)]
    twigs = (
        line((1040, 130), (900, 60), (740, 60)),
        line((1040, 40), (960, 20), (850, 10)),
        line((1030, 160), (950, 130), (850, 140)),
    )
    layers = (
        Layer(Kind.water, area(image.shape, *pools, soft=4), horizon=180.0, amplitude=0.55),
        Layer(Kind.plant, area(image.shape, crown, soft=12), twigs, amplitude=0.9, frequency=0.8, flutter=0.8),
        Layer(Kind.still, area(image.shape, trunk, soft=1.2)),
    )
    return Picture(image, layers)


BOATS: list[tuple[Points, Points]] = [
    (
        [(0, 466), (75, 430), (78, 416), (150, 412), (205, 420), (195, 450), (120, 500), (0, 570)],
        [(0, 560), (200, 440)],
    ),
    (
        [(20, 632), (120, 520), (255, 430), (280, 410), (380, 410), (382, 480), (330, 540), (180, 660), (60, 745)],
        [(70, 745), (382, 470)],
    ),
    (
        [(400, 420), (414, 395), (490, 395), (545, 470), (540, 530), (520, 608), (505, 600), (440, 500), (402, 470)],
        [(512, 605), (405, 420)],
    ),
    (
        [(558, 392), (630, 392), (640, 415), (775, 490), (775, 530), (745, 572), (690, 530), (600, 480), (562, 440)],
        [(745, 570), (560, 400)],
    ),
    (
        [(642, 390), (715, 388), (720, 400), (850, 440), (962, 475), (935, 535), (880, 525), (770, 485), (660, 430)],
        [(930, 533), (645, 395)],
    ),
]
"""Outline and water line of each boat of the lake, from left to right; their bows lie on the beach."""


def lake_boats_evening() -> Picture:
    """Clouds, water, five boats with their bows on land; posts and the pier stay in front of the water."""
    import cv2

    image = photo("lake_boats_evening")
    shape = image.shape
    ridge = [(1280, 185), (1180, 204), (1040, 232), (960, 265), (640, 255), (560, 250), (420, 256), (260, 239)]
    sky = area(shape, [(0, 0), (1280, 0), *ridge, (200, 226), (150, 210), (90, 218), (40, 226), (0, 226)], soft=3)
    shore = [(1140, 358), (1020, 390), (900, 420), (770, 420), (760, 480), (690, 560), (560, 545), (520, 560)]
    far = [(0, 309), (780, 309), (940, 316), (945, 345)]
    water = area(shape, [*far, *shore, (380, 560), (330, 520), (200, 520), (0, 640)], soft=4)
    posts = [[(x, 318), (x + 11, 318), (x + 11, 349), (x, 349)] for x in (790, 810, 834, 862, 890, 916)] + [
        [(370, 470), (405, 470), (417, 612), (370, 612)]
    ]
    layers = [
        Layer(Kind.cloud, sky, horizon=300.0, amplitude=5.0),
        Layer(Kind.water, water, horizon=302.0, amplitude=0.7),
        Layer(Kind.still, area(shape, *posts, soft=1)),
    ]
    for outline, keel in BOATS:
        hull = area(shape, outline)
        band = np.where(
            cv2.erode(hull, np.ones((9, 9))) > 0, 1.0, np.where(cv2.dilate(hull, np.ones((7, 7))) == 0, 0.0, 0.5)
        )
        mask = 0.7 * matting.matte(image, band) + 0.3 * cv2.GaussianBlur(hull, (0, 0), 1)
        layers.append(Layer(Kind.boat, mask.astype(np.float32), (line(*keel),), amplitude=0.45))
    return Picture(image, tuple(layers), Wind(3.0, 20.0))


PHOTOS: dict[str, Callable[[], Picture]] = {
    f.__name__: f
    for f in (dandelion_seeding, bamboo_pot, marigold_garden, yellow_flower, forest_stream, lake_boats_evening)
}


TINTS = {
    Kind.plant: (80, 255, 80),
    Kind.water: (60, 140, 255),
    Kind.boat: (255, 140, 40),
    Kind.cloud: (255, 255, 255),
    Kind.still: (255, 60, 60),
}


def marked(picture: Picture) -> np.ndarray:
    """The photograph with its masks tinted and its lines drawn, a dot where each is held."""
    import cv2

    image = picture.image.astype(np.float32) * 0.75
    for layer in picture.layers:
        image += 0.3 * layer.mask[..., None] * (np.array(TINTS[layer.kind]) - image)
    image = image.clip(0, 255).astype(np.uint8)
    thick = max(picture.width // 160, 2)
    for stroke in (stroke for layer in picture.layers for stroke in layer.lines):
        points = np.round(stroke.points).astype(np.int32)
        cv2.polylines(image, [points], False, (255, 0, 200), thick, cv2.LINE_AA)
        cv2.circle(image, tuple(int(v) for v in points[0]), 2 * thick, (255, 255, 0), -1, cv2.LINE_AA)
    return image


def tile(image: np.ndarray) -> np.ndarray:
    """A picture in the middle of a tile."""
    import cv2

    scale = min(TILE[0] / image.shape[1], TILE[1] / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.full((TILE[1], TILE[0], 3), 24, np.uint8)
    top, left = (TILE[1] - small.shape[0]) // 2, (TILE[0] - small.shape[1]) // 2
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out


def slice_over_time(frames: list[np.ndarray], picture: Picture) -> np.ndarray:
    """The row of pixels that changes most, over the loop, downwards: still things are straight lines."""
    import cv2

    change = np.stack([f.astype(np.float32).mean(-1) for f in frames]).std(0)
    row = int(change.mean(1).argmax())
    rows = np.stack([f[row] for f in frames])
    return cv2.resize(rows, (picture.width, picture.height), interpolation=cv2.INTER_LINEAR)


def save_loop(path: Path, frames: list[np.ndarray]) -> None:
    """An animated WebP of every second frame."""
    images = [Image.fromarray(f) for f in frames]
    options = {"duration": round(2000 / FPS), "loop": 0, "quality": 50, "method": 4}
    images[0].save(path, save_all=True, append_images=images[1:], **options)


def main(folder: Path, names: list[str]) -> None:
    """Write a loop for each photograph, one of them all, and the sheet."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    rows, loops = [], []
    for name in names or PHOTOS:
        picture = PHOTOS[name]()
        prepared = prepare(picture)
        drawn = renderer(prepared, FRAMES, FPS)
        frames = [drawn.frame(i) for i in range(0, FRAMES, 2)]
        size = 480, round(480 * picture.height / picture.width)
        save_loop(folder / f"{name}.webp", [cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in frames])
        loops.append([tile(f) for f in frames])
        marks_ = marked(replace(picture, layers=prepared.picture.layers))
        parts = marks_, frames[len(frames) // 3], slice_over_time(frames, picture)
        rows.append(np.hstack([tile(part) for part in parts]))
    Image.fromarray(_grid(rows)).quantize(256).save(folder / "pictures.png", optimize=True)
    save_loop(folder / "pictures.webp", [_grid(list(tiles), 3) for tiles in zip(*loops, strict=True)])


def _grid(tiles: list[np.ndarray], columns: int = 2) -> np.ndarray:
    """Tiles in rows, from left to right."""
    blank = np.zeros_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
