"""Pictures of the generator's plants by Cycles: `.venvs/blender/bin/python tools/render_outlines.py FOLDER [FIRST]`.

FOLDER/outlines.npz comes from `python -m backend.spectral.training --out FOLDER --outlines COUNT`. Every outline
becomes a face that leans a little, one before the other, seen by an orthographic camera, so that the closed-form motion
of the plane is still that of the picture; light, shadows, grounds, walls and textures are those of Blender.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy
import numpy as np

SAMPLES = 24
"""Of Cycles, per pixel."""
STEP = 0.0025
"""Of the picture's width between one face and the next."""
ROOM = 1.5
"""Of the picture's width from the camera to the wall behind everything."""


def main(folder: Path, first: int) -> None:
    data = np.load(folder / "outlines.npz")
    ends = np.cumsum(data["lengths"])
    polygons = np.split(data["points"], ends[:-1])
    height, width = (int(v) for v in data["size"])
    begin = 0
    for number, count in enumerate(data["scenes"]):
        shapes = slice(begin, begin + int(count))
        begin += int(count)
        path = folder / f"{number:05d}.png"
        if number >= first and not path.exists():
            rng = np.random.default_rng(number)
            bpy.ops.wm.read_factory_settings(use_empty=True)
            stage(rng, height / width)
            plants(rng, polygons[shapes], data["colours"][shapes], height, width)
            render(path, height, width)


def stage(rng: np.random.Generator, aspect: float) -> None:
    """Camera along +Y over 1 x aspect units, a sun and a sky, a ground and, mostly, a wall."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 1.0
    camera.location, camera.rotation_euler = (0.5, -2.0, aspect / 2), (np.pi / 2, 0, 0)
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.data.angle = rng.uniform(1.5, 5), rng.uniform(0.01, 0.2)
    sun.data.color = 1, rng.uniform(0.8, 1), rng.uniform(0.6, 1)
    sun.rotation_euler = rng.uniform(0.2, 1.1), rng.uniform(-0.8, 0.8), 0
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (rng.uniform(0.5, 1), rng.uniform(0.6, 0.95), rng.uniform(0.7, 1), 1)
    background.inputs["Strength"].default_value = rng.uniform(0.3, 1.2)
    scene.world, scene.camera = world, camera
    level = rng.uniform(0.05, 0.35) * aspect
    tilt = rng.uniform(0.2, 0.6)
    panel("ground", [(-1, ROOM, level), (2, ROOM, level), (2, -1, level - tilt * 2), (-1, -1, level - tilt * 2)], rng)
    if rng.random() < 0.75:
        panel("wall", [(-1, ROOM, -1), (2, ROOM, -1), (2, ROOM, 3), (-1, ROOM, 3)], rng)
    for item in (camera, sun):
        scene.collection.objects.link(item)


def panel(name: str, corners: list, rng: np.random.Generator) -> None:
    """A quadrilateral with a procedural texture."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    kind = rng.choice(["ShaderNodeTexNoise", "ShaderNodeTexVoronoi", "ShaderNodeTexBrick", "ShaderNodeTexWave"])
    texture = nodes.new(str(kind))
    texture.inputs["Scale"].default_value = rng.uniform(2, 30)
    place = nodes.new("ShaderNodeTexCoord")
    links.new(place.outputs["Object"], texture.inputs["Vector"])
    mix = nodes.new("ShaderNodeMixRGB")
    tones = rng.uniform(0.02, 0.8, (2, 3))
    if name == "ground" and rng.random() < 0.5:
        tones = rng.uniform(0.1, 0.5) * np.array([[0.5, 1, 0.2], [0.8, 0.9, 0.3]])
    mix.inputs["Color1"].default_value = (*tones[0], 1)
    mix.inputs["Color2"].default_value = (*tones[1], 1)
    links.new(texture.outputs["Fac" if "Fac" in texture.outputs else "Distance"], mix.inputs["Fac"])
    links.new(mix.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    mesh.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def plants(rng: np.random.Generator, polygons: list[np.ndarray], colours: np.ndarray, height: int, width: int) -> None:
    """One mesh of all faces with a colour each; the first is the farthest."""
    points, faces, tones = [], [], []
    for i, (polygon, colour) in enumerate(zip(polygons, colours, strict=True)):
        x, z = polygon[:, 0] / width, (height - polygon[:, 1]) / width
        # Leaning in depth changes the light, not the outline; half a step at most, so that the order stays.
        lean = rng.normal(0, 1, 2)
        depth = lean[0] * (x - x.mean()) + lean[1] * (z - z.mean())
        depth = -STEP * (i + 0.45 * depth / (np.abs(depth).max() + 1e-9))
        begin = sum(map(len, points))
        points.append(np.stack([x, depth, z], -1))
        faces.append(list(range(begin, begin + len(polygon))))
        tones.append(colour**2.2)
    mesh = bpy.data.meshes.new("plants")
    mesh.from_pydata(np.concatenate(points).tolist(), [], faces)
    values = np.repeat(np.c_[np.array(tones), np.ones(len(tones))], [len(f) for f in faces], 0)
    mesh.color_attributes.new("tone", "FLOAT_COLOR", "CORNER").data.foreach_set("color", values.ravel())
    material = bpy.data.materials.new("plant")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    tone, grain, mix = (nodes.new(f"ShaderNode{kind}") for kind in ("VertexColor", "TexNoise", "MixRGB"))
    tone.layer_name = "tone"
    grain.inputs["Scale"].default_value = rng.uniform(20, 120)
    mix.blend_type = "OVERLAY"
    mix.inputs["Fac"].default_value = rng.uniform(0.1, 0.7)
    links.new(tone.outputs["Color"], mix.inputs["Color1"])
    links.new(grain.outputs["Fac"], mix.inputs["Color2"])
    shader = nodes["Principled BSDF"]
    links.new(mix.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = rng.uniform(0.3, 0.9)
    shader.inputs["Transmission Weight"].default_value = 0.15
    mesh.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("plants", mesh))


def render(path: Path, height: int, width: int) -> None:
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", SAMPLES, False
    scene.cycles.max_bounces = 4
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    os._exit(0)
