"""The frames of the README's moving pictures, made by Sway itself, from a capture, a photograph and the samples.

    python3 dev.py build
    .venvs/blender/bin/python -m tools.readme_pictures --package dist/sway-0.1.0.zip --data ../shared/data \\
        --worker .venvs/worker/bin/python --out out/readme
    .venvs/worker/bin/python -m tools.readme_films out/readme

Runs in Blender's environment like the demo (`tools/demo.py`). Subjects go through the add-on's own operators: import,
fit, simulate, bake, film. `tools.readme_films` lays what stands still behind them, and writes the GIFs.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .demo import ADDON, install

FPS = 24
EVERY = 2
"""Frames of the scene for one of the picture."""
SECONDS = 4
PIXELS = 480
CAPTURE = "splats/padilla_plant/plant.splat"
"""Marcel Padilla, CC-BY-4.0."""
PHOTO = "photos/dandelion_seeding/dandelion_seeding.jpg"
"""By Clements Engelhardt, CC0."""
BREEZE = 3.0
"""Strength of the photograph's motion: more than average wind, to be seen in a small picture."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--worker", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the captures")
    parser.add_argument("names", nargs="*", choices=[*MAKERS, []], help="which; all without any")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ["BLENDER_USER_RESOURCES"] = str(options.out / "blender-user")  # nobody's settings are touched

    import bpy

    for name in options.names or MAKERS:
        install(bpy, options)
        scene = bpy.context.scene
        scene.render.fps = FPS
        scene.frame_start, scene.frame_end = 1, SECONDS * FPS
        scene.render.resolution_x = scene.render.resolution_y = PIXELS
        folder = options.out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        MAKERS[name](bpy, folder, options.data)
        bpy.ops.preferences.addon_disable(module=ADDON)  # ends the worker


def plant(bpy, folder: Path, data: Path) -> None:
    """The whole chain on a capture: a gusty wind, kept as a loop without a seam."""
    scene = bpy.context.scene
    bpy.ops.sway.import_splats(filepath=str(data / CAPTURE), up="-Y")
    bpy.ops.sway.guess_parts()
    bpy.ops.sway.make_reference(source="wind")
    bpy.ops.sway.fit_material(strategy="modal")
    bpy.ops.sway.simulate(
        frames=5 * SECONDS * FPS // 4, wind="steady", strength=1.6, gustiness=0.7, direction=math.radians(30)
    )
    bpy.ops.sway.bake(target="loop", loop_frames=SECONDS * FPS)
    look_at(bpy, scene, height=0.48, reach=1.05)
    film(bpy, folder)


def sample(kind: str, look: Callable) -> Callable:
    """A maker of one of the samples of Add > Sway, as it plays."""

    def make(bpy, folder: Path, _data: Path) -> None:
        bpy.ops.sway.add_sample(kind=kind)
        look(bpy)
        film(bpy, folder)

    return make


def look_at(bpy, scene, height: float, reach: float, turn: float = 0.0, rise: float = 0.12) -> None:
    """Place the camera: `height` of the subject's middle as a share, `reach` times its size away from the frame's edge.

    `turn` goes round it and `rise` is how far the camera looks down, both radians.
    """
    import numpy as np
    from mathutils import Matrix, Vector

    obj = bpy.context.active_object
    places = np.empty(3 * len(obj.data.points), np.float32)
    obj.data.points.foreach_get("co", places)
    world = np.array(obj.matrix_world)
    places = places.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
    low, high = np.quantile(places, [0.002, 0.998], axis=0)
    size = float((high - low).max())
    data = bpy.data.cameras.get("Film") or bpy.data.cameras.new("Film")
    camera = bpy.data.objects.get("Film") or bpy.data.objects.new("Film", data)
    if camera.name not in scene.collection.objects:
        scene.collection.objects.link(camera)
    data.lens, data.sensor_width = 85.0, 36.0
    distance = reach * size / (2 * math.tan(data.angle / 2)) + 0.5 * float(high[1] - low[1])
    middle = Vector(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2] + height * (high[2] - low[2])))
    frame = Matrix.Rotation(turn, 4, "Z") @ Matrix.Rotation(math.pi / 2 - rise, 4, "X")
    camera.matrix_world = Matrix.Translation(middle + frame.to_3x3() @ Vector((0, 0, distance))) @ frame
    data.clip_start, data.clip_end = distance / 100, 100 * distance
    scene.camera = camera
    bpy.context.view_layer.update()


def film(bpy, folder: Path) -> None:
    """The splats alone, as pictures with transparency."""
    bpy.context.scene.frame_step = EVERY
    bpy.ops.sway.render_film(filepath=str(folder / "film.png"), format="png", transparent=True, trainer_blur=True)


def photograph(bpy, folder: Path, data: Path) -> None:
    """A photograph at one press: what moves is predicted, and exported as pictures."""
    image = bpy.data.images.load(str(data / PHOTO))
    bpy.ops.sway.picture_predict(image=image.name, preview=False)
    settings = image.sway.settings
    settings.strength = BREEZE
    settings.frames, settings.file_format, settings.directory = SECONDS * FPS, "png", str(folder)
    bpy.ops.sway.export_picture(image=image.name)


MAKERS: dict[str, Callable] = {
    "plant": plant,
    "photograph": photograph,
    "jelly": sample("jelly", lambda bpy: look_at(bpy, bpy.context.scene, 0.45, 1.5, rise=0.35)),
    "flag": sample("flag", lambda bpy: look_at(bpy, bpy.context.scene, 0.5, 1.2, turn=0.3)),
    "sand": sample("sand", lambda bpy: look_at(bpy, bpy.context.scene, 0.4, 1.6, rise=0.3)),
}

if __name__ == "__main__":
    main()
