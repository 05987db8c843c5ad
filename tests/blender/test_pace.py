"""Drawing how a job goes takes a share of the window's time, however slow the machine draws."""

from __future__ import annotations

import time

import pytest


@pytest.fixture
def pace(addon, monkeypatch):
    """A pace, the clock it reads as a list of one number, and what it has asked Blender to call after drawing."""
    import bpy
    from bl_ext.user_default.sway.operators import pace as module

    clock, after_drawing = [100.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(bpy.app.timers, "register", lambda call, **_: after_drawing.append(call), raising=False)
    return module.Pace(), module.SHARE, clock, after_drawing


@pytest.mark.parametrize("took", [0.01, 2.0])
def test_the_next_drawing_waits_for_its_share(pace, took):
    """After a drawing that took t, the next one is due once t is `SHARE` of the time since the drawing began."""
    pace, share, clock, after_drawing = pace
    assert pace.is_due
    pace.shown()
    clock[0] += took
    after_drawing.pop()()
    clock[0] = 100 + 0.99 * took / share
    assert not pace.is_due
    clock[0] = 100 + 1.01 * took / share
    assert pace.is_due


def test_preparing_counts_as_drawing(pace):
    """What was done for it before, such as reading a file, is part of what it took."""
    pace, share, clock, after_drawing = pace
    pace.shown(since=99.0)
    after_drawing.pop()()
    clock[0] = 99 + 0.99 / share
    assert not pace.is_due
