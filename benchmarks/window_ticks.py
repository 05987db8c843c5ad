"""Runs in a Blender window, started by `window.py`: records timer ticks while jobs run, and writes the gaps.

A modal operator with a timer of its own notes each tick; what stands between two ticks is what a person feels. Gaps in
which the viewport was drawn are told from the others, since that is Blender's and the graphics card's time.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
import types
from pathlib import Path
from typing import NamedTuple

import bpy

ADDON = "bl_ext.user_default.sway"
ARGUMENTS = json.loads(os.environ["SWAY_TICKS"])
TICK = 0.005
REDRAWS, REDRAW_EVERY = 12, 0.2
"""How often, and after how many seconds each, the viewport is drawn to learn what that takes while nothing runs."""
SETTLED = 1.0
"""Seconds of a phase after its job has ended: the result's drawing and undo step are part of it."""


class Tick(NamedTuple):
    wall: float
    """When it came, seconds."""
    main: float
    """Processor time of the main thread until then, seconds."""
    process: float
    """Of all threads, a software renderer's included."""
    drawn: int
    """How often the viewport was drawn until then."""


class SWAY_OT_record_ticks(bpy.types.Operator):
    bl_idname = "sway.record_ticks"
    bl_label = "Record Ticks"

    ticks: list[Tick] = []  # noqa: RUF012
    drawn = 0

    def invoke(self, context, _event):
        context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, _context, event):
        if event.type == "TIMER":
            self.ticks.append(Tick(time.perf_counter(), time.thread_time(), time.process_time(), drawn()))
        return {"PASS_THROUGH"}


def main() -> None:
    """Load the add-on from the checkout, then go through the phases by a timer."""
    for parent in ("bl_ext", "bl_ext.user_default"):
        sys.modules.setdefault(parent, types.ModuleType(parent)).__path__ = []
    root = Path(ARGUMENTS["root"])
    spec = importlib.util.spec_from_file_location(ADDON, root / "__init__.py", submodule_search_locations=[str(root)])
    package = importlib.util.module_from_spec(spec)
    sys.modules[ADDON] = package
    spec.loader.exec_module(package)
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    package.register()
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.worker_python = ARGUMENTS["worker"]
    preferences.cache_folder = str(Path(ARGUMENTS["out"]).parent / "cache")
    bpy.context.preferences.view.show_splash = False  # it would keep the ticks to itself
    make_plain()
    bpy.types.SpaceView3D.draw_handler_add(count_drawing, (), "WINDOW", "POST_PIXEL")
    bpy.utils.register_class(SWAY_OT_record_ticks)
    press(bpy.ops.sway.record_ticks)
    steps = phases()
    found: dict[str, dict[str, float]] = {}

    def go_on() -> float | None:
        try:
            phase = next(steps, None)
        except Exception as error:
            phase, found[f"stopped by {error}"] = None, {}
        if phase is None:
            out = Path(ARGUMENTS["out"])
            out.with_suffix(".part").write_text(json.dumps(found), encoding="utf-8")
            os.replace(out.with_suffix(".part"), out)
            return None
        if phase:
            found[phase] = gaps()
        return 0.1

    bpy.app.timers.register(go_on, first_interval=1.0)


def phases():
    """Do one thing after another; a text ends a phase, an empty one says that it goes on."""
    queue = importlib.import_module(f"{ADDON}.jobs.queue")
    formats = importlib.import_module(f"{ADDON}.backend.formats")
    sample = importlib.import_module(f"{ADDON}.backend.sample.plant")
    small = Path(ARGUMENTS["out"]).with_name("small.ply")
    formats.write_ply(small, sample.potted_plant(count=8000))
    plants = [("8,000 splats", small, "+Z")]
    if ARGUMENTS["plant"]:
        plants.append(("113,648 splats", Path(ARGUMENTS["plant"]), "AUTO"))
    for label, file, up in plants:
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.delete()
        press(bpy.ops.sway.import_splats, filepath=str(file), up=up, execute=True)
        obj = bpy.context.view_layer.objects.active
        show_few(obj)
        bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 128
        press(bpy.ops.sway.guess_parts, execute=True)
        yield from settled()
        start()
        yield from settled()
        yield f"{label}, nothing runs"
        sidebar = next(region for region in viewport().regions if region.type == "UI")
        for what, drawing in (("sidebar", sidebar), ("viewport", viewport())):
            start()
            for _ in range(REDRAWS):
                drawing.tag_redraw()
                yield from settled(REDRAW_EVERY)
            yield f"{label}, {what} drawn while nothing runs"
        size = {"quality": "custom", "particles": 150, "grid_cells": 8}
        jobs = [("simulation", bpy.ops.sway.simulate, {"frames": 48, "material": "leaf", **size})]
        if file is small:
            jobs += [
                ("reference", bpy.ops.sway.make_reference, {"frames": 14, "resolution": 128}),
                ("fit", bpy.ops.sway.fit_material, {"iterations": 0, "particles": 300, "grid_cells": 10}),
            ]
        for name, operator, arguments in jobs:
            start()
            yield from settled(REDRAW_EVERY)  # ticks before the press: what that takes counts
            press(operator, **arguments)
            while queue.running():
                yield ""
            yield from settled()
            yield f"{label}, {name}"


def viewport() -> bpy.types.Area:
    """The area with the 3D viewport."""
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")


def press(operator, execute: bool = False, **arguments) -> None:
    """Call an operator as a button of the viewport's sidebar does."""
    area = viewport()
    area.spaces.active.show_region_ui = True
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area, region=region):
        operator("EXEC_DEFAULT" if execute else "INVOKE_DEFAULT", **arguments)


def make_plain() -> None:
    """Leave out of the viewport what a processor draws slowly even of an empty scene."""
    bpy.context.preferences.system.viewport_aa = "OFF"
    space = viewport().spaces.active
    space.shading.type, space.overlay.show_overlays = "SOLID", False


def show_few(obj: bpy.types.Object) -> None:
    """Let the viewport draw few splats, without the shading that an import switches on."""
    nodes = importlib.import_module(f"{ADDON}.scene.nodes")
    display = importlib.import_module(f"{ADDON}.scene.drawing.display")
    nodes.set_input(obj.modifiers[display.MODIFIER], display.VIEWPORT_LIMIT, 200)
    make_plain()


def count_drawing() -> None:
    SWAY_OT_record_ticks.drawn += 1


def drawn() -> int:
    return SWAY_OT_record_ticks.drawn


def settled(seconds: float = SETTLED):
    """Wait a moment."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield ""


def start() -> None:
    SWAY_OT_record_ticks.ticks.clear()


def gaps() -> dict[str, float]:
    """Since `start`, milliseconds: the longest gaps with and without a drawing of the viewport; the most that the main
    thread, and the whole process, worked in one; and how often the viewport was drawn."""
    ticks = SWAY_OT_record_ticks.ticks
    pairs = list(zip(ticks, ticks[1:], strict=False))

    def longest(which: str, found: list[tuple[Tick, Tick]]) -> float:
        return 1000 * max((getattr(after, which) - getattr(before, which) for before, after in found), default=0.0)

    found = {
        "longest_ms": longest("wall", pairs),
        "undrawn_ms": longest("wall", [pair for pair in pairs if pair[0].drawn == pair[1].drawn]),
        "work_ms": longest("main", pairs),
        "process_ms": longest("process", pairs),
        "drawn": float(ticks[-1].drawn - ticks[0].drawn),
    }
    start()
    return found


main()
