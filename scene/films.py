"""A picture's rendered motion in Blender: shown in the image editor, or as plane, camera background or strip."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from . import nodes


def show(context: bpy.types.Context, image: bpy.types.Image) -> None:
    """Puts an image into the image editor that an operator was called from; into the first one otherwise."""
    space = context.space_data
    if space is None or space.type != "IMAGE_EDITOR":
        screens = [window.screen for window in context.window_manager.windows]
        areas = [area for screen in screens for area in screen.areas if area.type == "IMAGE_EDITOR"]
        if not areas:
            return
        space = areas[0].spaces.active
    other_size = space.image is None or tuple(space.image.size) != tuple(image.size)
    space.image = image
    space.show_annotation = image.source not in ("MOVIE", "SEQUENCE")
    if not space.show_annotation:
        _play(space.image_user, image, context.scene.frame_start)
    if other_size:
        _fit(context, space)


def _fit(context: bpy.types.Context, space: bpy.types.SpaceImageEditor) -> None:
    """Shows the whole image, as large as the editor allows."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.spaces.active == space:
                region = next(r for r in area.regions if r.type == "WINDOW")
                with context.temp_override(window=window, area=area, region=region):
                    bpy.ops.image.view_all(fit_view=True)


def load_film(path: Path, name: str, replaced: bpy.types.Image | None) -> bpy.types.Image:
    """The film as an image; an earlier one is given the new file, so that editors keep showing it."""
    if replaced is None:
        replaced = bpy.data.images.load(str(path))
        replaced.name = name
    else:
        replaced.filepath = str(path)
        replaced.reload()
    return replaced


def load_sequence(first: Path, name: str) -> tuple[bpy.types.Image, tuple[int, int]]:
    """Numbered images as one image datablock; its width and height, which it does not tell before it is drawn."""
    image = bpy.data.images.load(str(first))
    size = tuple(image.size)
    image.name, image.source = name, "SEQUENCE"
    return image, size


def as_plane(context: bpy.types.Context, files: list[Path], frame_start: int, height: float = 2.0) -> bpy.types.Object:
    """An upright rectangle at the 3D cursor that shows the frames for ever, emitting their colours as they are."""
    image, (width, rows) = load_sequence(files[0], files[0].parent.name)
    x, y = height / 2 * width / rows, height / 2
    mesh = bpy.data.meshes.new(image.name)
    mesh.from_pydata([(-x, 0, -y), (x, 0, -y), (x, 0, y), (-x, 0, y)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.float32([0, 0, 1, 0, 1, 1, 0, 1]))
    material = bpy.data.materials.new(image.name)
    if material.node_tree is None:
        material.use_nodes = True
    material.node_tree.nodes.clear()
    material.cycles.emission_sampling = "NONE"  # a picture is no lamp
    material.surface_render_method = "BLENDED"
    build = nodes.Builder(material.node_tree)
    texture = build.node("ShaderNodeTexImage", image=image, extension="EXTEND")
    _play(texture.image_user, image, frame_start, len(files))
    light = build.add("ShaderNodeEmission", {"Color": texture.outputs["Color"]})
    clear = build.add("ShaderNodeBsdfTransparent")
    surface = build.add("ShaderNodeMixShader", {0: texture.outputs["Alpha"], 1: clear, 2: light})
    build.node("ShaderNodeOutputMaterial", {"Surface": surface})
    mesh.materials.append(material)
    obj = bpy.data.objects.new(image.name, mesh)
    obj.location = context.scene.cursor.location
    context.collection.objects.link(obj)
    return obj


def as_background(context: bpy.types.Context, files: list[Path], frame_start: int) -> bpy.types.Camera:
    """The frames behind what the scene camera sees. Raises ValueError without a camera."""
    camera = context.scene.camera
    if camera is None:
        raise ValueError("The scene has no camera; add one first.")
    image, _size = load_sequence(files[0], files[0].parent.name)
    background = camera.data.background_images.new()
    background.image, background.alpha = image, 1.0
    _play(background.image_user, image, frame_start, len(files))
    camera.data.show_background_images = True
    return camera.data


def as_strip(context: bpy.types.Context, files: list[Path], frame_start: int) -> bpy.types.Strip:
    """An image strip with one loop of the frames, in the first free channel of the sequencer."""
    editor = context.scene.sequence_editor or context.scene.sequence_editor_create()
    strips = editor.strips
    end = frame_start + len(files)
    taken = {s.channel for s in strips if s.frame_final_start < end and s.frame_final_end > frame_start}
    channel = next(c for c in range(1, 129) if c not in taken)
    strip = strips.new_image(files[0].parent.name, str(files[0]), channel, frame_start)
    for file in files[1:]:
        strip.elements.append(file.name)
    return strip


def _play(user: bpy.types.ImageUser, image: bpy.types.Image, frame_start: int, count: int | None = None) -> None:
    """Lets an image user follow the timeline and start anew at the end."""
    user.frame_duration = count or image.frame_duration
    user.frame_start = frame_start
    user.frame_offset = 0 if image.source == "MOVIE" else _first_number(image) - 1
    user.use_cyclic = True
    if hasattr(user, "use_auto_refresh"):
        user.use_auto_refresh = True


def _first_number(image: bpy.types.Image) -> int:
    """The number in the name of a sequence's first file."""
    digits = ""
    for character in reversed(Path(image.filepath).stem):
        if not character.isdigit():
            break
        digits = character + digits
    return int(digits or 1)
