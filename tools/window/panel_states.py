"""Every panel in every state, photographed in a real window: what `tools.panel_pictures` has told."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import picture, places
from .hand import Hand, Place, Waits

ADDON = "bl_ext.user_default.sway"
MARGIN = 8
"""Pixels left below the last thing that is drawn, at the usual scale."""
SETTLED = 0.7
"""Seconds until software has drawn a sidebar."""


def tell(hand: Hand, request: dict) -> Waits:
    """Leaves an array [H, W, 3] uint8 a picture in the folder `shots` of the request's."""
    shots = Shots(hand, request)
    bpy.ops.extensions.package_install_files(
        filepath=request["package"], repo="user_default", enable_on_install=True, overwrite=True
    )
    _look(request)
    yield from hand.key("ESC", places.middle(places.area("VIEW_3D")))
    yield from _alone("VIEW_3D")
    yield from _preferences(shots)
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.worker_python = request["worker"]
    preferences.cache_folder = str(Path(request["folder"]) / "cache")
    yield from _sidebar(hand, shots, request)
    yield from _image_editor(shots, request)
    return {}


class Shots:
    """Takes pictures of panels, one family at a time."""

    def __init__(self, hand: Hand, request: dict) -> None:
        self.hand, self.only = hand, request["only"]
        self.screen, self.folder = Path(request["screen"]), Path(request["folder"]) / "shots"
        self.folder.mkdir()

    def take(self, name: str, family: str = "", *, editor: str = "VIEW_3D", unfolded: bool = False) -> Waits:
        """A picture of a panel with those below it (all of the tab where `family` is ""), unfolded or as they come."""
        if self.only and not name.startswith(tuple(self.only)):
            return
        with _Family(family, editor, unfolded):
            region = places.region("UI", editor)
            region.active_panel_category = "Sway"
            yield from self.hand.turn(60, places.middle(region))
            yield from self.hand.move(Place(3, 3))
            region.tag_redraw()
            yield SETTLED
            yield from self.keep(name, places.region("UI", editor))

    def keep(self, name: str, region: Any) -> Waits:
        """What a region shows, less what is empty below."""
        whole = picture.read(self.screen)
        top = len(whole) - region.y - region.height
        shown = whole[top : top + region.height, region.x : region.x + region.width]
        inner = shown[:, : -int(30 * bpy.context.preferences.system.ui_scale)].astype(np.int16)
        drawn = np.flatnonzero((np.abs(inner - inner[-2]) > 6).any((1, 2)))
        end = int(drawn[-1]) + int(MARGIN * bpy.context.preferences.system.ui_scale) if len(drawn) else len(shown)
        np.save(self.folder / name, shown[:end])
        yield 0.0


class _Family:
    """While it lasts, a tab has one panel and those below it only, folded as they come or all unfolded."""

    def __init__(self, family: str, editor: str, unfolded: bool) -> None:
        self.family, self.editor, self.unfolded = family, editor, unfolded

    def __enter__(self) -> None:
        self.all = [cls for cls in importlib.import_module(f"{ADDON}.registration").CLASSES if _is_panel(cls)]
        self.all = [cls for cls in self.all if cls.bl_space_type == self.editor]
        self.options = {cls: cls.__dict__.get("bl_options") for cls in self.all}
        for cls in reversed(self.all):
            bpy.utils.unregister_class(cls)
        self.there = [cls for cls in self.all if not self.family or self._belongs(cls)]
        for cls in self.there:
            if self.unfolded and "DEFAULT_CLOSED" in getattr(cls, "bl_options", ()):
                cls.bl_options = set(cls.bl_options) - {"DEFAULT_CLOSED"}
            bpy.utils.register_class(cls)

    def __exit__(self, *_: object) -> None:
        for cls in reversed(self.there):
            bpy.utils.unregister_class(cls)
        for cls, options in self.options.items():
            if options is not None:
                cls.bl_options = options
            elif "bl_options" in cls.__dict__:
                del cls.bl_options
        for cls in self.all:
            bpy.utils.register_class(cls)

    def _belongs(self, cls: type) -> bool:
        parent = getattr(cls, "bl_parent_id", "")
        return self.family in (cls.__name__, parent)


def _is_panel(cls: type) -> bool:
    return issubclass(cls, bpy.types.Panel) and getattr(cls, "bl_category", "") == "Sway"


def _look(request: dict) -> None:
    preferences = bpy.context.preferences
    preferences.view.ui_scale = request["scale"]
    preferences.system.use_region_overlap = False
    if request["theme"]:
        folder = Path(bpy.utils.system_resource("SCRIPTS")) / "presets" / "interface_theme"
        bpy.ops.script.execute_preset(
            filepath=str(folder / f"{request['theme']}.xml"), menu_idname="USERPREF_MT_interface_theme_presets"
        )


def _alone(kind: str) -> Waits:
    """Leave one editor in the window."""
    window = bpy.context.window_manager.windows[0]
    for _ in range(10):
        others = [area for area in window.screen.areas if area.type != kind]
        if not others:
            return
        for other in others:
            with bpy.context.temp_override(window=window, area=other):
                if bpy.ops.screen.area_close.poll():
                    bpy.ops.screen.area_close()
                    break
        yield 0.3


def _preferences(shots: Shots) -> Waits:
    view = places.area("VIEW_3D")
    view.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Sway"
    bpy.ops.preferences.addon_expand(module=ADDON)
    yield SETTLED
    if not shots.only or "preferences".startswith(tuple(shots.only)):
        yield from shots.hand.move(Place(3, 3))
        yield SETTLED
        yield from shots.keep("preferences", places.region("WINDOW", "PREFERENCES"))
    places.area("PREFERENCES").type = "VIEW_3D"
    yield SETTLED


def _sidebar(hand: Hand, shots: Shots, request: dict) -> Waits:
    for other in list(bpy.context.scene.objects):
        bpy.data.objects.remove(other)
    view = places.area("VIEW_3D")
    view.spaces.active.show_region_ui = True
    view.spaces.active.show_region_toolbar = False
    yield SETTLED
    yield from _widen(hand, "VIEW_3D", request["width"])
    yield from shots.take("splats_empty", "SWAY_PT_splats")
    scene = bpy.context.scene
    with _in(view):
        bpy.ops.sway.import_splats(filepath=request["capture"], up="+Z")
    view.spaces.active.shading.type = "WIREFRAME"
    view.spaces.active.overlay.show_overlays = False
    obj = bpy.context.view_layer.objects.active
    obj.modifiers["Sway Splats"].show_viewport = False
    yield from shots.take("splats", "SWAY_PT_splats", unfolded=True)
    yield from shots.take("parts_todo", "SWAY_PT_parts")
    yield from shots.take("reference_waits", "SWAY_PT_reference")
    with _in(view):
        bpy.ops.sway.guess_parts()
    yield from shots.take("parts", "SWAY_PT_parts", unfolded=True)
    yield from shots.take("reference_todo", "SWAY_PT_reference", unfolded=True)
    yield from shots.take("fit_waits", "SWAY_PT_fit")
    scene.sway.reference.resolution = 160
    with _in(view):
        bpy.ops.sway.make_reference()
    yield from shots.take("reference", "SWAY_PT_reference")
    yield from shots.take("fit_todo", "SWAY_PT_fit", unfolded=True)
    yield from _while_running(hand, view, "fit_material", lambda: shots.take("fit_running", "SWAY_PT_fit"))
    with _in(view):
        bpy.ops.sway.fit_material(iterations=1, particles=600, grid_cells=12)
    yield from shots.take("fit", "SWAY_PT_fit", unfolded=True)
    yield from shots.take("simulate_todo", "SWAY_PT_simulate")
    scene.sway.simulate.frames = 200
    yield from _while_running(hand, view, "simulate", lambda: shots.take("simulate_running", "SWAY_PT_simulate"))
    with _in(view):
        bpy.ops.sway.simulate(frames=24)
    yield from shots.take("simulate", "SWAY_PT_simulate")
    yield from shots.take("bake_todo", "SWAY_PT_bake")
    with _in(view):
        bpy.ops.sway.bake()
    yield from shots.take("bake", "SWAY_PT_bake")
    yield from shots.take("sidebar_baked")
    obj.sway.material.preset = "custom"
    with _in(view):
        bpy.ops.sway.add_part_material()
    yield from shots.take("simulate_material", "SWAY_PT_simulate", unfolded=True)
    yield from shots.take("fit_outdated", "SWAY_PT_fit")
    with _in(view):
        bpy.ops.sway.add_acting(kind="impulse")
    yield from shots.take("acts_on_splats", "SWAY_PT_acting")


def _image_editor(shots: Shots, request: dict) -> Waits:
    area = places.area("VIEW_3D")
    with _in(area):
        bpy.ops.sway.add_sample(kind="picture")
    image = bpy.data.images["Sample Picture"]
    photo = bpy.data.images.new("Photograph", 64, 48)
    area.type = "IMAGE_EDITOR"
    space = area.spaces.active
    space.show_region_ui = True
    space.image = None
    yield SETTLED
    yield from _widen(shots.hand, "IMAGE_EDITOR", request["width"])
    picture_panel = {"editor": "IMAGE_EDITOR"}
    yield from shots.take("picture_empty", "SWAY_PT_picture", **picture_panel)
    space.image = photo
    yield from shots.take("picture_opened", "SWAY_PT_picture", **picture_panel)
    space.image = image
    yield from shots.take("picture", "SWAY_PT_picture", unfolded=True, **picture_panel)
    yield from shots.take("picture_modes", "SWAY_PT_video_modes", unfolded=True, **picture_panel)


def _while_running(hand: Hand, view: Any, name: str, photograph: Any) -> Waits:
    """Start a job as a button does, let it be photographed, and cancel it with Esc."""
    queue = sys.modules[f"{ADDON}.jobs.queue"]
    with _in(view):
        getattr(bpy.ops.sway, name)("INVOKE_DEFAULT")
    yield from hand.until(lambda: (job := queue.running()) is None or job.fraction > 0.02, "it runs", 240)
    yield from photograph()
    if (job := queue.running()) is not None:
        queue.cancel(job)
    yield from hand.until(lambda: queue.running() is None, "it ends", 30)
    yield SETTLED


def _in(area: Any) -> Any:
    region = next(r for r in area.regions if r.type == "WINDOW")
    return bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area, region=region)


def _widen(hand: Hand, editor: str, width: int) -> Waits:
    """Drag the sidebar's edge until it is so many pixels wide; 0 leaves it."""
    if not width:
        return
    for _ in range(3):
        region = places.region("UI", editor)
        if abs(region.width - width) < 4:
            return
        start = Place(region.x - 1, region.y + region.height // 2)
        yield from hand.move(start)
        hand.send("LEFTMOUSE", "PRESS", start)
        yield 0.1
        for share in (0.3, 0.6, 1.0, 1.0):
            yield from hand.move(Place(start.x + int(share * (region.width - width)), start.y))
        hand.send("LEFTMOUSE", "RELEASE", Place(start.x + region.width - width, start.y))
        yield SETTLED
