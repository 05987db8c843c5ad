"""Fixtures shared by every suite: the add-on under the name Blender gives it, real data, no foreign state."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ADDON = "bl_ext.user_default.sway"


@pytest.fixture(scope="session")
def data_file():
    """Path of a real capture under SWAY_DATA; skips, naming the file, where it is absent."""

    def find(name: str) -> Path:
        path = Path(os.environ.get("SWAY_DATA", ROOT.parent / "shared" / "data")) / name
        if not path.exists():
            pytest.skip(f"real data absent: {path}")
        return path

    return find


@pytest.fixture(scope="session")
def package():
    """The add-on under the name Blender gives it, importable but not registered."""
    # Blender makes the package of extensions itself as it starts, and without it does not enable Cycles.
    with contextlib.suppress(ImportError):
        import bpy  # noqa: F401
    for parent in ("bl_ext", "bl_ext.user_default"):
        sys.modules.setdefault(parent, types.ModuleType(parent)).__path__ = []
    spec = importlib.util.spec_from_file_location(ADDON, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules[ADDON] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def addon(package):
    """The add-on, loaded and registered as Blender would, from this checkout."""
    bpy = pytest.importorskip("bpy")

    # A real installation has an entry among the preferences; the add-on reads its own from there.
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    package.register()
    yield package
    package.unregister()
    bpy.context.preferences.addons.remove(entry)


@pytest.fixture
def empty_scene(addon):
    """A factory-fresh, empty Blender scene."""
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    return bpy.context.scene


@pytest.fixture
def plain_scene(package):
    """A factory-fresh, empty Blender scene with the add-on's modules importable, but nothing registered."""
    import bpy

    bpy.ops.wm.read_homefile(app_template="", use_empty=True)
    return bpy.context.scene
