"""What edits of splats do alike: motion that was made stays with the splats that stay, and parts are noted anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import numpy as np

from ... import preferences
from ...backend import arrays
from ...backend.editing import kept_binding
from ...jobs import queue, writing
from ...properties import steps
from ...scene import editing, playback, splats
from ...translations import say
from ..worker_operator import SplatsOperator

SELECT_MODES = [
    ("SET", "Set", "A new selection", "SELECT_SET", 0),
    ("ADD", "Extend", "Add to what is selected", "SELECT_EXTEND", 1),
    ("SUBTRACT", "Subtract", "Take away from what is selected", "SELECT_SUBTRACT", 2),
    ("INTERSECT", "Intersect", "Keep selected only what is selected already", "SELECT_INTERSECT", 3),
]


class SelectOperator(SplatsOperator):
    """Mixin of operators that find splats and select them; a button then shows them in Edit Mode."""

    bl_options = {"REGISTER", "UNDO"}

    mode: bpy.props.EnumProperty(name="Mode", description="What becomes of the earlier selection", items=SELECT_MODES)

    def found(self, context: bpy.types.Context, obj: bpy.types.Object) -> np.ndarray:
        """The splats that are meant [N], bool. Raises ValueError with one sentence."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = context.active_object
        try:
            found = self.found(context, obj)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(select(obj, found, self.mode)))
        return {"FINISHED"}


class RemoveOperator(SplatsOperator):
    """Mixin of operators that find splats and delete them, or select them to be looked at first."""

    bl_options = {"REGISTER", "UNDO"}

    action: bpy.props.EnumProperty(
        name="Action",
        items=[
            ("DELETE", "Delete", "Delete the splats that are found"),
            ("SELECT", "Select", "Only select them, in Edit Mode, to look at them first"),
        ],
    )

    def found(self, context: bpy.types.Context, obj: bpy.types.Object) -> np.ndarray:
        """The splats that are meant [N], bool. Raises ValueError with one sentence."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        obj = context.active_object
        try:
            found = self.found(context, obj)
            if self.action == "SELECT":
                sentence = select(obj, found, "SET")
            else:
                remove(context, obj, found)
                sentence = f"{int(found.sum()):,} splats deleted, {len(obj.data.points):,} left"
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(sentence))
        return {"FINISHED"}


def select(obj: bpy.types.Object, found: np.ndarray, mode: str) -> str:
    """Selects splats [N], bool, and says how many are selected now."""
    before = editing.read_selection(obj)
    both = {"SET": found, "ADD": before | found, "SUBTRACT": before & ~found, "INTERSECT": before & found}[mode]
    editing.write_selection(obj, both)
    if obj.mode == "OBJECT" and not bpy.app.background:
        bpy.ops.object.mode_set(mode="EDIT")  # where a selection is seen
    return f"{int(both.sum()):,} of {len(both):,} splats selected"


def selected(obj: bpy.types.Object) -> np.ndarray:
    """The selected splats [N], bool. Raises ValueError where there is none."""
    chosen = editing.read_selection(obj)
    if not chosen.any():
        raise ValueError("No splat is selected; select some in Edit Mode, or with the buttons under Select.")
    return chosen


def remove(context: bpy.types.Context, obj: bpy.types.Object, drop: np.ndarray) -> None:
    """Deletes splats [N], bool. What was fitted and simulated, previews and bakes go on with those that stay.

    Raises ValueError for none and for all of them, and while a job works on splats.
    """
    refuse_while_busy()
    if not drop.any():
        raise ValueError("No splat was found to delete; change the settings.")
    if drop.all():
        raise ValueError(f"That would delete every splat of {obj.name}; delete the object instead, or choose fewer.")
    users = editing.sharing(obj)
    previews = {user: playback.held(user) for user in users}
    for user in users:
        playback.stop(user)
    try:
        editing.delete(context, obj, drop)
    except ValueError:
        for user in users:
            playback.restore(user, previews[user])
        raise
    for user in users:
        _keep_motion(user, previews[user], ~drop)
        note_parts(context.scene, user)


def note_parts(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Notes the parts that an object has as a new result, so that what was made from others counts as outdated."""
    parts = splats.read_parts(obj)
    if not parts.any() and not obj.sway.parts.made:
        return
    moving = int((parts > 0).sum())
    found = {"moving": moving, "holding": len(parts) - moving}
    steps.finish(obj, "parts", steps.origin(scene, obj, "parts"), found=found)


def refuse_while_busy() -> None:
    """Raises ValueError while a job would give back something for splats that are no longer there."""
    if queue.running() or writing.running():
        raise ValueError("Sway is busy with a job for these splats; wait for it or cancel it first.")


def _keep_motion(obj: bpy.types.Object, preview: tuple[dict, object] | None, keep: np.ndarray) -> None:
    """Lets fit, simulation and preview of an object speak of the splats in `keep` [N], bool, that are left of it.

    The files stay as they are, so that undo finds them: what is left goes into new ones.
    """
    files: dict[str, str] = {}
    for step in ("fit", "simulate"):
        record = getattr(obj.sway, step)
        if not record.file:
            continue
        files[record.file] = _rewritten(obj, step, record.file, keep)
        if files[record.file]:
            record.file = files[record.file]
        else:
            steps.clear(obj, step)
    if preview is None or not preview[0]["path"]:
        return
    path = preview[0]["path"]
    path = files[path] if path in files else _rewritten(obj, "simulate", path, keep)
    if path:
        playback.restore(obj, (preview[0] | {"path": path}, None))


def _rewritten(obj: bpy.types.Object, step: str, path: str, keep: np.ndarray) -> str:
    """A new file of the motion of the splats that are left; "" where it cannot be read or moves none of them."""
    try:
        motion = kept_binding(arrays.load(bpy.path.abspath(path)), keep)
    except (OSError, ValueError, KeyError):
        return ""
    if not len(motion["binding_splats"]):
        return ""
    old = Path(bpy.path.abspath(path))
    new = arrays.save(preferences.job_folder(obj.name, step) / old.name, motion)
    picture = old.with_name("preview.png")
    if picture.is_file():
        shutil.copy(picture, new.with_name(picture.name))
    return str(new)
