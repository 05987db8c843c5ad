"""Draws any derived PropertyGroup: the everyday parameters, or the advanced ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy

from ..backend.api.param import specs
from .width import is_narrow


def draw_params(
    layout: bpy.types.UILayout, group: Any, cls: type, *, advanced: bool = False, hide: Collection[str] = ()
) -> None:
    """One row a parameter, in the order of declaration."""
    layout.use_property_split = not is_narrow()  # the names are in the fields then
    layout.use_property_decorate = False
    column = layout.column()
    for name, _hint, _default, spec in specs(cls):
        if spec.advanced == advanced and name not in hide:
            column.prop(group, name)
