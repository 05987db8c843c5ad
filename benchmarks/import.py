"""From file to object: how long large captures take and in what memory, what a round trip keeps, flip-books.

Each import is measured in a Blender of its own, through the operator. `processor` rows are the time that the processor
worked, on all its cores, which is less at the mercy of what else the machine does. Blender's own importer of .ply,
which keeps all properties too but draws no splats, is timed beside it. Rows of the formats themselves come from
benchmarks/formats.py, which runs in the worker's environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from .addon import ADDON, add_plant, load, module
from .figures import DATA, ROOT, row
from .look import choose_engine, plant_scene, rasterised, render

ENVIRONMENT = "blender"
MILLION = 1_000_000
TIMES = 3
"""Imports of a file; the fastest counts, since a shared machine only ever adds time."""
PLAYBOT = DATA / "splats/playcanvas_playbot_sog/0_0"
TILT, DEGREES, SCALE = (1.0, 2.0, -0.5), 37, 1.7
SIZE = 256
"""Picture size of the round trip [px]."""
PAGES = 4


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit; MB are 10^6 bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = _imports(folder)
        load()
        rows += _round_trip(folder)
        rows += _flipbook(folder)
        return rows + _formats(folder)


def _imports(folder: Path) -> list[dict]:
    """Time and memory of large files, and what Blender has to ask Python when the view changes afterwards."""
    path = folder / "million.ply"
    _write_million(path)
    found = [_imported(path) for _ in range(TIMES)]
    label = "1,000,000 splats of degree 3 from .ply"
    rows = [
        row(f"Import of {label}", min(f["seconds"] for f in found), "s"),
        row(f"Import of {label}, processor", min(f["processor"] for f in found), "s"),
        row(
            f"Import of {label}, over Blender's own importer of .ply",
            min(f["seconds"] / f["own"] for f in found),
            "x",
        ),
        row(f"Import of {label}, peak memory", max(f["peak"] for f in found) / path.stat().st_size, "x file"),
        row("Python functions called as the view changes", max(f["calls"] for f in found), ""),
    ]
    path.unlink()
    if PLAYBOT.exists():
        found = [_imported(PLAYBOT) for _ in range(TIMES)]
        label = "500,000 splats of degree 2 from .sog"
        rows += [
            row(f"Import of {label}", min(f["seconds"] for f in found), "s"),
            row(f"Import of {label}, processor", min(f["processor"] for f in found), "s"),
            row(f"Import of {label}, peak memory", max(f["peak"] for f in found) / 1e6, "MB"),
        ]
    return rows


def _write_million(path: Path) -> None:
    """A file as trainers write it, of random splats."""
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *(f"f_rest_{k}" for k in range(45))]
    names += ["opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    rows = np.random.default_rng(0).standard_normal((MILLION, len(names)), np.float32)
    rows[:, names.index("scale_0") :][:, :3] -= 5
    properties = "".join(f"property float {name}\n" for name in names)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {MILLION}\n{properties}end_header\n"
    with open(path, "wb") as file:
        file.write(header.encode())
        rows.tofile(file)


def _imported(path: Path) -> dict[str, float]:
    """What `measure` finds in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.import", str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(path: str) -> dict[str, float]:
    """Wall and processor time [s] and memory on top of Blender's own [bytes] of an import; calls at a view change."""
    load()
    addon, preferences = sys.modules[ADDON], bpy.context.preferences.addons
    entry = preferences.new()
    entry.module = ADDON
    addon.register()
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before, begun, worked = _memory("VmRSS"), time.perf_counter(), time.process_time()
    bpy.ops.sway.import_splats("EXEC_DEFAULT", True, filepath=path)
    found = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - worked}
    found["peak"] = _memory("VmHWM") - before
    found["calls"] = _calls_as_the_view_changes(camera)
    if path.endswith(".ply"):
        begun = time.perf_counter()
        bpy.ops.wm.ply_import(filepath=path)
        found["own"] = time.perf_counter() - begun
    addon.unregister()
    preferences.remove(entry)
    return found


def _memory(name: str) -> int:
    """A line of the process's status [bytes]."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def _calls_as_the_view_changes(camera: bpy.types.Object) -> int:
    """How many functions of Python run while colours are computed anew for another place of the camera."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    layer = bpy.context.view_layer
    layer.update()
    sys.setprofile(count)
    camera.location.x = 1.0
    layer.update()
    sys.setprofile(None)
    return calls


def _round_trip(folder: Path) -> list[dict]:
    """The plant with harmonics of degree 3, turned, scaled, exported and imported, from the camera turned along."""
    from mathutils import Matrix, Vector

    scene, obj = plant_scene()
    splats, formats, shown = map(module, ("scene.splats", "backend.formats", "scene.shown"))
    rng = np.random.default_rng(0)
    for k in range(15):
        values = rng.normal(0, 0.08, (len(obj.data.points), 3))
        splats.write_attribute(obj, f"{splats.SH_PREFIX}{k}", "FLOAT_VECTOR", values)
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    choose_engine(scene, "EEVEE")
    before = render(scene, folder), rasterised(scene, splats.world_gaussians(obj), folder)
    turn = Matrix.Rotation(np.radians(DEGREES), 4, Vector(TILT)) @ Matrix.Scale(SCALE, 4)
    obj.matrix_world = turn @ obj.matrix_world
    bpy.context.view_layer.update()
    turned = shown.shown_gaussians(bpy.context, obj).transformed(shown.from_world("-Y"), rotate_sh=True)
    formats.write(folder / "turned.ply", turned, "-Y")
    bpy.data.objects.remove(obj)
    file = formats.read(folder / "turned.ply")
    again = splats.add_splats(bpy.context, "again", file.gaussians, file.up)
    place, rotation, _ = (turn @ scene.camera.matrix_world).decompose()
    scene.camera.matrix_world = Matrix.LocRotScale(place, rotation, None)
    scene.camera.data.clip_start *= SCALE
    scene.camera.data.clip_end *= SCALE
    bpy.context.view_layer.update()
    after = render(scene, folder), rasterised(scene, splats.world_gaussians(again), folder)
    return [
        row(f"Round trip, degree 3, {way}", -10 * np.log10(np.mean((a - b) ** 2)), "dB")
        for way, a, b in zip(("EEVEE", "rasteriser"), before, after, strict=True)
    ]


def _flipbook(folder: Path) -> list[dict]:
    """A few clouds like the plant, no two of them with as many splats, as files and on the timeline."""
    formats, flipbook = module("backend.formats"), module("scene.bakes.flipbook")
    cloud = module("scene.splats").read_splats(add_plant())
    for k in range(PAGES):
        formats.write(folder / f"page_{k}.ply", cloud.select(np.s_[k:]))
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    begun = time.perf_counter()
    book = flipbook.begin(bpy.context, formats.sequence_of(folder / "page_0.ply"), formats.read, "PACKED")
    for frame in book.missing():
        book.write(frame, formats.read)
    obj = flipbook.attach(bpy.context, book, "-Y")
    each = (time.perf_counter() - begun) / PAGES
    obj.modifiers["Sway Splats"].show_viewport = False  # drawing is the same for every cloud
    times = []
    for frame in book.frames:
        begun = time.perf_counter()
        bpy.context.scene.frame_set(frame)
        times.append(time.perf_counter() - begun)
    return [
        row(f"Flip-book of {len(cloud):,} splats, import of a frame", each, "s"),
        row(f"Flip-book of {len(cloud):,} splats, a frame for the first time", 1e3 * max(times), "ms"),
    ]


def _formats(folder: Path) -> list[dict]:
    """The rows of benchmarks/formats.py."""
    worker = os.environ.get("SWAY_WORKER_PYTHON", str(ROOT / ".venvs/worker/bin/python"))
    out = folder / "formats.json"
    subprocess.run([worker, "-m", "benchmarks", "formats", str(out)], cwd=ROOT, check=True)
    return json.loads(out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
