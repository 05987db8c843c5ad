"""The arrows between the folders, held by what modules really import."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

BLENDER_SIDE = ("operators", "panels", "gizmos", "properties", "scene", "jobs")
COMPUTE = {"torch", "taichi", "gsplat", "diffusers", "cv2", "scipy", "av", "safetensors"}
SHARED = {
    "api",
    "arrays",
    "baking",
    "brush",
    "camera",
    "deformation",
    "editing",
    "formats",
    "gaussians",
    "material_file",
    "parts",
    "picture",
    "picture_motion",
    "rotations",
    "safetensors_file",
    "sample",
    "spectral",
    "spectral_volume",
    "spherical_harmonics",
    "srgb",
    "subject",
    "surroundings",
    "swing",
    "trajectory",
    "units",
}
"""Modules of the backend that Blender may import: they need nothing but numpy."""


def imports_of(path):
    """(level, dotted name) of every import statement of a file, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [f"{module}.{alias.name}".strip(".") for alias in node.names]
            yield from ((node.level, name) for name in names)


def files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", BLENDER_SIDE)
def test_blender_side_imports_no_compute_package(folder):
    """Blender's Python has only numpy: nothing on its side may ask for more."""
    for path in files(folder):
        for level, name in imports_of(path):
            assert level or name.split(".")[0] not in COMPUTE, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("folder", BLENDER_SIDE)
def test_blender_side_takes_only_the_shared_modules_of_the_backend(folder):
    """operators, panels, properties, scene and jobs see the contract and the numpy-only nouns, nothing deeper."""
    for path in files(folder):
        for level, name in imports_of(path):
            if level == 2 and name.startswith("backend."):
                assert name.split(".")[1] in SHARED, f"{path.relative_to(ROOT)} imports {name}"


def test_backend_never_imports_bpy_nor_the_blender_side():
    """The worker has no Blender, and the backend works as `backend` and inside the add-on alike."""
    for path in files("backend"):
        depth = len(path.relative_to(ROOT / "backend").parts)
        for level, name in imports_of(path):
            assert name.split(".")[0] not in {"bpy", "mathutils", "backend"} or level, f"{path} imports {name}"
            assert level <= depth, f"{path} reaches outside the backend: {'.' * level}{name}"


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        (" ".join(f"backend.api.{path.stem}" for path in files("backend/api")), "numpy"),
        (" ".join(f"backend.{name}" for name in sorted(SHARED)), "torch taichi scipy cv2 av safetensors"),
    ],
)
def test_what_blender_imports_loads_nothing_heavy(modules, absent):
    """The contract needs the standard library only, the shared modules numpy only."""
    code = f"import sys, importlib\nfor m in {modules.split()!r}: importlib.import_module(m)\n"
    code += f"print(*[m for m in {absent.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
