"""The order of work and where an object stands in it: to do, done, or outdated because something earlier changed."""

from __future__ import annotations

import json
import uuid
from enum import Enum
from typing import Any

import bpy

from ..backend.api.bake import BakeParams
from ..backend.api.fit import FitParams
from ..backend.api.reference import ReferenceParams
from ..backend.api.simulate import SimulateParams
from ..backend.api.wire import to_jsonable
from ..scene.acting import holding
from . import further_clips, materials
from .from_params import read

PARAMS: dict[str, type | None] = {
    "parts": None,
    "reference": ReferenceParams,
    "fit": FitParams,
    "simulate": SimulateParams,
    "bake": BakeParams,
}
"""The steps in order, with the class of their settings."""


class State(Enum):
    todo = "to do"
    done = "done"
    outdated = "outdated"


def params(scene: bpy.types.Scene, step: str) -> Any:
    """The current settings of a step."""
    cls = PARAMS[step]
    return read(getattr(scene.sway, step), cls) if cls else None


def state(scene: bpy.types.Scene, obj: bpy.types.Object, step: str) -> State:
    """Where the object stands with a step."""
    record = getattr(obj.sway, step)
    if not record.made:
        return State.todo
    return State.done if record.made_from == origin(scene, obj, step) else State.outdated


def finish(
    obj: bpy.types.Object,
    step: str,
    made_from: str,
    file: str = "",
    found: dict[str, Any] | None = None,
    *,
    made: str = "",
) -> None:
    """Note a step's result. `made_from` is what `origin` gave when the work began: settings may change meanwhile.

    `made` identifies it to what was made of it while it was still being made; a new name without.
    """
    record = getattr(obj.sway, step)
    record.made, record.made_from = made or uuid.uuid4().hex, made_from
    record.file, record.summary = file, json.dumps(found or {})


def clear(obj: bpy.types.Object, step: str) -> None:
    """Forget a step's result; files stay where they are."""
    record = getattr(obj.sway, step)
    record.made = record.made_from = record.file = record.summary = ""


def summary(obj: bpy.types.Object, step: str) -> dict[str, Any]:
    """What a step found; empty before it has run."""
    text = getattr(obj.sway, step).summary
    return json.loads(text) if text else {}


def origin(scene: bpy.types.Scene, obj: bpy.types.Object, step: str, earlier: str = "") -> str:
    """The settings and the earlier result that a step starts from, as one comparable text.

    `earlier` identifies a result that is still to come; without, it is the one that the object has.
    """
    before = needed(obj, step)
    further = further_clips.summary(obj, "" if earlier else obj.sway.reference.file) if step == "fit" else []
    if before and not earlier:
        earlier = getattr(obj.sway, before).made
    made_of = [materials.assignment_of(obj).to_jsonable()] if step == "simulate" and before != "fit" else []
    if step == "simulate":
        made_of += holding.summary(scene, obj)
    return json.dumps([earlier, to_jsonable(params(scene, step)), *made_of, *further])


def needed(obj: bpy.types.Object, step: str) -> str:
    """The step whose result a step starts from; "" for the first. Chosen materials need no fit."""
    if step == "simulate" and not materials.is_fitted(obj):
        return "parts"
    order = list(PARAMS)
    place = order.index(step)
    return order[place - 1] if place else ""
