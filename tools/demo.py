"""The main job, through the add-on's own operators in a real Blender without a window. Run by `dev.py demo`.

Installs the built zip as Blender would, imports a splat file, guesses parts, makes a reference motion, fits, simulates,
bakes, renders, and writes scene.blend, frames/, report.json; `tools.film` then makes the film and the sheet.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ADDON = "bl_ext.user_default.sway"
FULL = {"frames": 48, "render_every": 2, "pixels": 256, "iterations": 3}
QUICK = {"frames": 36, "render_every": 4, "pixels": 160, "iterations": 1}
LOSS = "tracks, root mean square in pixels"
SKY = (0.87, 0.9, 0.93, 1.0)

seconds: dict[str, float] = {}


@contextmanager
def stage(name: str):
    """Time a stage and say that it runs."""
    print(f"{name} ...", end=" ", flush=True)
    begun = time.monotonic()
    yield
    seconds[name] = time.monotonic() - begun
    print(f"{seconds[name]:.1f} s", flush=True)


def main() -> None:
    options = arguments()
    size = QUICK if options.quick else FULL
    out = options.out
    shutil.rmtree(out / "frames", ignore_errors=True)
    (out / "frames").mkdir(parents=True, exist_ok=True)
    # A user folder of its own: nobody's Blender settings are read or written. Must be set before Blender starts.
    os.environ["BLENDER_USER_RESOURCES"] = str(out / "blender-user")

    import bpy

    with stage("Installing the extension"):
        install(bpy, options)
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = size["pixels"]
    scene.frame_start, scene.frame_end = 1, size["frames"]
    set_world(bpy, scene)
    with stage("Importing"):
        source, up = options.input, options.up
        if source is None:
            source, up = sample_plant(out), "+Z"
        bpy.ops.sway.import_splats(filepath=str(source), up=up or "AUTO")
    obj = bpy.context.active_object
    obj.sway.fast_render = True  # the camera's view is all that is rendered, without motion blur
    with stage("Guessing parts"):
        bpy.ops.sway.guess_parts()
    with stage("Making the reference motion"):
        bpy.ops.sway.make_reference(source="wind")
    with stage("Fitting the material"):
        bpy.ops.sway.fit_material(iterations=size["iterations"])
    with stage("Simulating"):
        bpy.ops.sway.simulate(frames=size["frames"], wind="steady")
    with stage("Baking"):
        bpy.ops.sway.bake()
    with stage("Saving"):
        bpy.ops.wm.save_as_mainfile(filepath=str(out / "scene.blend"), compress=True)
    with stage("Rendering"):
        rendered = render(bpy, scene, out, size["render_every"])
    shutil.copyfile(Path(obj.sway.reference.file).with_name("film.mp4"), out / "reference.mp4")
    report = make_report(obj, options, source, rendered)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    bpy.ops.preferences.addon_disable(module=ADDON)  # ends the worker, as quitting Blender would
    print(f"Wrote {out / 'report.json'}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--worker", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--up")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def install(bpy, options: argparse.Namespace) -> None:
    """Install the zip into an empty Blender, and tell it where the worker's Python and the cache are."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.extensions.package_install_files(
        filepath=str(options.package), repo="user_default", enable_on_install=True, overwrite=True
    )
    preferences = bpy.context.preferences.addons[ADDON].preferences
    preferences.worker_python = str(options.worker)
    preferences.cache_folder = str(options.out / "cache")


def set_world(bpy, scene) -> None:
    scene.world = bpy.data.worlds.new("Sky")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = SKY


def sample_plant(out: Path) -> Path:
    """The project's own procedural plant as a file, for machines without a capture."""
    from importlib import import_module

    plant = import_module(f"{ADDON}.backend.sample").potted_plant()
    path = out / "potted_plant.ply"
    import_module(f"{ADDON}.backend.formats").write_ply(path, plant)
    return path


def render(bpy, scene, out: Path, every: int) -> int:
    """Render every n-th frame with EEVEE; return how many."""
    engines = {item.identifier for item in scene.render.bl_rna.properties["engine"].enum_items}
    scene.render.engine = "BLENDER_EEVEE_NEXT" if "BLENDER_EEVEE_NEXT" in engines else "BLENDER_EEVEE"
    scene.eevee.taa_render_samples = 1  # the splat material is exact at one sample
    frames = range(scene.frame_start, scene.frame_end + 1, every)
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = str(out / "frames" / f"{frame:04d}.png")
        bpy.ops.render.render(write_still=True)
    return len(frames)


def make_report(obj, options: argparse.Namespace, source: Path, rendered: int) -> dict:
    found = {step: json.loads(getattr(obj.sway, step).summary) for step in ("reference", "fit", "simulate")}
    fit, simulation = found["fit"], found["simulate"]
    return {
        "input": source.name,
        "quick": options.quick,
        "splats": len(obj.data.points),
        "moving_splats": json.loads(obj.sway.parts.summary)["moving"],
        "driving_particles": fit["driving_particles"],
        "frames": simulation["frames"],
        "rendered_frames": rendered,
        "substeps_per_frame": simulation["substeps_per_frame"],
        "grid": fit["grid"],
        "cell": fit["cell_m"],
        "seconds": {
            **{name: round(value, 1) for name, value in seconds.items()},
            "total": round(sum(seconds.values()), 1),
        },
        "peak_rss_mb": {
            "blender": round(own_peak_rss_mb()),
            "worker": round(max(f["peak_rss_mb"] for f in found.values())),
        },
        "strategy": fit["strategy"],
        "loss": {"first": fit["loss_first"], "last": fit["loss_last"], "of": LOSS},
        "young_pa": fit["young_pa"],
        "clip_frequency_hz": fit["clip_frequency_hz"],
        "fitted_frequency_hz": fit["frequency_hz"],
        "gain_db": fit["gain_db"],
        "tip_amplitude": simulation["tip_amplitude_m"],
        "dominant_frequency_hz": simulation["dominant_frequency_hz"],
        "hold_part_max_displacement": simulation["hold_part_max_displacement_m"],
        "units": {"tip_amplitude": "m", "hold_part_max_displacement": "m", "cell": "m", "seconds": "s"},
    }


def own_peak_rss_mb() -> float:
    """Largest resident memory of this process [MB]; 0 on Windows, whose figure needs a package Blender lacks."""
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
