"""A capture through every panel, by clicks, to a rendered frame; and what a person does besides: undo, cancel, save."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from tools.window import places
from tools.window.hand import Hand, Place, Waits
from tools.window.sidebar import TAB, Sidebar

FRAMES = 24
SEEN, MOVED = 0.1, 0.01
"""Of a colour, how much it must change to be seen; and of the picture, how much must change so."""
ADDON = "bl_ext.user_default.sway"
BUSY = 400
"""Seconds that a step may take, with its compilation, where others compute too."""


def tell(hand: Hand, request: dict) -> Waits:
    """Reports what was done, in order."""
    folder, done = Path(request["folder"]), []
    yield from places.close_splash(hand)
    # The newcomer's story installs by clicks.
    bpy.ops.extensions.package_install_files(
        filepath=request["package"], repo="user_default", enable_on_install=True, overwrite=True
    )
    _prepare(request)
    yield from _import(hand, request["capture"], done)
    yield from hand.until(lambda: places.region("UI").active_panel_category == TAB, "the sidebar shows what comes next")
    # Software then draws the view at once, again and again as the mouse moves over what lies beside it.
    places.area("VIEW_3D").spaces.active.shading.type = "WIREFRAME"
    sidebar = Sidebar(hand)
    yield from sidebar.show()
    yield from _colours(sidebar, done)
    yield from _parts(hand, sidebar, done)
    yield from _reference_and_fit(hand, sidebar, done)
    yield from _material_files(hand, sidebar, folder, done)
    yield from _simulate_and_bake(hand, sidebar, done)
    yield from _render(hand, folder, done)
    yield from _save_and_reload(hand, folder, done)
    return {"done": done}


def _prepare(request: dict) -> None:
    """The backend, and sizes that take seconds: what a person would set, and what is not tried here."""
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.worker_python = request["worker"]
    preferences.cache_folder = str(Path(request["folder"]) / "cache")
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = 96
    scene.sway.reference.frames, scene.sway.reference.resolution = 14, 96
    scene.sway.fit.iterations, scene.sway.fit.particles, scene.sway.fit.grid_cells = 0, 300, 10
    scene.sway.simulate.frames, scene.sway.simulate.strength = FRAMES, 10.0  # a storm: seen in few frames
    for other in list(scene.objects):
        if other.type in ("MESH", "CAMERA"):  # the camera is then placed before the subject
            bpy.data.objects.remove(other)
    bpy.ops.ed.undo_push(message="Prepared")


def _import(hand: Hand, capture: str, done: list[str]) -> Waits:
    entries = ('bpy.ops.wm.call_menu(name="TOPBAR_MT_file_import"', "bpy.ops.sway.import_splats")
    yield from places.menu(hand, "TOPBAR_MT_file", *entries)
    yield from places.choose_file(hand, capture, up="+Z")
    yield from hand.until(lambda: _active() is not None, "the capture is in the scene")
    done.append("imported by menu")
    view = places.area("VIEW_3D")
    # What a drop calls: simulated events bring none of a file.
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=view):
        bpy.ops.sway.import_splats("INVOKE_DEFAULT", True, filepath=capture, up="+Z")
    yield from hand.until(lambda: _clouds() == 2, "the dropped capture is in the scene")
    done.append("imported as by drop")
    yield from hand.key("Z", _over_view(), ctrl=True)
    yield from hand.until(lambda: _clouds() == 1, "undo takes the second away")
    yield from hand.key("Z", _over_view(), ctrl=True, shift=True)
    yield from hand.until(lambda: _clouds() == 2, "redo brings it back")
    yield from hand.key("Z", _over_view(), ctrl=True)
    yield from hand.until(lambda: _clouds() == 1, "undo takes it away again")
    done.append("undone and redone")


def _colours(sidebar: Sidebar, done: list[str]) -> Waits:
    """In a panel that is folded at first."""
    view = bpy.context.scene.view_settings
    yield from sidebar.unfold("SWAY_PT_display")
    for way, transform in (("LIGHT", "AgX"), ("CAPTURED", "Raw")):
        yield from sidebar.click(f"sway.set_up_colours(way='{way}'", lambda name=transform: view.view_transform == name)
    done.append("colours as light and as captured")


def _parts(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.click("sway.guess_parts", lambda: _made("parts"))
    yield from hand.key("Z", _over_view(), ctrl=True)
    yield from hand.until(lambda: not _made("parts"), "undo of the parts")
    yield from hand.key("Z", _over_view(), ctrl=True, shift=True)
    yield from hand.until(lambda: _made("parts"), "redo of the parts")
    done.append("parts guessed")


def _reference_and_fit(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.click("sway.make_reference", lambda: _made("reference"), BUSY)
    done.append("reference made")
    settings = bpy.context.scene.sway.fit
    small = settings.particles, settings.iterations
    settings.particles, settings.iterations = 2500, 40  # minutes: long enough to be cancelled
    button = yield from sidebar.find("sway.fit_material")
    yield from hand.press(button)
    yield from hand.until(_queue().running, "the fit begins")
    sidebar.buttons["bpy.ops.sway.cancel()"] = button  # thereabouts
    yield from sidebar.click("sway.cancel", lambda: _queue().running() is None)
    assert not _made("fit")
    done.append("fit cancelled")
    settings.particles, settings.iterations = small
    yield from sidebar.click("sway.fit_material", lambda: _made("fit"), BUSY)
    done.append("fitted")
    yield from sidebar.click("sway.show_stiffness")
    yield from sidebar.click("sway.show_stiffness")
    done.append("stiffness shown")


def _material_files(hand: Hand, sidebar: Sidebar, folder: Path, done: list[str]) -> Waits:
    obj = _active()
    assert obj is not None
    file, fitted = folder / f"{obj.name}.sway", obj.sway.fit.made  # the name that the dialog proposes
    yield from sidebar.click("sway.save_material")
    yield from places.choose_file(hand, str(folder))
    yield from hand.until(file.is_file, "the material is saved")
    yield from sidebar.click("sway.load_material")
    yield from places.choose_file(hand, str(file))
    yield from hand.until(lambda: _made("fit") and _active().sway.fit.made != fitted, "the material is loaded", BUSY)
    done.append("material saved and loaded")


def _simulate_and_bake(hand: Hand, sidebar: Sidebar, done: list[str]) -> Waits:
    yield from sidebar.click("sway.simulate", lambda: _made("simulate"), BUSY)
    done.append("simulated")
    yield from sidebar.click("sway.bake", lambda: _made("bake"))
    yield from sidebar.click("sway.free_bake", lambda: not _made("bake"))
    yield from sidebar.click("sway.bake", lambda: _made("bake"))
    done.append("baked, freed, baked")


def _render(hand: Hand, folder: Path, done: list[str]) -> Waits:
    """The first frame and the last, as a person looks whether it moves."""
    rendered, pictures, scene = [], [], bpy.context.scene
    bpy.app.handlers.render_complete.append(lambda *_: rendered.append(True))
    for frame in (scene.frame_start, scene.frame_start + FRAMES - 1):
        rendered.clear()
        scene.frame_set(frame)
        yield from places.menu(hand, "TOPBAR_MT_render", "bpy.ops.render.render(")
        yield from hand.until(lambda: rendered, "a frame is rendered", BUSY)
        pictures.append(_picture(folder / f"frame_{frame}.png"))
        for window in list(bpy.context.window_manager.windows)[1:]:
            with bpy.context.temp_override(window=window):
                bpy.ops.wm.window_close()
        yield 0.5
    changed = (np.abs(pictures[1] - pictures[0]) > SEEN).mean()
    assert changed > MOVED, f"{changed:.2%} of the picture changes"
    done.append("rendered, and it moves")


def _picture(file: Path) -> np.ndarray:
    """What was rendered [H, W, 4], through a file."""
    bpy.data.images["Render Result"].save_render(str(file))
    image = bpy.data.images.load(str(file))
    found = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return found


def _save_and_reload(hand: Hand, folder: Path, done: list[str]) -> Waits:
    file = folder / "plant.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    yield from places.menu(hand, "TOPBAR_MT_file", "bpy.ops.wm.revert_mainfile")
    yield 1.0
    obj = _active()
    assert obj is not None and obj.sway.bake.made
    done.append("reloaded")


def _active() -> bpy.types.Object | None:
    obj = bpy.context.view_layer.objects.active
    return obj if obj is not None and obj.type == "POINTCLOUD" else None


def _made(step: str) -> bool:
    obj = _active()
    return obj is not None and bool(getattr(obj.sway, step).made)


def _clouds() -> int:
    return sum(o.type == "POINTCLOUD" for o in bpy.context.scene.objects)


def _queue():
    from bl_ext.user_default.sway.jobs import queue

    return queue


def _over_view() -> Place:
    view = places.region("WINDOW")
    return Place(view.x + view.width // 3, view.y + view.height // 3)
