"""How long a frame of splats takes, and how close it comes to the project's own rasteriser. render.py looks closer.

Runs in Blender's Python; the worker's renders the reference picture, from what the add-on would send it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from .addon import add_plant, load, module
from .figures import ROOT, row

ENVIRONMENT = "blender"
SIZES = (256, 384)
"""Picture sizes [px]; the last one is compared with the rasteriser."""
CYCLES_SAMPLES = 4
VARIANTS = (
    ("EEVEE", False, "EEVEE"),
    ("EEVEE", True, "EEVEE, fast"),
    ("CYCLES", False, f"Cycles, {CYCLES_SAMPLES} samples"),
    ("CYCLES", True, f"Cycles, {CYCLES_SAMPLES} samples, fast"),
)
"""Engine, "Fast Render", and what the figures call it."""

REFERENCE = """
import sys
import numpy as np
from backend import arrays, taichi_runtime
from backend.render.rasteriser import Rasteriser
from backend.deformation import six_numbers
from backend.subject import Subject

taichi_runtime.start("f32")
subject = Subject.from_arrays(arrays.load(sys.argv[1]))
g = subject.gaussians
raster = Rasteriser(subject.camera, len(g), dilation=float(sys.argv[3]))
np.save(sys.argv[2], raster.render(g.positions, six_numbers(g.covariances()), g.colours, g.opacity, subject.background))
"""


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    load()
    scene, obj = plant_scene()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = rasterised(scene, module("scene.splats").world_gaussians(obj), folder)
        for engine, fast, label in VARIANTS:
            choose_engine(scene, engine)
            module("scene.drawing.display").fast_render(obj, fast)
            for size in SIZES:
                scene.render.resolution_x = scene.render.resolution_y = size
                begun = time.perf_counter()
                picture = render(scene, folder)
                rows.append(row(f"{label}, a frame of {size} px", time.perf_counter() - begun, "s"))
            figure = f"{label}{', ' if ',' in label else ' '}against the rasteriser, {SIZES[-1]} px"
            rows.append(row(figure, decibels(picture, reference), "dB"))
    return rows


def plant_scene() -> tuple[bpy.types.Scene, bpy.types.Object]:
    """The real plant, or the procedural one where it is absent, framed on a white world, pixels not filtered."""
    obj, scene = add_plant(), bpy.context.scene
    scene.world = bpy.data.worlds.new("white")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    scene.render.resolution_x = scene.render.resolution_y = SIZES[-1]
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_depth = "16"
    module("scene.look").prepare_scene(scene)
    module("scene.camera").frame_camera(bpy.context, [obj])
    scene.render.filter_size = 0
    scene.eevee.taa_render_samples = 1
    scene.cycles.samples = CYCLES_SAMPLES
    scene.cycles.use_adaptive_sampling = scene.cycles.use_denoising = False
    scene.cycles.pixel_filter_type = "BOX"
    return scene, obj


def choose_engine(scene: bpy.types.Scene, engine: str) -> None:
    """EEVEE was called EEVEE Next between Blender 4.2 and 4.5."""
    try:
        scene.render.engine = {"EEVEE": "BLENDER_EEVEE"}.get(engine, engine)
    except TypeError:
        scene.render.engine = "BLENDER_EEVEE_NEXT"


def render(scene: bpy.types.Scene, folder: Path) -> np.ndarray:
    """The scene camera's picture [H, W, 3], display values."""
    scene.render.filepath = str(folder / "picture.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, -1)[::-1, :, :3]  # Blender's rows start at the bottom


def rasterised(
    scene: bpy.types.Scene,
    gaussians,
    folder: Path,
    *,
    world: float = 1.0,
    dilation: float = 0.0,
    finer: int = 1,
) -> np.ndarray:
    """The same view of world-frame splats by the worker's rasteriser [H, W, 3], before a grey `world`.

    `dilation` [px^2] is what trainers add to projected covariances; each pixel is the mean of `finer`^2.
    """
    worker = os.environ.get("SWAY_WORKER_PYTHON", str(ROOT / ".venvs/worker/bin/python"))
    arrays, subject, camera = map(module, ("backend.arrays", "backend.subject", "scene.camera"))
    view = camera.camera_of(scene)
    fine = view.resized(view.width * finer, view.height * finer)
    gaussians = gaussians.seen_from(view.eye)
    still = np.zeros(len(gaussians), np.int32)
    sent = subject.Subject(gaussians, still, fine, np.full(3, world), fps=24.0)
    path = arrays.save(folder / "subject.npz", sent.to_arrays())
    made = folder / "reference.npy"
    arguments = [str(path), str(made), str(dilation * finer**2)]
    subprocess.run([worker, "-c", REFERENCE, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return np.load(made).reshape(view.height, finer, view.width, finer, 3).mean((1, 3))


def decibels(picture: np.ndarray, reference: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two pictures of values 0..1."""
    return -10 * float(np.log10(np.mean((picture - reference) ** 2)))
