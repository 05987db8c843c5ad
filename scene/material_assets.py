"""Sway's materials as Blender's assets: drag one from the Asset Browser onto splats, and they are made of it.

The library is one .blend file, written by the Blender that uses it: an empty material a preset, which only says by a
custom property what it stands for, and the node groups that show and colour splats. A handler notices such a material
in a slot of a splat object, where a drop puts it, and makes it the object's simulation material; the slot is left as it
was, so the look does not change.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..backend.api.materials import Preset
from .drawing import display
from .fields import heat_map
from .splats import is_splats

STANDS_FOR = "sway_material"
"""Custom property of a material of the library: the name of the preset."""
LIBRARY = "Sway"
FILE, CATALOGUES = "sway_materials.blend", "blender_assets.cats.txt"
MATERIALS, NODES = "5d4b2f0e-7c65-4b0e-9a0b-6a1f3f0c8e11", "b0b6f2c4-2a4e-4d0c-8f59-1d9a54c0a7d2"
"""Catalogues, by their own identifiers."""
PICTURES = Path(__file__).parents[1] / "assets"
_TABLE = f"""VERSION 1

{MATERIALS}:Sway/Materials:Sway-Materials
{NODES}:Sway/Nodes:Sway-Nodes
"""
_SAID = {
    display.GROUP: "Draws a point cloud with the attributes of splats as splats",
    heat_map.GROUP: f"Colours splats by the point attribute {heat_map.SHOWN}",
}


def write_library(folder: Path) -> Path:
    """Writes the library into a folder and returns its file; nothing stays of it in this .blend."""
    folder.mkdir(parents=True, exist_ok=True)
    before = {block.as_pointer() for blocks in (bpy.data.materials, bpy.data.node_groups) for block in blocks}
    groups = [display.display_group(), heat_map.group()]
    unmarked = [group for group in groups if group.asset_data is None]
    made = [_material(preset) for preset in Preset]
    try:
        for group in unmarked:
            _mark(group, NODES, _SAID[group.name])
        bpy.data.libraries.write(str(folder / FILE), {*made, *groups}, fake_user=True)
    finally:
        for group in unmarked:
            group.asset_clear()
        for blocks in (bpy.data.node_groups, bpy.data.materials):
            for block in [block for block in blocks if block.as_pointer() not in before]:
                blocks.remove(block)
    (folder / CATALOGUES).write_text(_TABLE, encoding="utf-8")
    return folder / FILE


def add_library(folder: Path) -> bool:
    """Lets Blender know the library in a folder; False where it knew it already."""
    libraries = bpy.context.preferences.filepaths.asset_libraries
    for known in libraries:
        if known.name == LIBRARY:
            known.path = str(folder)
            return False
    added = libraries.new(name=LIBRARY, directory=str(folder))
    added.import_method = "APPEND"
    return True


def register() -> None:
    """Starts to notice dropped materials."""
    if on_update not in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.append(on_update)
    atexit.register(unregister)  # Blender as a Python module hangs at exit while a handler is registered


def unregister() -> None:
    """Stops to notice them."""
    if on_update in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.remove(on_update)
    atexit.unregister(unregister)


@persistent
def on_update(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """A material of the library in a slot of splats becomes what they are made of, once the drop is over."""
    for update in depsgraph.updates:
        obj = update.id.original
        if isinstance(obj, bpy.types.Object) and obj.type == "POINTCLOUD" and dropped(obj):
            bpy.app.timers.register(partial(_take_by_name, obj.name), first_interval=0)


def dropped(obj: bpy.types.Object) -> str:
    """The preset that a material in one of an object's slots stands for; "" without one."""
    names = (slot.material.get(STANDS_FOR, "") for slot in obj.material_slots if slot.material is not None)
    return next((name for name in names if name in Preset.__members__), "")


def take(obj: bpy.types.Object) -> str:
    """Makes what was dropped on splats their simulation material, and returns its name; "" where nothing was."""
    name = dropped(obj)
    if not name or not is_splats(obj):
        return ""
    obj.sway.material.preset = name
    own = obj.data.materials
    for index in reversed(range(len(obj.material_slots))):
        slot = obj.material_slots[index]
        if slot.material is not None and slot.material.get(STANDS_FOR):
            unused = slot.material
            slot.material = None
            own.pop(index=index)
            if unused.users <= unused.use_fake_user:
                bpy.data.materials.remove(unused)
    return name


def _take_by_name(name: str) -> None:
    obj = bpy.data.objects.get(name)
    if obj is not None and take(obj):
        windows = bpy.context.window_manager.windows
        if windows:
            with bpy.context.temp_override(window=windows[0]):
                bpy.ops.ed.undo_push(message="Sway Material")
            _redraw(area for window in windows for area in window.screen.areas)


def _redraw(areas: Iterable[bpy.types.Area]) -> None:
    for area in areas:
        if area.type in ("VIEW_3D", "PROPERTIES"):
            area.tag_redraw()


def _material(preset: Preset) -> bpy.types.Material:
    """The asset that stands for a preset."""
    material = bpy.data.materials.new(preset.label)
    material[STANDS_FOR] = preset.name
    _mark(material, MATERIALS, preset.doc)
    picture = PICTURES / f"{preset.name}.png"
    if picture.is_file():
        image = bpy.data.images.load(str(picture))
        material.diffuse_color = _middle(image)
        preview = material.preview_ensure()
        preview.image_size = image.size
        preview.image_pixels_float.foreach_set(np.array(image.pixels[:], np.float32))
        bpy.data.images.remove(image)
    return material


def _middle(image: bpy.types.Image) -> tuple[float, ...]:
    """The colour in an image's middle, RGBA."""
    values = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
    return tuple(values[image.size[1] // 2, image.size[0] // 2])


def _mark(block: bpy.types.ID, catalogue: str, said: str) -> None:
    block.asset_mark()
    block.asset_data.catalog_id = catalogue
    block.asset_data.description = said
    block.asset_data.author = LIBRARY
    block.asset_data.tags.new(LIBRARY)
