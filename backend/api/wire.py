"""Messages between Blender and the worker, one JSON object a line. Arrays never travel here, only paths of files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Submit:
    """Blender -> worker: run a job. `kind` names a module of `backend.jobs`."""

    job: str
    kind: str
    folder: str
    """Where the job may write; its outputs are files in there."""
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    """Files that the job reads, by name."""


@dataclass(frozen=True)
class Cancel:
    """Blender -> worker: stop a job that waits or runs."""

    job: str


@dataclass(frozen=True)
class Ready:
    """Worker -> Blender, once, at the start."""

    device: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Progress:
    job: str
    fraction: float
    """Of the whole job, 0..1."""
    stage: str
    eta: float | None
    """Seconds to the end, None while unknown."""


@dataclass(frozen=True)
class Preview:
    """A picture of the work so far."""

    job: str
    path: str


@dataclass(frozen=True)
class Partial:
    """An output as far as it is finished: a file of its own, which the job leaves alone for some seconds."""

    job: str
    path: str


@dataclass(frozen=True)
class Log:
    job: str
    level: Literal["info", "warning"]
    text: str


@dataclass(frozen=True)
class Done:
    """The last message of a job; exactly one for each."""

    job: str
    state: Literal["finished", "cancelled", "failed"]
    outputs: dict[str, str] = field(default_factory=dict)
    """Files, by name."""
    results: dict[str, Any] = field(default_factory=dict)
    """Plain numbers and texts for reports."""
    error: str = ""
    """One sentence a person can act on; only when failed."""


Message = Submit | Cancel | Ready | Progress | Preview | Partial | Log | Done
_TYPES: dict[str, type] = {c.__name__.lower(): c for c in get_args(Message)}


def to_jsonable(value: Any) -> Any:
    """Dataclasses become objects, enums their names, tuples lists."""
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_jsonable(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_jsonable(v) for v in value]
    return value


def from_jsonable(cls: type, data: dict[str, Any]) -> Any:
    """The dataclass `cls` from its JSON form. Raises ValueError for an unknown field or enum name."""
    unknown = data.keys() - {f.name for f in fields(cls)}
    if unknown:
        raise ValueError(f"{cls.__name__} has no field {', '.join(sorted(unknown))}.")
    hints = get_type_hints(cls)
    return cls(**{name: _typed(hints[name], value, name) for name, value in data.items()})


def _typed(hint: Any, value: Any, name: str) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        if value not in hint.__members__:
            raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(hint.__members__)}.")
        return hint[value]
    if get_origin(hint) is tuple:
        return tuple(value)
    if hint in (int, float) and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise ValueError(f"{name} is {value!r}; it must be a number.")
    return value


def encode(message: Message) -> str:
    """One line of JSON, without the line break."""
    return json.dumps({"type": type(message).__name__.lower(), **asdict(message)})


def decode(line: str) -> Message:
    """The message of one line. Raises ValueError when it is none."""
    data = json.loads(line)
    cls = _TYPES.get(data.pop("type", "")) if isinstance(data, dict) else None
    if cls is None:
        raise ValueError(f"not a message: {line[:80]!r}")
    return from_jsonable(cls, data)
