"""Blender's Bake node as a player: how a modifier with one plays frames that were written without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy

from ...backend.baking.frame_cache import BakeItem, delete

ROOM = 1.05
"""Times the size of a bake that must be free on its disk."""


def folder_for(target: str, name: str, made_of: str) -> Path:
    """Where the frames of an object of that name go: beside the .blend for DISK, else where Blender keeps what is
    temporary. `made_of` is the digest of what the frames come from.

    Raises ValueError for DISK in a file that was never saved.
    """
    if target == "DISK" and not bpy.data.filepath:
        raise ValueError("save the .blend first, or bake packed: a bake on disk lies beside the .blend")
    stem = bpy.path.clean_name(bpy.path.display_name_from_filepath(bpy.data.filepath) or "unsaved")
    beside = Path(bpy.path.abspath("//")) if target == "DISK" else Path(bpy.app.tempdir)
    return beside / "sway_bakes" / f"{stem}_{bpy.path.clean_name(name)}_{made_of[:8]}"


def refuse_full_disk(folder: Path, size: int, instead: str) -> None:
    """Raises ValueError where a bake of `size` bytes does not fit; `instead` says what else one can do."""
    there = next(parent for parent in folder.parents if parent.exists())
    free = shutil.disk_usage(there).free
    if free < ROOM * size:
        raise ValueError(
            f"the bake needs {size / 2**30:.1f} GB and {there} has {free / 2**30:.1f} GB free; make room, or {instead}"
        )


def item(context: bpy.types.Context, group: bpy.types.GeometryNodeTree) -> BakeItem:
    """How Blender numbers the group's Bake node and its geometry, which it only tells of an evaluated modifier."""
    mesh = bpy.data.meshes.new("probe")
    obj = bpy.data.objects.new("probe", mesh)
    context.scene.collection.objects.link(obj)
    try:
        probe = obj.modifiers.new("probe", "NODES")
        probe.node_group = group
        context.view_layer.update()
        bake_id, node = probe.bakes[0].bake_id, probe.bakes[0].node
        return BakeItem(bake_id, node.inputs[0].identifier.removeprefix("Item_"), node.bake_items[0].name)
    finally:
        bpy.data.objects.remove(obj)
        bpy.data.meshes.remove(mesh)


def directory(folder: Path, target: str) -> str:
    """A folder as a modifier keeps it: of DISK relative to the .blend, which may move together with it."""
    return bpy.path.relpath(str(folder)) if target == "DISK" else str(folder)


def play(
    context: bpy.types.Context, modifier: bpy.types.NodesModifier, folder: Path, frames: range, target: str
) -> None:
    """Lets a modifier, whose directory was set before its group, play frames; PACKED moves them into the .blend.

    Before the first and after the last of them the ends hold.
    """
    settings = modifier.bakes[0]
    settings.bake_mode = "ANIMATION"
    settings.use_custom_simulation_frame_range = True
    settings.frame_start, settings.frame_end = frames.start, frames.stop - 1
    bake_id = settings.bake_id
    # Blender asks whether a modifier depends on time when its group is set, not when its bake mode is. This moves
    # `modifier.bakes` in memory: `settings` is dangling from here on.
    modifier.node_group = modifier.node_group
    if target == "PACKED":
        context.view_layer.update()
        bpy.ops.object.geometry_node_bake_pack_single(
            session_uid=modifier.id_data.session_uid, modifier_name=modifier.name, bake_id=bake_id
        )
        modifier.bake_directory = ""
        delete(folder)


def remove(obj: bpy.types.Object, name: str, keep: Path | None = None) -> None:
    """Removes the modifier of that name, and its folder of frames unless another object plays from there or it is kept.

    Nothing happens where there is no such modifier.
    """
    modifier = obj.modifiers.get(name)
    if modifier is None:
        return
    folder = _folder(modifier)
    obj.modifiers.remove(modifier)
    shared = any(_folder(other.modifiers.get(name)) == folder for other in bpy.data.objects)
    if folder is not None and folder != keep and not shared:
        delete(folder)


def _folder(modifier: bpy.types.NodesModifier | None) -> Path | None:
    """Where a modifier's frames lie; None where they are packed or there are none."""
    return Path(bpy.path.abspath(modifier.bake_directory)) if modifier and modifier.bake_directory else None
