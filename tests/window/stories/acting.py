"""What acts on splats, by buttons and handles; a simulation in another material, by hand too; and its film."""

from __future__ import annotations

from pathlib import Path

import bpy

from tools.window import places
from tools.window.hand import Hand, Place, Waits
from tools.window.sidebar import Sidebar

from .beginning import BUSY, Done, active, made, on_screen, over_view, queue, stages, with_capture

KINDS = ("impulse", "pull", "carrier", "blade")
FAR = 60
"""Pixels that handles are dragged."""


def tell(hand: Hand, request: dict) -> Waits:
    """Reports what was done, in order."""
    folder, done = Path(request["folder"]), Done()
    sidebar = yield from with_capture(hand, request)
    scene = bpy.context.scene
    scene.sway.simulate.frames, scene.frame_end = 6, 6
    scene.render.resolution_x = scene.render.resolution_y = 96
    yield from sidebar.click("sway.guess_parts", lambda: made("parts"))
    yield 1.0
    told = {
        "wind": _wind(hand, done),
        "surroundings": _surroundings(hand, sidebar, done),
        "material": _material(sidebar, done),
        "hand": _by_hand(hand, sidebar, done),
        "simulate": _simulate(sidebar, done),
        "film": _film(hand, sidebar, folder, done),
    }
    yield from stages(request, told)
    return {"done": done}


def _wind(hand: Hand, done: list[str]) -> Waits:
    """Drag the wind's arrow where it ends, at its strength."""
    from bl_ext.user_default.sway.gizmos import wind

    settings = bpy.context.scene.sway.simulate
    top, _size = wind._top(active())
    tip = on_screen((top.x + wind._strength(), top.y, top.z))
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


def _material(sidebar: Sidebar, done: list[str]) -> Waits:
    material = active().sway.material
    yield from sidebar.roll("material.preset", lambda: material.preset == "leaf")
    done.append("material chosen")


def _by_hand(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.click("sway.drag")
    yield from hand.until(lambda: queue().running() is not None, "the hand is prepared")
    yield from hand.until(lambda: queue().running() is None, "the hand is ready", BUSY)
    yield 1.0
    leaf = over_view(2 / 5, 1 / 2)
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
