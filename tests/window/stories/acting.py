"""What acts on splats, by buttons and handles; a simulation in another material, by hand too; and its film."""

from __future__ import annotations

from pathlib import Path

import bpy

from tools.window import places
from tools.window.hand import Hand, Place, Waits
from tools.window.sidebar import Sidebar

from .beginning import BUSY, active, made, on_screen, with_capture

KINDS = ("impulse", "pull", "carrier", "blade")
FAR = 60
"""Pixels that handles are dragged."""


def tell(hand: Hand, request: dict) -> Waits:
    """Reports what was done, in order."""
    folder, done = Path(request["folder"]), []
    sidebar = yield from with_capture(hand, request)
    scene = bpy.context.scene
    scene.sway.simulate.frames, scene.frame_end = 6, 6
    scene.render.resolution_x = scene.render.resolution_y = 96
    yield from sidebar.click("sway.guess_parts", lambda: made("parts"))
    yield from _wind(hand, done)
    yield from _surroundings(hand, sidebar, done)
    yield from _by_hand(hand, sidebar, done)
    yield from _simulate(sidebar, done)
    yield from _film(hand, sidebar, folder, done)
    return {"done": done}


def _wind(hand: Hand, done: list[str]) -> Waits:
    """Drag the wind's arrow where it ends, at its strength."""
    settings, obj = bpy.context.scene.sway.simulate, active()
    corners = [obj.matrix_world @ obj.data.points[0].co.__class__(corner) for corner in obj.bound_box]
    low, high = ([pick(corner[axis] for corner in corners) for axis in range(3)] for pick in (min, max))
    top = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[2])
    size = max(b - a for a, b in zip(low, high, strict=True))
    tip = on_screen((top[0] + 0.25 * size * settings.strength, top[1], top[2]))
    before = settings.strength
    yield from hand.drag(tip, Place(tip.x + FAR // 2, tip.y - FAR // 2))
    yield from hand.until(lambda: abs(settings.strength - before) > 0.05, "the wind's arrow is dragged")
    done.append("wind dragged")


def _surroundings(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    plant, settings = active(), bpy.context.scene.sway.simulate
    yield from sidebar.unfold("SWAY_PT_surroundings")
    yield from sidebar.tick("simulate.floor")
    yield from hand.until(lambda: settings.floor, "the floor is on")
    done.append("floor")
    for kind in KINDS:
        yield from sidebar.click(f"sway.add_acting(kind='{kind}'", lambda: active() is None)
        added = bpy.context.view_layer.objects.active
        if kind == "impulse":
            yield 1.0
            yield from _blow(hand, added)
            done.append("impulse added and dragged")
        else:
            done.append(f"{kind} added")
        bpy.data.objects.remove(added)
        bpy.context.view_layer.objects.active = plant
        plant.select_set(True)
        yield 0.5
    yield from sidebar.tick("simulate.floor")
    yield from sidebar.fold("SWAY_PT_surroundings")


def _blow(hand: Hand, impulse: bpy.types.Object) -> Waits:
    """Drag the arrow of a blow along where it points: up."""
    acting = impulse.sway.acting
    before, place = acting.speed, impulse.matrix_world.translation
    tip = on_screen((place.x, place.y, place.z + 0.1 * acting.speed))  # m: as long as it goes in 0.1 s
    yield from hand.drag(tip, Place(tip.x, tip.y + FAR))
    yield from hand.until(lambda: acting.speed > before, "the blow's arrow is dragged")


def _by_hand(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    material = active().sway.material
    yield from sidebar.roll("material.preset", lambda: material.preset == "leaf")
    done.append("material chosen")
    yield from sidebar.click("sway.drag")
    queue_ended = places.region("WINDOW")
    from .beginning import queue

    yield from hand.until(lambda: queue().running() is not None, "the hand is prepared")
    yield from hand.until(lambda: queue().running() is None, "the hand is ready", BUSY)
    yield 1.0
    leaf = Place(queue_ended.x + queue_ended.width * 2 // 5, queue_ended.y + queue_ended.height // 2)
    yield from hand.drag(leaf, Place(leaf.x - FAR, leaf.y))
    yield 1.0
    yield from hand.key("RET", leaf)
    yield from hand.until(lambda: made("simulate"), "what the hand did is kept")
    done.append("pulled by hand")


def _simulate(sidebar: Sidebar, done: list[str]) -> Waits:
    before = active().sway.simulate.made
    yield from sidebar.click("sway.simulate", lambda: active().sway.simulate.made != before, BUSY)
    done.append("simulated")


def _film(hand: Hand, sidebar: Sidebar, folder: Path, done: list[str]) -> Waits:
    film = folder / "film.mp4"
    yield from sidebar.click("sway.render_film")
    yield from places.choose_file(hand, str(film))
    yield from hand.until(lambda: any(folder.glob("film*")), "the film is written", BUSY)
    done.append("film rendered")
