"""Preview of a trajectory that is not baked yet: a frame handler poses the object as the timeline moves.

The rest pose is never overwritten (see motion.py): the handler writes attributes beside it, and stopping removes them.
What the object shows, from which frame, and the file it comes from are saved on the object, so that a reopened .blend
plays on; the arrays live here, in memory, by the object's session_uid.
"""

from __future__ import annotations

import atexit
import os
import uuid
from collections.abc import Callable

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..backend import arrays
from ..backend.trajectory import Trajectory
from . import motion, splats

PREVIEW = "sway_preview"
"""Custom property of a previewed object: frame_start, the matrix the motion was made with, the path of its file, and
a name of its own for the motion, by which an object is found to show another one since an undo."""

_posers: dict[int, tuple[str, motion.Poser]] = {}
"""By session_uid, with the motion's name."""
_unreadable: dict[int, tuple[str, str]] = {}
"""Why an object's file could not be read, with the motion's name: told once, not tried again at each frame."""


def show(obj: bpy.types.Object, trajectory: Trajectory, frame_start: int, path: str = "") -> None:
    """Plays a trajectory on an object, its first frame at `frame_start`, until `stop`.

    `path` is the trajectory's .npz file, from which a reopened .blend plays on; without one it holds the pose it was
    saved in. Raises ValueError where the trajectory does not fit the object.
    """
    play(obj, motion.Poser.of(obj, trajectory, np.array(obj.matrix_world)), frame_start, path)


def play(obj: bpy.types.Object, poser: motion.Poser, frame_start: int, path: str = "") -> None:
    """As `show`, with a poser that `reading` has made."""
    motion.attach(obj)
    name = uuid.uuid4().hex
    obj[PREVIEW] = {
        "frame_start": int(frame_start),
        "matrix": poser.matrix.ravel().tolist(),
        "path": os.fspath(path),
        "motion": name,
    }
    _posers[obj.session_uid] = name, poser
    _unreadable.pop(obj.session_uid, None)
    _pose(obj, bpy.context.scene)


def reading(obj: bpy.types.Object, path: str, matrix: np.ndarray, frame_start: int) -> Callable[[], motion.Poser]:
    """What reads a trajectory for an object from its file and poses it at the current frame, in a thread.

    `matrix` [4, 4] is the object's matrix_world that the trajectory was made with. It raises ValueError where the
    trajectory does not fit the object.
    """
    name, rest = obj.name, splats.read_splats(obj, colours=False)
    frame = bpy.context.scene.frame_current_final - frame_start

    def read() -> motion.Poser:
        poser = motion.Poser(name, rest, Trajectory.from_arrays(arrays.load(path)), matrix)
        poser.pose(frame)
        return poser

    return read


def stop(obj: bpy.types.Object) -> None:
    """Ends the preview: the object shows its bake again, or its rest pose."""
    _posers.pop(obj.session_uid, None)
    _unreadable.pop(obj.session_uid, None)
    if PREVIEW in obj:
        del obj[PREVIEW]
    motion.clear_pose(obj)


def held(obj: bpy.types.Object) -> tuple[dict, tuple[str, motion.Poser] | None] | None:
    """The object's preview, for `restore`; None where there is none."""
    return (obj[PREVIEW].to_dict(), _posers.get(obj.session_uid)) if PREVIEW in obj else None


def restore(obj: bpy.types.Object, preview: tuple[dict, tuple[str, motion.Poser] | None] | None) -> None:
    """Puts back what `held` returned."""
    stop(obj)
    if preview is None:
        return
    obj[PREVIEW], poser = preview
    if poser is not None:
        _posers[obj.session_uid] = poser
    _pose(obj, bpy.context.scene)


def is_shown(obj: bpy.types.Object) -> bool:
    """Whether the object is being previewed."""
    return PREVIEW in obj


def speed(obj: bpy.types.Object) -> float:
    """Frames of the motion that the preview plays in a frame of the scene."""
    return float(obj[PREVIEW].get("speed", 1.0))


def set_speed(obj: bpy.types.Object, value: float) -> None:
    """Plays an object's preview faster or slower, from its first frame on, until another is shown."""
    obj[PREVIEW]["speed"] = value
    _pose(obj, bpy.context.scene)


def problem(obj: bpy.types.Object) -> str:
    """Why a previewed object does not move, as a sentence; empty where it does."""
    known = _unreadable.get(obj.session_uid)
    return known[1] if known and PREVIEW in obj and known[0] == _name(obj) else ""


def register() -> None:
    """Starts listening to the timeline."""
    _add(bpy.app.handlers.frame_change_pre, on_frame_change)
    _add(bpy.app.handlers.load_pre, forget)
    atexit.register(unregister)  # Blender as a Python module hangs at exit while a handler is registered


def unregister() -> None:
    """Stops listening. Previewed objects keep the pose they show; their rest pose stays in the file as always."""
    _remove(bpy.app.handlers.frame_change_pre, on_frame_change)
    _remove(bpy.app.handlers.load_pre, forget)
    atexit.unregister(unregister)
    forget()


@persistent
def on_frame_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None) -> None:
    """Poses every previewed object of a scene."""
    for obj in scene.objects:
        if PREVIEW in obj and obj.mode == "OBJECT":
            _pose(obj, scene)


@persistent
def forget(*_: object) -> None:
    """Drops all arrays: another file is about to be opened, where the same session_uid means something else."""
    _posers.clear()
    _unreadable.clear()


def _pose(obj: bpy.types.Object, scene: bpy.types.Scene) -> None:
    known = _posers.get(obj.session_uid)
    # Splats were deleted, or that was undone; or an undo has put another motion in place.
    if known is not None and (known[0] != _name(obj) or len(known[1].rest) != len(obj.data.points)):
        del _posers[obj.session_uid]
        known = None
    poser = known[1] if known else _reloaded(obj)
    if poser is not None:
        poser.write(obj, (scene.frame_current_final - obj[PREVIEW]["frame_start"]) * speed(obj))


def _name(obj: bpy.types.Object) -> str:
    """Of the motion that an object previews; "" in files of earlier versions."""
    return obj[PREVIEW].get("motion", "")


def _reloaded(obj: bpy.types.Object) -> motion.Poser | None:
    """The poser of an object whose arrays are not in memory, from its file; None, with the reason noted, on failure."""
    name = _name(obj)
    known = _unreadable.get(obj.session_uid)
    if known and known[0] == name:
        return None
    path = bpy.path.abspath(obj[PREVIEW]["path"])
    matrix = np.array(obj[PREVIEW]["matrix"], float).reshape(4, 4)
    try:
        if not path:
            raise ValueError("the simulation was not finished; simulate again")
        poser = motion.Poser.of(obj, Trajectory.from_arrays(arrays.load(path)), matrix)
    except (OSError, ValueError, KeyError) as error:
        said = f"{obj.name} holds its pose: its motion could not be read from {path!r} ({error})"
        _unreadable[obj.session_uid] = name, said if path else f"{obj.name} holds its pose: {error}"
        return None
    _posers[obj.session_uid] = name, poser
    return poser


def _add(handlers: list, function: object) -> None:
    if function not in handlers:
        handlers.append(function)


def _remove(handlers: list, function: object) -> None:
    if function in handlers:
        handlers.remove(function)
