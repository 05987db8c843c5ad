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
TABS = 22
"""Width of the tabs' strip at the right of a sidebar, likewise."""
HEAD = 240
"""Height of what Blender says of every add-on above its preferences, likewise."""
PART = 0.6
"""Of a fit, after which its loss has a course to be seen."""


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
    if shots.wants("picture", "picture_modes"):
        yield from _image_editor(shots, request)
    if shots.wants("fit_running", "jobs", "simulate_running", "bake"):
        yield from _simulated(hand, shots)
    return {}


class Shots:
    """Takes pictures of panels, one family at a time."""

    def __init__(self, hand: Hand, request: dict) -> None:
        self.hand, self.only = hand, request["only"]
        self.screen, self.folder = Path(request["screen"]), Path(request["folder"]) / "shots"
        self.folder.mkdir()

    def wants(self, *names: str) -> bool:
        """Whether one of these is asked for, by how it begins."""
        return not self.only or any(name.startswith(tuple(self.only)) for name in names)

    def take(self, name: str, family: str, *, editor: str = "VIEW_3D", unfolded: bool = False) -> Waits:
        """A picture of a panel with those below it, unfolded or as they come."""
        if not self.wants(name):
            return
        with _Family(family, editor, unfolded):
            region = places.region("UI", editor)
            region.active_panel_category = "Sway"
            yield from self.hand.move(Place(3, 3))
            region.tag_redraw()
            yield places.SETTLED
            yield from self.keep(name, places.region("UI", editor), right=TABS)

    def keep(self, name: str, region: Any, *, right: int = 0, above: int = 0) -> Waits:
        """What a region shows, less what is empty below, and less so many pixels at the right and above."""
        scale = bpy.context.preferences.system.ui_scale
        whole = picture.read(self.screen)
        top, end = len(whole) - region.y - region.height, region.x + region.width - int(right * scale)
        shown = whole[top : top + region.height, region.x : end]
        below = int(40 * scale)  # the editor's rounded corners, and a scroll bar's end
        inner = shown[:-below, below:-below].astype(np.int16)
        drawn = np.flatnonzero((np.abs(inner - inner[-1]) > 6).any((1, 2)))
        height = int(drawn[-1]) + int(MARGIN * scale) if len(drawn) else len(shown)
        np.save(self.folder / name, shown[int(above * scale) : height])
        yield 0.0


CHANGED = ("bl_options", "bl_idname", "bl_parent_id")
"""What panels are registered with, and are registered otherwise with while they are photographed."""


class _Family:
    """While it lasts, a tab has one panel and those below it only, folded as they come or all unfolded."""

    def __init__(self, family: str, editor: str, unfolded: bool) -> None:
        self.family, self.editor, self.unfolded = family, editor, unfolded

    def __enter__(self) -> None:
        self.all = [cls for cls in importlib.import_module(f"{ADDON}.registration").CLASSES if _is_panel(cls)]
        self.all = [cls for cls in self.all if cls.bl_space_type == self.editor]
        self.own = {cls: tuple(cls.__dict__.get(name) for name in CHANGED) for cls in self.all}
        for cls in reversed(self.all):
            bpy.utils.unregister_class(cls)
        self.there = [cls for cls in self.all if self.family in (cls.__name__, getattr(cls, "bl_parent_id", ""))]
        for cls in self.there:
            if self.unfolded:
                cls.bl_options = set(getattr(cls, "bl_options", ())) - {"DEFAULT_CLOSED"}
                cls.bl_idname = f"{cls.__name__}_unfolded"  # of the other one Blender remembers that it is folded
                if cls.__name__ != self.family:
                    cls.bl_parent_id = f"{self.family}_unfolded"
            bpy.utils.register_class(cls)

    def __exit__(self, *_: object) -> None:
        for cls in reversed(self.there):
            bpy.utils.unregister_class(cls)
        for cls, kept in self.own.items():
            for name, value in zip(CHANGED, kept, strict=True):
                if value is not None:
                    setattr(cls, name, value)
                elif name in cls.__dict__:
                    delattr(cls, name)
        for cls in self.all:
            bpy.utils.register_class(cls)


def _is_panel(cls: type) -> bool:
    return issubclass(cls, bpy.types.Panel) and getattr(cls, "bl_category", "") == "Sway"


def _look(request: dict) -> None:
    preferences = bpy.context.preferences
    preferences.view.ui_scale = request["scale"]
    preferences.system.use_region_overlap = False
    if request["language"]:
        preferences.view.language = request["language"]
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
    yield places.SETTLED
    if shots.wants("preferences"):
        yield from shots.hand.move(Place(3, 3))
        yield places.SETTLED
        yield from shots.keep("preferences", places.region("WINDOW", "PREFERENCES"), above=HEAD)
    places.area("PREFERENCES").type = "VIEW_3D"
    yield places.SETTLED


def _sidebar(hand: Hand, shots: Shots, request: dict) -> Waits:
    """What needs no compiled simulation."""
    for other in list(bpy.context.scene.objects):
        bpy.data.objects.remove(other)
    view = places.area("VIEW_3D")
    view.spaces.active.show_region_ui = True
    view.spaces.active.show_region_toolbar = False
    yield places.SETTLED
    yield from places.widen(hand, "VIEW_3D", request["width"])
    yield from shots.take("splats_empty", "SWAY_PT_splats")
    scene = bpy.context.scene
    with places.inside(view):
        bpy.ops.sway.import_splats(filepath=request["capture"], up="+Z")
    view.spaces.active.shading.type = "WIREFRAME"
    view.spaces.active.overlay.show_overlays = False
    obj = bpy.context.view_layer.objects.active
    obj.modifiers["Sway Splats"].show_viewport = False
    yield from shots.take("splats_imported", "SWAY_PT_splats")
    yield from shots.take("splats", "SWAY_PT_splats", unfolded=True)
    yield from shots.take("parts_todo", "SWAY_PT_parts")
    yield from shots.take("reference_waits", "SWAY_PT_reference")
    with places.inside(view):
        bpy.ops.sway.guess_parts()
    yield from shots.take("parts", "SWAY_PT_parts", unfolded=True)
    yield from shots.take("reference_todo", "SWAY_PT_reference", unfolded=True)
    yield from shots.take("fit_waits", "SWAY_PT_fit")
    yield from shots.take("bake_waits", "SWAY_PT_bake")
    with places.inside(view):
        bpy.ops.sway.add_acting(kind="impulse")
    yield from shots.take("acts_on_splats", "SWAY_PT_acting")
    bpy.data.objects.remove(bpy.context.view_layer.objects.active)
    bpy.context.view_layer.objects.active = obj
    obj.sway.material.preset = "custom"
    with places.inside(view):
        bpy.ops.sway.add_part_material()
    yield from shots.take("simulate_material", "SWAY_PT_simulate", unfolded=True)
    obj.sway.part_materials.clear()
    obj.sway.material.preset = "fitted"
    scene.sway.reference.resolution = 160
    with places.inside(view):
        bpy.ops.sway.make_reference()
    yield from shots.take("reference", "SWAY_PT_reference")
    yield from shots.take("fit_todo", "SWAY_PT_fit", unfolded=True)
    with places.inside(view):
        bpy.ops.sway.keep_clip()
        bpy.ops.sway.make_reference(candidates=2, seed=1)
    yield from shots.take("reference_kept", "SWAY_PT_reference")
    obj.sway.further_clips.clear()
    with places.inside(view):
        bpy.ops.sway.make_reference(candidates=1, seed=0)


def _simulated(hand: Hand, shots: Shots) -> Waits:
    """Fit, simulation, bake."""
    view, scene = places.area("VIEW_3D"), bpy.context.scene
    scene.sway.fit.particles, scene.sway.fit.grid_cells = 300, 10
    yield from _while_running(hand, view, "fit_material", lambda: _fit_and_queue(view, shots), _compared)
    with places.inside(view):
        bpy.ops.sway.fit_material(iterations=4, particles=300, grid_cells=10)
    yield from shots.take("fit", "SWAY_PT_fit", unfolded=True)
    yield from shots.take("simulate_todo", "SWAY_PT_simulate")
    scene.sway.simulate.frames = 200
    yield from _while_running(hand, view, "simulate", lambda: shots.take("simulate_running", "SWAY_PT_simulate"))
    with places.inside(view):
        bpy.ops.sway.simulate(frames=12)
    yield from shots.take("simulate", "SWAY_PT_simulate")
    yield from shots.take("bake_todo", "SWAY_PT_bake")
    with places.inside(view):
        bpy.ops.sway.bake()
    yield from shots.take("bake", "SWAY_PT_bake")
    scene.sway.reference.frequency += 0.1
    yield from shots.take("reference_outdated", "SWAY_PT_reference")


def _fit_and_queue(view: Any, shots: Shots) -> Waits:
    """The fit at work, and the queue with what waits for it."""
    yield from shots.take("fit_running", "SWAY_PT_fit")
    queue = sys.modules[f"{ADDON}.jobs.queue"]
    with places.inside(view):
        bpy.ops.sway.simulate("INVOKE_DEFAULT")
    yield from shots.take("jobs", "SWAY_PT_jobs")
    for job in queue.waiting():
        bpy.ops.sway.queue_remove(job=job.id)


def _image_editor(shots: Shots, request: dict) -> Waits:
    area = places.area("VIEW_3D")
    subject = bpy.context.view_layer.objects.active
    with places.inside(area):
        bpy.ops.sway.add_sample(kind="picture")
    bpy.context.view_layer.objects.active = subject
    image = bpy.data.images["Sample Picture"]
    photo = bpy.data.images.new("Photograph", 64, 48)
    area.type = "IMAGE_EDITOR"
    space = area.spaces.active
    space.show_region_ui = True
    space.image = None
    yield places.SETTLED
    yield from places.widen(shots.hand, "IMAGE_EDITOR", request["width"])
    picture_panel = {"editor": "IMAGE_EDITOR"}
    yield from shots.take("picture_empty", "SWAY_PT_picture", **picture_panel)
    space.image = photo
    yield from shots.take("picture_opened", "SWAY_PT_picture", **picture_panel)
    space.image = image
    yield from shots.take("picture", "SWAY_PT_picture", unfolded=True, **picture_panel)
    yield from shots.take("picture_modes", "SWAY_PT_video_modes", unfolded=True, **picture_panel)
    area.type = "VIEW_3D"
    yield places.SETTLED


def _begun(job: Any) -> bool:
    """Whether a job has come beyond its start."""
    return job.fraction > 0


def _compared(job: Any) -> bool:
    """Whether a fit shows the clip beside itself above the course of its loss, as it does after its first steps."""
    return bool(job.preview) and job.fraction > PART


def _while_running(hand: Hand, view: Any, name: str, photograph: Any, ready: Any = _begun) -> Waits:
    """Start a job as a button does, let it be photographed when it is `ready`, and cancel it."""
    queue = sys.modules[f"{ADDON}.jobs.queue"]
    with places.inside(view):
        getattr(bpy.ops.sway, name)("INVOKE_DEFAULT")
    yield from hand.until(lambda: (job := queue.running()) is None or ready(job), "it runs", 400)
    yield 2 * places.SETTLED  # panels come to their places, which Blender moves them to step by step
    yield from photograph()
    if (job := queue.running()) is not None:
        queue.cancel(job)
    yield from hand.until(lambda: queue.running() is None, "it ends", 30)
    yield places.SETTLED
