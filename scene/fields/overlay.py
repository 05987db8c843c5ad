"""What splats are coloured by in the viewport: their stiffness, what was painted, how fast they go, their strain.

Speed and strain are those of the motion that plays, a preview or what was simulated and baked: a frame handler writes
one number a splat as the timeline moves. Where nothing is shown nothing is done.
"""

from __future__ import annotations

import atexit

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ...backend import arrays
from ...backend.trajectory import Trajectory
from .. import fcurves, nodes, playback, splats
from ..acting import holding
from ..bakes import bake, trajectory_bake, trajectory_group
from . import heat_map, painted
from .measures import Measures

STIFFNESS, PAINTED, HELD, SPEED, STRAIN = "STIFFNESS", "PAINTED", "HELD", "SPEED", "STRAIN"
KINDS = [
    ("NONE", "None", "Splats show their own colours"),
    (STIFFNESS, "Stiffness", "Young's modulus that was fitted or loaded, with what was painted on it"),
    (PAINTED, "Painted Stiffness", "How many times as stiff as its material a splat was painted"),
    (HELD, "Held", "Splats that hold still: by their part, by paint, by a pin or a holding plane; and painted free"),
    (SPEED, "Velocity", "How fast splats go in the motion that plays"),
    (STRAIN, "Strain", "Largest principal logarithmic strain in the motion that plays, by size"),
]
MOVING = (SPEED, STRAIN)
LEAST_SPAN = 0.5
"""Decades that the ramp of stiffness covers at least."""
PAINTED_SPAN = 1.0
"""Decades to either side that the ramp of what was painted covers."""
HELD_BY_PART, FREED, HELD_BESIDE = 0.0, 0.5, 1.0
"""Places on the ramp of what holds still by its part, was painted free, and is held by paint, pins and planes."""

_measures: dict[int, tuple[str, Measures]] = {}
"""Of the motions that are shown, by the object's session_uid, with the file they come from."""


def show(obj: bpy.types.Object, scene: bpy.types.Scene, kind: str) -> None:
    """Colours an object's splats by one of `KINDS`, or no longer. Raises ValueError where there is nothing to show."""
    if kind == "NONE":
        _measures.pop(obj.session_uid, None)
        heat_map.detach(obj)
        return
    values, (low, high) = _values(obj, scene, kind), _limits(obj, kind)
    heat_map.write(obj, values)
    heat_map.attach(obj, kind, low, high)


def refresh(obj: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Brings what is shown up to date; ends it where there is nothing to show any more."""
    kind = heat_map.kind(obj)
    if not kind:
        return
    try:
        show(obj, scene, kind)
    except ValueError:
        show(obj, scene, "NONE")


def register() -> None:
    """Starts listening to the timeline."""
    if on_frame_change not in bpy.app.handlers.frame_change_pre:
        bpy.app.handlers.frame_change_pre.append(on_frame_change)
        bpy.app.handlers.load_pre.append(forget)
    atexit.register(unregister)  # Blender as a Python module hangs at exit while a handler is registered


def unregister() -> None:
    """Stops listening."""
    if on_frame_change in bpy.app.handlers.frame_change_pre:
        bpy.app.handlers.frame_change_pre.remove(on_frame_change)
        bpy.app.handlers.load_pre.remove(forget)
    atexit.unregister(unregister)
    forget()


@persistent
def on_frame_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None) -> None:
    """Writes speed or strain of every object that shows it."""
    for obj in scene.objects:
        if heat_map.KIND in obj and heat_map.kind(obj) in MOVING:
            try:
                heat_map.write(obj, _values(obj, scene, heat_map.kind(obj)))
            except ValueError:
                show(obj, scene, "NONE")


@persistent
def forget(*_: object) -> None:
    """Drops all motions: another file is about to be opened."""
    _measures.clear()


def motion_frame(obj: bpy.types.Object, scene: bpy.types.Scene) -> tuple[float, float]:
    """Frame of the motion that an object shows now, and its frames in a frame of the scene."""
    now = scene.frame_current_final
    if playback.is_shown(obj):
        pace = playback.speed(obj)
        return (now - obj[playback.PREVIEW]["frame_start"]) * pace, pace
    if trajectory_bake.is_baked(obj):
        modifier = obj.modifiers[trajectory_group.MODIFIER]
        curve = fcurves.find(obj, nodes.input_path(modifier, trajectory_group.TIME))
        if curve is None:
            return float(nodes.get_input(modifier, trajectory_group.TIME)), 1.0
        return curve.evaluate(now), max(curve.evaluate(now + 0.5) - curve.evaluate(now - 0.5), 0.0)
    return now - scene.frame_start, 1.0


def _values(obj: bpy.types.Object, scene: bpy.types.Scene, kind: str) -> np.ndarray:
    """What is shown of every splat [N], NaN where nothing is."""
    if kind in MOVING:
        frame, pace = motion_frame(obj, scene)
        measures = _measures_of(obj)
        values = pace * measures.speed(frame) if kind == SPEED else 100 * measures.strain(frame)
        return measures.on_splats(values, len(obj.data.points))
    if kind == HELD:
        own, hold, parts = splats.read_parts(obj), painted.read_hold(obj), holding.parts_in(scene, obj)
        shown = np.where(parts == 0, HELD_BESIDE, np.nan).astype(np.float32)
        shown[(parts == 0) & (own == 0) & (hold != painted.HELD)] = HELD_BY_PART
        shown[(parts > 0) & (own < 1)] = FREED
        return shown
    stiffening = painted.read_stiffening(obj)
    if kind == PAINTED:
        return np.where(stiffening == 0, np.nan, stiffening)
    fitted = heat_map.read_stiffness(obj)
    if fitted is None:
        raise ValueError(f"{obj.name} has no fitted stiffness; press Fit Material first.")
    return np.where(fitted == 0, np.nan, fitted + stiffening)


def _limits(obj: bpy.types.Object, kind: str) -> tuple[float, float]:
    """Numbers at the ends of the ramp."""
    if kind in MOVING:
        measures = _measures_of(obj)
        return 0.0, max(measures.most("speed") if kind == SPEED else 100 * measures.most("strain"), 1e-6)
    if kind == PAINTED:
        return -PAINTED_SPAN, PAINTED_SPAN
    if kind == HELD:
        return 0.0, 1.0
    fitted, stiffening = heat_map.read_stiffness(obj), painted.read_stiffening(obj)
    assert fitted is not None
    shown = (fitted + stiffening)[fitted > 0]
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (4.0, 4.0)
    wider = max(LEAST_SPAN - (high - low), 0) / 2
    return low - wider, high + wider


def _measures_of(obj: bpy.types.Object) -> Measures:
    """Of the motion that an object plays. Raises ValueError where there is none to be read."""
    plays = playback.is_shown(obj) or bake.is_baked(obj)
    path = (obj[playback.PREVIEW]["path"] if playback.is_shown(obj) else "") or (obj.sway.simulate.file * plays)
    known = _measures.get(obj.session_uid)
    if known is not None and known[0] == path:
        return known[1]
    if not path:
        raise ValueError(f"{obj.name} has no motion to show; press Simulate first.")
    try:
        made = Measures(Trajectory.from_arrays(arrays.load(bpy.path.abspath(path))))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{obj.name}: its motion could not be read ({error}); simulate it again.") from error
    if len(made.trajectory.binding.splats) and made.trajectory.binding.splats.max() >= len(obj.data.points):
        raise ValueError(f"{obj.name}: its motion is of more splats than there are now; simulate it again.")
    _measures[obj.session_uid] = path, made
    return made
