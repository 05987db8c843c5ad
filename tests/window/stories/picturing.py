"""The image editor: a photograph moves by one click, by layers and lines of one's own, and by the modes of a video."""

from __future__ import annotations

from pathlib import Path

import bpy

from tools.window import places
from tools.window.hand import HANDLED, Hand, Place, Waits
from tools.window.sidebar import Sidebar

from .beginning import BUSY, Done, installed, queue, stages

EDITOR = "IMAGE_EDITOR"
PITCH = 22
"""Pixels from one row of the sidebar to the next, about."""
FAR = 60
"""Pixels that lines are long, and the picture is dragged."""


def tell(hand: Hand, request: dict) -> Waits:
    """Reports what was done, in order."""
    folder, done = Path(request["folder"]), Done()
    yield from installed(hand, request)
    yield from hand.key("F10", places.middle(places.area("VIEW_3D")), shift=True)
    yield from hand.until(lambda: any(a.type == EDITOR for a in bpy.context.screen.areas), "the image editor opens")
    yield 0.5
    sidebar = Sidebar(hand, EDITOR)
    yield from sidebar.show()
    yield from sidebar.click("image.open")
    yield from places.choose_file(hand, request["photograph"])
    yield from hand.until(lambda: _space().image is not None, "the photograph is open")
    image = _space().image
    image.sway.settings.preview_size, image.sway.settings.frames = 96, 8
    done.append("opened")
    told = {
        "one_click": _at_one_click(hand, sidebar, image, done),
        "layers": _layers(hand, sidebar, image, done),
        "previews": _previews(hand, sidebar, image, done),
        "planes": _planes(hand, sidebar, image, done),
        "export": _export(hand, sidebar, image, folder, done),
        "modes": _modes(hand, sidebar, request["video"], done),
    }
    yield from stages(request, told)
    return {"done": done}


def _at_one_click(hand: Hand, sidebar: Sidebar, image: bpy.types.Image, done: list[str]) -> Waits:
    yield from sidebar.click("sway.picture_predict", lambda: image.sway.preview is not None and _idle(), BUSY)
    assert len(image.sway.layers) > 0
    done.append("animated by one click")
    yield from _empty(sidebar, image)
    done.append("layers removed")
    yield from sidebar.click("sway.picture_find", lambda: len(image.sway.layers) > 0 and _idle(), BUSY)
    done.append("found what moves")
    yield from _empty(sidebar, image)


def _layers(hand: Hand, sidebar: Sidebar, image: bpy.types.Image, done: list[str]) -> Waits:
    for kind in ("plant", "water"):
        before = len(image.sway.layers)
        remove = yield from sidebar.find("sway.remove_picture_layer")
        # Ctrl C copies nothing from a button that opens a menu: it is known by its neighbour.
        yield from _choose(hand, Place(remove.x, remove.y + PITCH), f"bpy.ops.sway.add_picture_layer(kind='{kind}'")
        yield from hand.until(lambda least=before: len(image.sway.layers) > least, f"a layer of {kind} is added")
    done.append("layers added")
    order = [layer.kind for layer in image.sway.layers]
    for step in (-1, 1):
        yield from sidebar.click(f"sway.move_picture_layer(step={step}")
    yield from sidebar.click("sway.move_picture_layer(step=-1")
    assert [layer.kind for layer in image.sway.layers] == order[::-1]
    yield from sidebar.click("sway.remove_picture_layer", lambda: len(image.sway.layers) == 1)
    assert image.sway.layers[0].kind == "plant"
    done.append("layers moved and removed")
    for button in ("sway.draw_picture_lines()", "sway.draw_picture_lines(outside=True"):
        yield from sidebar.click(button)
        strokes, root = _strokes(image), _on_picture()
        yield from hand.drag(root, Place(root.x + FAR // 6, root.y + FAR))
        yield from hand.until(lambda least=strokes: _strokes(image) > least, "a line is drawn")
    done.append("lines drawn")


def _previews(hand: Hand, sidebar: Sidebar, image: bpy.types.Image, done: list[str]) -> Waits:
    shown = _space()
    yield from sidebar.click("sway.animate_picture", lambda: shown.image == image.sway.preview and _idle(), BUSY)
    done.append("previewed")
    before = image.sway.preview.filepath
    yield from sidebar.click("sway.live_picture", lambda: image.sway.preview.filepath != before and _idle(), BUSY)
    yield from sidebar.click("sway.live_picture")
    done.append("previewed live")
    yield from sidebar.click("sway.poke_picture", lambda: not shown.show_annotation, BUSY)  # lines are in the way then
    held = _on_picture()
    yield from hand.drag(held, Place(held.x + FAR, held.y))
    yield from hand.key("RET", held)
    yield from hand.until(lambda: shown.show_annotation, "poking ends")
    done.append("poked")


def _planes(hand: Hand, sidebar: Sidebar, image: bpy.types.Image, done: list[str]) -> Waits:
    yield from sidebar.click("sway.make_picture_planes", lambda: image.sway.planes and _idle(), BUSY)
    assert any(obj.type == "MESH" and obj.data.shape_keys for obj in bpy.data.objects)
    done.append("planes made")


def _export(hand: Hand, sidebar: Sidebar, image: bpy.types.Image, folder: Path, done: list[str]) -> Waits:
    written, planes = folder / "frames", len(bpy.data.objects)
    yield from sidebar.unfold("SWAY_PT_picture_export")
    image.sway.settings.directory = str(written)
    yield from sidebar.click("sway.export_picture", lambda: any(written.rglob("*.png")) and _idle(), BUSY)
    done.append("exported")
    export = yield from sidebar.find("sway.export_picture")
    yield from _choose(hand, Place(export.x, export.y - PITCH - 6), "bpy.ops.sway.use_picture_frames(place='plane'")
    yield from hand.until(lambda: len(bpy.data.objects) > planes, "the frames are on a plane")
    done.append("frames used")
    yield from sidebar.fold("SWAY_PT_picture_export")


def _modes(hand: Hand, sidebar: Sidebar, video: str, done: list[str]) -> Waits:
    yield from sidebar.unfold("SWAY_PT_video_modes")
    bpy.context.scene.sway_modes.path = video
    yield from sidebar.click("sway.find_video_modes", lambda: _vibrating() is not None and _idle(), BUSY)
    done.append("modes found")
    yield from sidebar.fold("SWAY_PT_video_modes")
    last = len(_vibrating().peaks) - 1  # in the right one of two columns, where fields are looked for
    peak = _vibrating().peaks[last]
    before = peak.use
    yield from sidebar.tick(f"peaks[{last}].use")
    yield from hand.until(lambda: peak.use != before, "a mode is ticked")
    done.append("a mode ticked")


def _empty(sidebar: Sidebar, image: bpy.types.Image) -> Waits:
    """Remove layer after layer."""
    while count := len(image.sway.layers):
        yield from sidebar.click("sway.remove_picture_layer", lambda most=count: len(image.sway.layers) < most)


def _choose(hand: Hand, place: Place, wanted: str) -> Waits:
    """Press a button that opens a menu, and click an entry of that."""
    yield from hand.press(place)
    yield 6 * HANDLED
    along = (Place(place.x - 8, place.y + rise) for rise in (*range(-8, -200, -8), *range(8, 200, 8)))
    found = yield from hand.find(wanted, along)
    yield 4 * HANDLED
    yield from hand.press(found)


def _space() -> bpy.types.SpaceImageEditor:
    return places.area(EDITOR).spaces.active


def _idle() -> bool:
    return queue().running() is None


def _strokes(image: bpy.types.Image) -> int:
    """How many lines were drawn over a picture."""
    drawn = image.sway.annotations
    return 0 if drawn is None else sum(len(f.strokes) for layer in drawn.layers for f in layer.frames)


def _vibrating() -> bpy.types.PropertyGroup | None:
    """The layer with a video's modes."""
    layers = [layer for image in bpy.data.images for layer in image.sway.layers]
    return next((layer for layer in layers if layer.kind == "volume" and layer.peaks), None)


def _on_picture() -> Place:
    """A place of the picture, which is small, in the middle, and partly below the sidebar."""
    view = places.region("WINDOW", EDITOR)
    return Place(view.x + view.width // 2 - FAR // 2, view.y + view.height // 2)
