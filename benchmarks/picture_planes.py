"""How close a picture's planes with shape keys, rendered by Blender, come to the rendered sequence.

Runs in Blender's Python; the worker renders the sequence and takes the picture apart, as the add-on would have it do.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import bpy
import numpy as np

from .addon import load, module
from .figures import DATA, ROOT, row

ENVIRONMENT = "blender"
PHOTOS = {
    "flower": ("yellow_flower/yellow_flower.jpg", [[(0.5, 0.95), (0.5, 0.3)]]),
    "bamboo": ("bamboo_pot/bamboo_pot.jpg", [[(0.5, 0.62), (0.47, 0.3), (0.45, 0.06)]]),
}
"""Photograph and its strokes, root to tip, as shares of width and height."""
FRAMES, FPS = 48, 24.0
LOOKED_AT = (9, 21, 37)
MOVES = 3 / 255
"""Largest change of a pixel in the sequence from which it counts as moving."""


def run(options) -> list[dict]:
    """Signal to noise on the moving part at default amplitude, both engines, and what the planes weigh."""
    load()
    data = DATA / "photos"
    rows = []
    for name, (file, strokes) in PHOTOS.items():
        if not (data / file).exists():
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows += _compare(name, data / file, strokes, Path(folder))
    return rows


def _compare(name: str, photo: Path, strokes: list, folder: Path) -> list[dict]:
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    picture = _write_picture(photo, strokes, folder)
    export = {"outcome": "export", "file_format": "png", "directory": str(folder / "frames")}
    _job(picture, folder / "export", export)
    outputs = _job(picture, folder / "planes", {"outcome": "planes"})
    scene = bpy.context.scene
    plane = module("scene.pictures.picture_plane")
    plane.prepare_view(scene)
    layers = module("scene.pictures.picture_layers").load_planes(outputs)
    parent = plane.make_planes(bpy.context, name, Path(outputs["plate"]), layers, 1, height=2.0)
    width, height = parent[plane.SIZE]
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.type, camera.data.ortho_scale = "ORTHO", 2.0 * max(width, height) / height
    camera.location, camera.rotation_euler = (0, -5, 0), (np.pi / 2, 0, 0)
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = width, height, 100
    frames = [_values(folder / "frames" / f"picture_{i:04d}.png") for i in range(1, FRAMES + 1)]
    moving = np.abs(np.array(frames[::4]) - frames[0]).max((0, 3)) > MOVES
    rows = []
    for engine in ("BLENDER_EEVEE_NEXT" if bpy.app.version < (5, 0) else "BLENDER_EEVEE", "CYCLES"):
        scene.render.engine = engine
        _sample_at_pixel_centres(scene)
        error = [((_render(scene, i, folder) - frames[i - 1])[moving] ** 2).mean() for i in LOOKED_AT]
        label = "Cycles" if engine == "CYCLES" else "EEVEE"
        rows.append(row(f"Planes against the sequence, {name}, {label}", -10 * np.log10(np.mean(error)), "dB"))
    rows.append(row(f"Planes, moving share of {name}", 100 * moving.mean(), "%"))
    # Without the pictures: meshes, shape keys and curves.
    for image in bpy.data.images:
        if image.packed_file:
            image.unpack(method="REMOVE")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "planes.blend"), compress=True)
    with_planes = (folder / "planes.blend").stat().st_size
    for child in list(parent.children):
        bpy.data.objects.remove(child)
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "empty.blend"), compress=True)
    grows = with_planes - (folder / "empty.blend").stat().st_size
    return [*rows, row(f"Planes, .blend grows, {name}", grows / 1e3, "kB")]


def _write_picture(photo: Path, strokes: list, folder: Path) -> Path:
    noun = module("backend.picture")
    pixels = module("scene.pictures.picture_document").photo(bpy.data.images.load(str(photo)))
    size = np.array([pixels.shape[1], pixels.shape[0]])
    lines = tuple(noun.Line(np.array(stroke) * size) for stroke in strokes)
    picture = noun.Picture(pixels, (noun.Layer(noun.Kind.plant, None, lines, "Plant"),))
    return Path(module("scene.pictures.picture_document").write(picture, folder / "picture.npz", FPS, "picture"))


def _job(picture: Path, folder: Path, params: dict) -> dict[str, str]:
    """Runs the animate job in the worker's Python; its outputs."""
    request = {"job": "a", "kind": "animate", "folder": str(folder), "inputs": {"picture": str(picture)}}
    path = folder.with_suffix(".json")
    path.write_text(json.dumps({**request, "params": {"frames": FRAMES, **params}}))
    python = os.environ.get("SWAY_WORKER_PYTHON", str(ROOT / ".venvs/worker/bin/python"))
    done = subprocess.run([python, "-m", "backend", "run", str(path)], cwd=ROOT, capture_output=True, text=True)
    message = json.loads(done.stdout.splitlines()[-1])
    if message["state"] != "finished":
        raise RuntimeError(message["error"])
    return message["outputs"]


def _sample_at_pixel_centres(scene: bpy.types.Scene) -> None:
    """No softening by the pixel filter: the sequence has none."""
    if scene.render.engine == "CYCLES":
        scene.cycles.samples, scene.cycles.use_denoising = 1, False
        scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 0.01
    else:
        scene.render.filter_size = 0.01
        # Software OpenGL blurs by its anisotropic filter, even where a texture is shown larger than it is.
        bpy.context.preferences.system.anisotropic_filter = "FILTER_0"
        scene.eevee.taa_render_samples = 1


def _render(scene: bpy.types.Scene, frame: int, folder: Path) -> np.ndarray:
    scene.frame_set(frame)
    scene.render.filepath = str(folder / "shown.png")
    bpy.ops.render.render(write_still=True)
    return _values(folder / "shown.png")


def _values(path: Path) -> np.ndarray:
    """Display values [H, W, 3] of an image file."""
    image = bpy.data.images.load(str(path))
    pixels = module("scene.pictures.picture_document").photo(image)
    bpy.data.images.remove(image)
    return pixels[..., :3].astype(np.float32) / 255
