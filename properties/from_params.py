"""Parameter dataclass -> Blender properties -> parameter dataclass: nobody writes those by hand."""

from __future__ import annotations

from collections.abc import Set
from enum import Enum
from typing import Any

import bpy

from ..backend.api.param import ParamSpec, label_of, specs

CONTEXT = "Sway"
"""Of translations: where Blender has another word for a name, as for its own Strength, Sway's is taken."""

_RNA_UNIT = {
    "m": "LENGTH",
    "m/s": "VELOCITY",
    "m/s²": "ACCELERATION",
    "kg": "MASS",
    "s": "TIME_ABSOLUTE",
    "rad": "ROTATION",
}


def property_of(name: str, hint: Any, default: Any, spec: ParamSpec, options: Set[str] = frozenset()) -> Any:
    """The `bpy.props` definition of one parameter. A unit that Blender does not know goes into the label."""
    label = label_of(name, spec)
    if spec.unit and spec.unit not in _RNA_UNIT:
        label += f" ({spec.unit})"
    common: dict[str, Any] = {"name": label, "description": spec.doc, "options": {"ANIMATABLE", *options}}
    common["translation_context"] = CONTEXT
    if hint is bool:
        return bpy.props.BoolProperty(default=default, **common)
    if hint is str:
        return bpy.props.StringProperty(default=default, subtype=spec.subtype, **common)
    if isinstance(hint, type) and issubclass(hint, Enum):
        items = [(member.name, member.label, member.doc) for member in hint]
        return bpy.props.EnumProperty(items=items, default=default.name, **common)
    bounds = {key: value for key in ("min", "max", "soft_min", "soft_max") if (value := getattr(spec, key)) is not None}
    if hint is int:
        bounds = {key: int(value) for key, value in bounds.items()}
        return bpy.props.IntProperty(default=default, subtype=spec.subtype, **bounds, **common)
    if hint is float:
        unit = _RNA_UNIT.get(spec.unit, "NONE")
        return bpy.props.FloatProperty(default=default, subtype=spec.subtype, unit=unit, **bounds, **common)
    raise TypeError(f"no Blender property for {name}: {hint}")


def annotations_of(cls: type, options: Set[str] = frozenset()) -> dict[str, Any]:
    """Annotations for a PropertyGroup or Operator with one property a parameter.

    An operator passes {"SKIP_SAVE"}: its arguments must not be remembered from one call to the next.
    """
    return {name: property_of(name, hint, default, spec, options) for name, hint, default, spec in specs(cls)}


def group_of(cls: type) -> type:
    """A PropertyGroup class for a parameter dataclass."""
    body = {"__annotations__": annotations_of(cls), "__doc__": cls.__doc__}
    return type(f"SWAY_PG_{cls.__name__}", (bpy.types.PropertyGroup,), body)


def read(group: Any, cls: type) -> Any:
    """The parameters that a PropertyGroup holds. Paths become absolute; floats lose their float32 tail."""
    values = {}
    for name, hint, _default, spec in specs(cls):
        value = getattr(group, name)
        if isinstance(hint, type) and issubclass(hint, Enum):
            value = hint[value]
        elif hint is float:
            value = float(f"{value:.7g}")  # RNA stores float32: 0.3 comes back as 0.30000001192
        elif hint is str and spec.subtype in ("FILE_PATH", "DIR_PATH") and value:
            value = bpy.path.abspath(value)
        values[name] = value
    return cls(**values)


def fill(group: Any, params: Any) -> None:
    """Write parameters into a PropertyGroup."""
    for name, *_ in specs(type(params)):
        value = getattr(params, name)
        setattr(group, name, value.name if isinstance(value, Enum) else value)


def override(group: Any, operator: bpy.types.Operator, cls: type) -> None:
    """Write the parameters given in an operator call (`bpy.ops.sway.fit_material(parts=2)`) into the settings."""
    for name, *_ in specs(cls):
        if operator.properties.is_property_set(name):
            setattr(group, name, getattr(operator, name))
