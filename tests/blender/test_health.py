"""First run in Blender: what is refused without network or backend, and what the health check finds."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def preferences(empty_scene, tmp_path, monkeypatch):
    """The add-on's preferences, with folders of their own and no backend."""
    import bpy

    monkeypatch.delenv("SWAY_WORKER_PYTHON", raising=False)
    chosen = bpy.context.preferences.addons["bl_ext.user_default.sway"].preferences
    chosen.cache_folder, chosen.backend_folder = str(tmp_path / "cache"), str(tmp_path / "backend")
    yield chosen
    for name in ("cache_folder", "backend_folder", "worker_python", "wheels", "source", "health"):
        chosen.property_unset(name)


def test_nothing_is_installed_while_blender_is_offline(preferences, tmp_path):
    """Blender's online access is respected, with the way out named; an absent or empty folder of wheels is refused."""
    import bpy

    assert not bpy.app.online_access  # as a Python module it never is
    with pytest.raises(RuntimeError, match="folder of wheels"):
        bpy.ops.sway.install_backend()
    preferences.source = "WHEELS"
    with pytest.raises(RuntimeError, match="Choose the folder"):
        bpy.ops.sway.install_backend()
    preferences.wheels = str(tmp_path)
    with pytest.raises(RuntimeError, match="holds no wheels"):
        bpy.ops.sway.install_backend()


def test_health_without_a_backend_names_what_is_missing(preferences):
    """The check runs, warns, and the report says the rest all the same, without the name of the person's folder."""
    import bpy
    from bl_ext.user_default.sway.operators import install_health

    assert bpy.ops.sway.health_check() == {"FINISHED"}
    found = {finding.name: finding for finding in install_health.findings()}
    assert found["Backend"].level == "bad" and "Install Backend" in found["Backend"].text
    assert found["Cache folder"].level == "good"
    assert bpy.ops.sway.copy_health() == {"FINISHED"}
    assert str(Path.home()) not in bpy.data.texts["Sway Health Report"].as_string()


def test_health_with_the_backend_tells_versions_and_devices(preferences, worker):
    """With a backend the check computes, and compares its packages with those Sway was tested with."""
    import bpy
    from bl_ext.user_default.sway.operators import install_health

    preferences.worker_python = worker
    assert bpy.ops.sway.health_check() == {"FINISHED"}
    found = {finding.name: finding for finding in install_health.findings()}
    assert all(finding.level != "bad" for finding in found.values())
    assert "torch" in found["Packages"].text and found["Computes on"].text


def test_differences_ignore_builds_and_other_pythons(package):
    """torch 2.13.0+cpu is the pinned torch 2.13.0; either of two versions for two Pythons will do; others are told."""
    from bl_ext.user_default.sway.operators.install_health import differences

    pins = 'torch==2.13.0\nnumpy==2.4.6; python_version >= "3.11"\nnumpy==2.2.6; python_version < "3.11"\n'
    assert differences({"torch": "2.13.0+cpu", "numpy": "2.2.6", "python": "3.11"}, pins) == []
    assert differences({"torch": "2.12.0"}, pins) == [("torch", "2.12.0", "2.13.0")]
