"""The add-on's modules for benchmarks that run in Blender's Python, and the plant they use."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types

import bpy

from .figures import REAL_PLANT, ROOT

ADDON = "bl_ext.user_default.sway"


def load() -> None:
    """Makes the add-on's modules importable under the name that Blender gives them, unregistered."""
    for parent in ("bl_ext", "bl_ext.user_default"):
        sys.modules.setdefault(parent, types.ModuleType(parent)).__path__ = []
    spec = importlib.util.spec_from_file_location(ADDON, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    sys.modules[ADDON] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[ADDON])


def module(name: str) -> types.ModuleType:
    """A module of the add-on by its dotted name."""
    return importlib.import_module(f"{ADDON}.{name}")


def add_plant() -> bpy.types.Object:
    """The real plant, or the procedural one where it is absent, alone in an empty scene."""
    splats = module("scene.splats")
    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    if REAL_PLANT.exists():
        return splats.add_splats(bpy.context, "plant", module("backend.formats").read(REAL_PLANT).gaussians, up="-Y")
    return splats.add_splats(bpy.context, "plant", module("backend.sample").potted_plant(), up="+Z")
