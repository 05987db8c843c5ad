"""`param()`: one declaration of a parameter for the sidebar, the wire, the validation and the manual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import Enum
from typing import Any, get_type_hints


@dataclass(frozen=True)
class ParamSpec:
    """What a parameter means to a person; `unit` is an SI symbol, "" where there is none."""

    doc: str
    label: str = ""
    min: float | None = None
    max: float | None = None
    soft_min: float | None = None
    soft_max: float | None = None
    unit: str = ""
    subtype: str = "NONE"
    advanced: bool = False
    """Folded away in the sidebar."""


class Choice(Enum):
    """An enumeration whose members carry (label, description); the member's name travels on the wire."""

    @property
    def label(self) -> str:
        return self.value[0]

    @property
    def doc(self) -> str:
        return self.value[1]


def param(default: Any, doc: str, **spec: Any) -> Any:
    """A dataclass field with its default, sentence, bounds and unit."""
    return field(default=default, metadata={"param": ParamSpec(doc=doc, **spec)})


def specs(cls: type) -> Iterator[tuple[str, Any, Any, ParamSpec]]:
    """Yield (name, type, default, spec) of every parameter of a dataclass, in order."""
    hints = get_type_hints(cls)
    for f in fields(cls):
        yield f.name, hints[f.name], _default(f), f.metadata["param"]


def _default(f: Field) -> Any:
    return f.default if f.default is not MISSING else f.default_factory()  # type: ignore[misc]


def label_of(name: str, spec: ParamSpec) -> str:
    return spec.label or name.replace("_", " ").title()


def validate(params: Any) -> None:
    """Raise ValueError, naming parameter, value and range, for the first value outside its bounds."""
    for name, _type, _default_value, spec in specs(type(params)):
        value = getattr(params, name)
        for v in value if isinstance(value, tuple) else (value,):
            if isinstance(v, (int, float)) and not isinstance(v, bool):
                low, high = spec.min, spec.max
                if v != v or (low is not None and v < low) or (high is not None and v > high):
                    unit = f" {spec.unit}" if spec.unit else ""
                    raise ValueError(
                        f"{label_of(name, spec)} is {v:g}{unit}; it must lie between {_bound(low)} and "
                        f"{_bound(high)}{unit}."
                    )


def _bound(value: float | None) -> str:
    return "any value" if value is None else f"{value:g}"
