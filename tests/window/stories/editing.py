"""Splats are cleaned up, selected, cut apart, merged, and painted, by clicks and strokes."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Vector

from tools.window.hand import Hand, Place, Waits
from tools.window.sidebar import Sidebar

from .beginning import Done, active, clouds, made, on_screen, over_view, stages, with_capture

SIZE = 0.12
"""Half the edge of the box that the capture is cropped to, metres: less than the plant."""


def tell(hand: Hand, request: dict) -> Waits:
    """Reports what was done, in order."""
    done = Done()
    sidebar = yield from with_capture(hand, request)
    told = {
        "clean_up": _clean_up(hand, sidebar, done),
        "select": _select(hand, sidebar, done),
        "parts": _paint_parts(hand, sidebar, done),
        "fields": _paint_fields(hand, sidebar, done),
    }
    yield from stages(request, told)
    return {"done": done}


def _clean_up(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.unfold("SWAY_PT_clean_up")
    before = _count()
    yield from sidebar.click("sway.remove_floaters", lambda: _count() < before)
    done.append("floaters removed")
    less = _count()
    yield from sidebar.click("sway.cull_splats", lambda: _count() < less)
    done.append("culled")
    _box()
    yield from sidebar.pick("editing.cropper", "Cropper")
    assert bpy.context.scene.sway.editing.cropper is not None
    for shape in ("BOX", "SPHERE"):
        culled = _count()
        yield from sidebar.click(f"sway.crop_splats(shape='{shape}'", lambda least=culled: _count() < least)
        done.append(f"cropped to {shape.lower()}")
    cropped = _count()
    yield from hand.key("Z", over_view(), ctrl=True)
    yield from hand.until(lambda: _count() > cropped, "undo of the crop")
    done.append("crop undone")
    yield from sidebar.fold("SWAY_PT_clean_up")


def _select(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.unfold("SWAY_PT_select")
    yield from sidebar.click("sway.select_splats_by_colour", _chosen)
    yield from sidebar.click("sway.select_splats_by_height", _chosen)
    yield from sidebar.click("sway.select_linked_splats", _chosen)
    done.append("selected by colour, height and touch")
    view = over_view()
    yield from hand.key("A", view, alt=True)
    yield from hand.until(lambda: not _chosen(), "nothing is selected")
    yield from hand.key("B", view)
    middle = on_screen(_middle())
    yield from hand.drag(Place(middle.x - 60, middle.y - 60), Place(middle.x + 40, middle.y + 60))
    yield from hand.until(_chosen, "the box selects")
    done.append("selected by a box")
    yield from sidebar.click("sway.assign_selected", lambda: made("parts"))
    done.append("assigned")
    yield from sidebar.click("sway.separate_splats", lambda: clouds() == 2)
    done.append("separated")
    yield from sidebar.fold("SWAY_PT_select")
    yield from sidebar.unfold("SWAY_PT_clean_up")
    apart = _count()
    yield from sidebar.click("sway.merge_splats", lambda: clouds() == 1 and _count() > apart)
    done.append("merged")
    yield from sidebar.fold("SWAY_PT_clean_up")
    yield from sidebar.unfold("SWAY_PT_select")
    merged = _count()
    yield from sidebar.click("sway.select_splats_by_height", _chosen)
    yield from sidebar.click("sway.delete_splats", lambda: _count() < merged)
    done.append("deleted")
    if active().mode == "EDIT":
        yield from hand.key("TAB", view)
    yield from hand.until(lambda: active().mode == "OBJECT", "Object Mode again")
    yield from sidebar.fold("SWAY_PT_select")


def _paint_parts(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.unfold("SWAY_PT_paint_parts")
    bpy.context.scene.sway.editing.part = 3
    yield from sidebar.click("sway.paint_parts")
    yield from _stroke(hand)
    yield from hand.until(lambda: (_parts() == 3).any(), "the stroke paints part 3")
    yield from hand.key("RET", _start())
    done.append("a part painted")
    yield from sidebar.fold("SWAY_PT_paint_parts")


def _paint_fields(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.unfold("SWAY_PT_paint_fields")
    for operator, field in (("paint_stiffness", "STIFFNESS"), ("paint_holding", "HOLDING")):
        before = set(active().data.attributes.keys())
        yield from sidebar.click(f"sway.{operator}")
        yield from _stroke(hand)
        yield from hand.key("RET", _start())
        yield from hand.until(lambda known=before: set(active().data.attributes.keys()) > known, f"{operator} paints")
        done.append(f"{field.lower()} painted")
    painted = len(active().data.attributes)
    yield from sidebar.click("sway.clear_painted(field='HOLDING'", lambda: len(active().data.attributes) < painted)
    done.append("holding cleared")
    plant = active()
    for kind in ("pin", "plane"):
        yield from sidebar.click(f"sway.add_acting(kind='{kind}'", lambda: active() is None)
        added = bpy.context.view_layer.objects.active
        place = on_screen(added.matrix_world.translation)
        if kind == "pin":
            yield from hand.drag(place, Place(place.x + 40, place.y + 40))
            yield from hand.until(lambda pin=added: pin.location.length > 1e-3, "the handle drags the pin")
            done.append("a pin added and dragged")
        else:
            done.append("a holding plane added")
        bpy.context.view_layer.objects.active = plant
        yield 0.5


def _box() -> None:
    """An empty around the plant's middle, as Add > Empty > Cube makes it."""
    box = bpy.data.objects.new("Cropper", None)
    box.empty_display_type, box.empty_display_size, box.location = "CUBE", SIZE, _middle()
    bpy.context.scene.collection.objects.link(box)


def _stroke(hand: Hand) -> Waits:
    start = _start()
    yield from hand.drag(start, Place(start.x + 50, start.y + 30), Place(start.x + 20, start.y - 40))


def _start() -> Place:
    return on_screen(_middle())


def _middle() -> Vector:
    """Of the splats' places, in the world."""
    found = np.empty(3 * _count(), np.float32)
    active().data.attributes["position"].data.foreach_get("vector", found)
    return active().matrix_world @ Vector(np.median(found.reshape(-1, 3), 0))


def _count() -> int:
    return len(active().data.points)


def _parts() -> np.ndarray:
    found = np.empty(_count(), np.int32)
    active().data.attributes["sway_part"].data.foreach_get("value", found)
    return found


def _chosen() -> bool:
    selection = active().data.attributes.get(".selection")
    found = np.empty(_count(), bool)
    if selection is None:
        return False
    selection.data.foreach_get("value", found)
    return bool(found.any())
