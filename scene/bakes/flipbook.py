"""A sequence of splat files as one object that shows another cloud at every frame, without the add-on.

The frames are whole clouds, of any number of splats each, in the cache that Blender's Bake node plays; the group puts
the frame's cloud in place of the object's own splats, which are those of the first file, except where a pose of these
is previewed. What does not change from one file to the next is stored once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...backend import formats
from ...backend.baking.frame_cache import FrameCache
from ...backend.formats import sequence
from .. import motion, nodes, splats
from . import bake_node, bake_stack

MODIFIER = GROUP = "Sway Flip-Book"
VERSION = 1


@dataclass(frozen=True)
class Flipbook:
    """Files on their way to an object."""

    files: list[Path]
    first: formats.SplatFile
    """Content of the first file."""
    frames: range
    """Scene frames of the files."""
    cache: FrameCache
    target: str

    def missing(self) -> list[int]:
        """The frames that are not written yet."""
        return self.cache.missing(self.frames)

    def file(self, frame: int) -> Path:
        return self.files[frame - self.frames.start]

    def write(self, frame: int, read: Callable[[Path], formats.SplatFile]) -> None:
        """Write a frame. Raises ValueError and OSError as `read` does, for a file that cannot be used."""
        cloud = self.first if frame == self.frames.start else read(self.file(frame))
        self.cache.write(frame, {name: values for name, _, values in splats.attributes_of(cloud.gaussians)})


def begin(
    context: bpy.types.Context, files: list[Path], read: Callable[[Path], formats.SplatFile], target: str
) -> Flipbook:
    """Prepare a flip-book of the files, the first at the scene's first frame; the scene stays as it is.

    `target` is "PACKED" (inside the .blend) or "DISK" (in a folder beside the saved .blend). Frames of the same files
    that an interrupted import left are found again.
    Raises ValueError for DISK in a file that was never saved, for a disk without room, and as `read` does.
    """
    stamps = [(str(file), (status := file.stat()).st_size, status.st_mtime_ns) for file in files]
    start = context.scene.frame_start
    made_of = hashlib.sha256(repr((start, stamps)).encode()).hexdigest()
    folder = bake_node.folder_for(target, sequence.title_of(files[0]), made_of)
    first = read(files[0])
    size = len(files) * sum(values.nbytes for values in first.gaussians.to_arrays().values())
    bake_node.refuse_full_disk(folder, size, "import fewer files")
    cache = FrameCache(folder, made_of, bake_node.item(context, _group()))
    return Flipbook(files, first, range(start, start + len(files)), cache, target)


def attach(context: bpy.types.Context, book: Flipbook, up: str) -> bpy.types.Object:
    """The object that plays the frames, all of which are written; `up` is the files' upward axis."""
    obj = splats.add_splats(context, sequence.title_of(book.files[0]), book.first.gaussians, up)
    modifier = bake_stack.add_modifier(obj, MODIFIER)
    modifier.bake_directory = bake_node.directory(book.cache.folder, book.target)
    modifier.bake_target = "DISK"
    modifier.node_group = _group()
    bake_node.play(context, modifier, book.cache.folder, book.frames, book.target)
    return obj


def free_bake(obj: bpy.types.Object) -> None:
    """Leaves the splats of the first file; the frames are deleted."""
    bake_node.remove(obj, MODIFIER)


def is_baked(obj: bpy.types.Object) -> bool:
    """Whether the object shows a cloud of its own at every frame."""
    return MODIFIER in obj.modifiers


def _group() -> bpy.types.GeometryNodeTree:
    return nodes.geometry_group(GROUP, VERSION, {}, _fill_group)


def _fill_group(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    own = group_in.outputs["Geometry"]
    bake = build.tree.nodes.new("GeometryNodeBake")
    bake.bake_items.clear()
    bake.bake_items.new("GEOMETRY", "Geometry")
    build.tree.links.new(own, bake.inputs["Geometry"])
    posed = build.sample(own, "BOOLEAN", build.has_attribute(motion.POSED_POSITION, "FLOAT_VECTOR"), 0)
    shown = build.switch("GEOMETRY", posed, bake.outputs["Geometry"], own)
    build.tree.links.new(shown, group_out.inputs["Geometry"])
