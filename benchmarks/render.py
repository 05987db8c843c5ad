"""How close Blender's pictures of splats come to the project's own rasteriser: cameras, worlds, dilation, harmonics.

Every figure is the worst of its views, of the plant's crown alone: a quarter of its splats, as deep as the rest. Cycles
draws small pictures, for its time goes with the pixels: 16 samples a pixel against the mean of 2 x 2 of the
rasteriser's. It draws what the manual names for Cycles, Fast Render, and of spheres, which take it ten times as long,
the view that shows them at their worst. Also how much the viewport gains by leaving out what shows least.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from math import radians
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .addon import load, module
from .figures import row
from .look import choose_engine, decibels, plant_scene, rasterised, render

ENVIRONMENT = "blender"
EEVEE_SIZE, CYCLES_SIZE, SPHERES_SIZE = 256, 128, 64
"""Picture sizes [px]."""
CYCLES_SAMPLES = 16
CROWN = 0.75
"""Share of the splats below the crown."""
HARMONICS = 0.08
"""Standard deviation of random coefficients: as strong as captures of glossy things have them."""
MANY = 1_000_000


@dataclass(frozen=True)
class View:
    """One picture: the front camera turned around the subject, and what is behind it."""

    angle: float
    """Degrees."""
    lens: float
    """Focal length, mm; the camera comes closer or goes away as it changes."""
    world: float
    """Grey of the world, 0 to 1."""


FRONT, DARK, ASIDE, BEHIND = View(0, 50, 1), View(0, 50, 0), View(115, 28, 1), View(230, 85, 0)


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit."""
    load()
    scene, plant = plant_scene()
    obj, display = crown(plant), module("scene.drawing.display")
    scene.cycles.samples = CYCLES_SAMPLES
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(scene, obj, Path(name))
        rows = stage.rows("EEVEE", EEVEE_SIZE, (FRONT, DARK, ASIDE, BEHIND))
        rows.append(stage.row("CYCLES", SPHERES_SIZE, (BEHIND,), "spheres"))
        display.fast_render(obj, True)
        rows += stage.rows("CYCLES", CYCLES_SIZE, (FRONT, BEHIND))
        display.fast_render(obj, False)
        stage.add_harmonics()
        rows.append(stage.row("EEVEE", EEVEE_SIZE, (ASIDE,), "harmonics of degree 3"))
        display.fast_render(obj, True)
        rows.append(stage.row("CYCLES", CYCLES_SIZE, (ASIDE,), "harmonics of degree 3"))
    return rows + _viewport()


def crown(plant: bpy.types.Object) -> bpy.types.Object:
    """The upper splats of the plant in its place, before the camera."""
    splats = module("scene.splats")
    cloud = splats.world_gaussians(plant)
    height = cloud.positions[:, 2]
    bpy.data.objects.remove(plant)
    obj = splats.add_splats(
        bpy.context, "crown", cloud.select(np.flatnonzero(height > np.quantile(height, CROWN))), up="+Z"
    )
    module("scene.camera").frame_camera(bpy.context, [obj])
    return obj


class Stage:
    """The splats before the camera, and the pictures taken of it."""

    def __init__(self, scene: bpy.types.Scene, obj: bpy.types.Object, folder: Path) -> None:
        self._scene, self._obj, self._folder = scene, obj, folder
        self._front = scene.camera.matrix_world.copy()
        self._middle = Vector(np.median(module("scene.splats").world_gaussians(obj).positions, axis=0))

    def rows(self, engine: str, size: int, views: tuple[View, ...]) -> list[dict]:
        """Without the dilation and with it."""
        plain = self.row(engine, size, views, "")
        return [plain, self.row(engine, size, views, "0.3 px dilation", dilation=0.3)]

    def row(self, engine: str, size: int, views: tuple[View, ...], what: str, dilation: float = 0.0) -> dict:
        """The worst of some views."""
        display, nodes = module("scene.drawing.display"), module("scene.nodes")
        nodes.set_input(self._obj.modifiers[display.MODIFIER], display.DILATED, dilation > 0)
        choose_engine(self._scene, engine)
        self._scene.render.resolution_x = self._scene.render.resolution_y = size
        worst = min(self._decibels(view, dilation, finer=1 if engine == "EEVEE" else 2) for view in views)
        label = {"EEVEE": "EEVEE", "CYCLES": f"Cycles, {CYCLES_SAMPLES} samples"}[engine]
        return row(", ".join(filter(None, (label, what, "against the rasteriser"))), worst, "dB")

    def add_harmonics(self) -> None:
        """Gives the plant harmonics up to degree 3 that it never had."""
        splats, rng = module("scene.splats"), np.random.default_rng(0)
        for k in range(15):
            values = rng.normal(0, HARMONICS, (len(self._obj.data.points), 3))
            splats.write_attribute(self._obj, f"{splats.SH_PREFIX}{k}", "FLOAT_VECTOR", values)

    def _decibels(self, view: View, dilation: float, finer: int) -> float:
        camera, world = self._scene.camera, self._scene.world.node_tree.nodes["Background"]
        around = Matrix.Rotation(radians(view.angle), 4, "Z")
        away = (self._front.translation - self._middle) * (view.lens / FRONT.lens)
        looking = around @ self._front.to_3x3().to_4x4()
        camera.matrix_world = Matrix.Translation(self._middle + around @ away) @ looking
        camera.data.lens = view.lens
        world.inputs["Color"].default_value = (*(view.world,) * 3, 1)
        bpy.context.view_layer.update()
        gaussians = module("scene.splats").world_gaussians(self._obj)
        options = {"world": view.world, "dilation": dilation, "finer": finer}
        reference = rasterised(self._scene, gaussians, self._folder, **options)
        return decibels(render(self._scene, self._folder), reference)


def _viewport() -> list[dict]:
    """How long Blender takes to evaluate a large cloud for the viewport, with the limit and without."""
    gaussians, splats = module("backend.gaussians"), module("scene.splats")
    display, nodes = module("scene.drawing.display"), module("scene.nodes")
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    rng = np.random.default_rng(0)
    turns = rng.normal(size=(MANY, 4))
    cloud = gaussians.Gaussians(
        positions=rng.normal(size=(MANY, 3)).astype(np.float32),
        rotations=(turns / np.linalg.norm(turns, axis=1, keepdims=True)).astype(np.float32),
        scales=np.exp(rng.normal(-5, 1, (MANY, 3))).astype(np.float32),
        opacity=rng.uniform(0.05, 1, MANY).astype(np.float32),
        sh=gaussians.sh_from_colours(rng.uniform(0, 1, (MANY, 3))),
    )
    obj = splats.add_splats(bpy.context, "many", cloud)
    modifier, seconds = obj.modifiers[display.MODIFIER], []
    for limit in (display.LIMIT, MANY):
        nodes.set_input(modifier, display.VIEWPORT_LIMIT, limit)
        best = np.inf
        for _ in range(3):
            obj.update_tag()
            begun = time.perf_counter()
            bpy.context.view_layer.update()
            best = min(best, time.perf_counter() - begun)
        seconds.append(best)
    count = f"{MANY:,} splats in the viewport"
    return [
        row(f"{count}, a change", seconds[0], "s"),
        row(f"{count}, times quicker than without the limit", seconds[1] / seconds[0], "times"),
    ]
