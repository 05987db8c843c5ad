"""A picture that sways as real, editable Blender objects: planes with two shape keys a mode and looping F-curves.

The plate is one rectangle; each moving layer is a grid over its part of the picture, textured with the layer's colour
and alpha. The key "cos" adds the real part of a mode's shape, "sin" the imaginary one (Davis et al. 2015: the
displacement is Re(shape) Re(Q) - Im(shape) Im(Q)). Nothing needs the add-on to play or to render.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from ...backend.picture_motion import PictureMotion
from .. import nodes
from . import picture_curves

CELLS = 96
"""Grid cells along the longer side of the picture."""
APART = 5e-4
"""Distance between layers, of the picture's height: enough for sorting, too little for parallax."""
DISPLAY_VIEWS = {"AgX", "Filmic"}
"""View transforms of fresh scenes that would change a photograph's colours."""
FREQUENCY = "sway_frequency"
"""Custom property of a layer's mesh: natural frequencies of its modes, hertz."""
PIXEL, SIZE, FOLDER = "sway_pixel", "sway_size", "sway_folder"
"""Custom properties of a picture's parent: metres a pixel, width and height in pixels, where its layers came from."""
LAYER = "sway_layer"
"""Custom property that marks a layer's object."""


@dataclass(frozen=True)
class Layer:
    """What a moving layer consists of."""

    name: str
    image: Path
    """RGBA picture of the layer, straight alpha, colours continued beyond the edge."""
    motion: PictureMotion
    damping: float = 0.08
    """Of what is poked: ratio to critical."""


def make_planes(
    context: bpy.types.Context,
    name: str,
    plate: Path,
    layers: list[Layer],
    frame_start: int,
    height: float = 2.0,
) -> bpy.types.Object:
    """An upright picture at the 3D cursor, `height` metres high, that moves from `frame_start` on; returns its parent.

    Layers are listed from back to front. The picture faces -Y; every image is packed into the .blend.
    """
    parent = bpy.data.objects.new(name, None)
    parent.empty_display_type = "ARROWS"
    parent.empty_display_size = height / 20
    parent.rotation_euler = (np.pi / 2, 0, 0)
    parent.location = context.scene.cursor.location
    context.collection.objects.link(parent)
    colourspace = "Non-Color" if context.scene.view_settings.view_transform == "Raw" else "sRGB"
    back = _image(plate, colourspace)
    metres = height / back.size[1]
    parent[SIZE], parent[PIXEL] = list(back.size), metres
    parent[FOLDER] = str(Path(plate).parent)
    _place(context, _plate(name, back, metres), parent, 0)
    for number, layer in enumerate(layers, 1):
        obj = _layer(f"{name} {layer.name}", _image(layer.image, colourspace), layer.motion, height)
        animate(obj, layer.motion, frame_start)
        _place(context, obj, parent, number * APART * height)
    return parent


def animate(obj: bpy.types.Object, motion: PictureMotion, frame_start: int) -> None:
    """Gives a layer's shape keys the F-curves of its own motion."""
    key = obj.data.shape_keys
    for m, course in enumerate(motion.courses.T):
        for part, values in (("cos", course.real), ("sin", course.imag)):
            if block := key.key_blocks.get(key_name(m, part)):
                path = f'key_blocks["{block.name}"].value'
                picture_curves.animate_loop(key, path, values, frame_start, motion.loops)


def layers_of(parent: bpy.types.Object) -> list[bpy.types.Object]:
    """The moving layers of a picture, from back to front."""
    return sorted((child for child in parent.children if LAYER in child), key=lambda child: child.location.z)


def parent_of(obj: bpy.types.Object | None) -> bpy.types.Object | None:
    """The parent of the planes that an object belongs to; None where it is no picture."""
    while obj is not None and FOLDER not in obj:
        obj = obj.parent
    return obj


def pixel_at(parent: bpy.types.Object, place: Vector) -> tuple[float, float]:
    """The picture's pixel (x right, y down) at a place in the parent's space."""
    width, height = parent[SIZE]
    return place.x / parent[PIXEL] + width / 2, height / 2 - place.y / parent[PIXEL]


def key_name(mode: int, part: str) -> str:
    """Name of the shape key of a mode, counted from 0; part is "cos" or "sin"."""
    return f"Mode {mode + 1} {part}"


def prepare_view(scene: bpy.types.Scene) -> str:
    """Sets the view transform of a scene that nobody graded yet so that photographs keep their colours."""
    view = scene.view_settings
    if view.view_transform in DISPLAY_VIEWS and view.look in ("", "None") and not view.exposure and view.gamma == 1:
        before, view.view_transform = view.view_transform, "Standard"
        return f"View transform set from {before} to Standard, which keeps a photograph's colours"
    return ""


def _image(path: Path, colourspace: str) -> bpy.types.Image:
    image = bpy.data.images.load(str(path), check_existing=False)
    image.colorspace_settings.name = colourspace
    image.alpha_mode = "CHANNEL_PACKED"  # colours are continued beyond the edge: nothing may be multiplied
    image.pack()
    return image


def _place(context: bpy.types.Context, obj: bpy.types.Object, parent: bpy.types.Object, depth: float) -> None:
    context.collection.objects.link(obj)
    obj.parent = parent
    obj.location.z = depth


def _plate(name: str, image: bpy.types.Image, metres: float) -> bpy.types.Object:
    width, height = image.size
    x, y = width / 2 * metres, height / 2 * metres
    mesh = bpy.data.meshes.new(f"{name} plate")
    mesh.from_pydata([(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.float32([0, 0, 1, 0, 1, 1, 0, 1]))
    mesh.materials.append(_material(mesh.name, image, False))
    return bpy.data.objects.new(mesh.name, mesh)


def _layer(name: str, image: bpy.types.Image, motion: PictureMotion, height: float) -> bpy.types.Object:
    """A grid over the layer's part of the picture with its shape keys."""
    pixels, faces = grid(motion)
    size = np.array(motion.size)
    metres = height / size[1]
    mesh = bpy.data.meshes.new(name)
    flat = np.zeros((len(pixels), 3), np.float32)
    flat[:, :2] = (pixels - size / 2) * (metres, -metres)
    mesh.from_pydata(flat, [], faces.tolist())
    uv = pixels / size
    uv[:, 1] = 1 - uv[:, 1]
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", uv[faces.ravel()].astype(np.float32).ravel())
    mesh.materials.append(_material(name, image, True))
    mesh[FREQUENCY] = [float(f) for f in motion.frequencies]
    obj = bpy.data.objects.new(name, mesh)
    obj[LAYER] = True
    obj.shape_key_add(name="Basis")
    for m, shape in enumerate(motion.at(pixels)):
        for part, field in (("cos", shape.real), ("sin", -shape.imag)):
            if not field.any():
                continue
            key = obj.shape_key_add(name=key_name(m, part))
            key.slider_min, key.slider_max = -10, 10
            moved = flat.copy()
            moved[:, :2] += field * (metres, -metres)
            key.data.foreach_set("co", moved.ravel())
            key.value = 0
    return obj


def grid(motion: PictureMotion) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [N, 2] (pixels, x right, y down) and quads [F, 4] of the cells that the motion's mask touches."""
    width, height = motion.size
    cell = max(height, width) / CELLS
    rows, columns = max(round(height / cell), 1), max(round(width / cell), 1)
    x, y = np.linspace(0, width, columns + 1), np.linspace(0, height, rows + 1)
    touched = np.zeros((rows, columns), bool)
    row, column = np.nonzero(motion.mask > 0.002)
    mask_rows, mask_columns = motion.mask.shape
    at = ((row + 0.5) * rows / mask_rows).astype(int), ((column + 0.5) * columns / mask_columns).astype(int)
    touched[at] = True
    grown = np.pad(touched, 1)  # the mask may be coarser than the cells
    touched = np.any([np.roll(grown, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)], 0)[1:-1, 1:-1]
    row, column = np.nonzero(touched)
    corner = row * (columns + 1) + column
    below = corner + columns + 1
    faces = np.stack([below, below + 1, corner + 1, corner], 1)
    used, faces = np.unique(faces, return_inverse=True)
    vertices = np.stack([x[used % (columns + 1)], y[used // (columns + 1)]], 1)
    return vertices, faces.reshape(-1, 4)


def _material(name: str, image: bpy.types.Image, transparent: bool) -> bpy.types.Material:
    """Emits the picture's colours as they are; without light, shadow or noise in either engine."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    material.node_tree.nodes.clear()
    material.cycles.emission_sampling = "NONE"  # a picture is no lamp
    build = nodes.Builder(material.node_tree)
    texture = build.node("ShaderNodeTexImage", image=image, extension="EXTEND").outputs
    surface = build.add("ShaderNodeEmission", {"Color": texture["Color"]})
    if transparent:
        material.surface_render_method = "BLENDED"  # the default dithers
        clear = build.add("ShaderNodeBsdfTransparent")
        surface = build.add("ShaderNodeMixShader", {0: texture["Alpha"], 1: clear, 2: surface})
    build.node("ShaderNodeOutputMaterial", {"Surface": surface})
    return material
