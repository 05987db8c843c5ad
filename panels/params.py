"""Draws any derived PropertyGroup: the everyday parameters, or the advanced ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy

from ..backend.api.param import specs
from ..translations.lines import measured
from .width import is_narrow, room

ENDS = 36
"""Pixels at the usual scale that a number's field needs beside its name and value."""


def draw_params(
    layout: bpy.types.UILayout, group: Any, cls: type, *, advanced: bool = False, hide: Collection[str] = ()
) -> None:
    """One row a parameter, in the order of declaration."""
    place_names(layout)
    column = layout.column()
    for name, _hint, _default, spec in specs(cls):
        if spec.advanced == advanced and name not in hide:
            draw_setting(column, group, name)


def draw_setting(layout: bpy.types.UILayout, group: Any, name: str) -> None:
    """A setting with its name beside it, or, where the region is narrow, in its field or above."""
    place_names(layout)
    setting = group.bl_rna.properties[name]
    if is_narrow() and (setting.type in ("ENUM", "STRING", "POINTER") or _is_crowded(group, setting)):
        layout.label(text=setting.name, text_ctxt=setting.translation_context)
        layout.prop(group, name, text="")
    else:
        layout.prop(group, name)


def _is_crowded(group: Any, setting: bpy.types.Property) -> bool:
    """Whether a number's field has no room for its name beside its value."""
    if setting.type not in ("INT", "FLOAT") or setting.is_array:
        return False
    value = getattr(group, setting.identifier)
    digits = f"{value:.2f}" if setting.type == "FLOAT" else str(value)
    name = bpy.app.translations.pgettext_iface(setting.name, setting.translation_context)
    return measured(f"{name}{digits}") > room() - ENDS


def place_names(layout: bpy.types.UILayout) -> None:
    """Of the settings that are drawn from now on: beside their fields, or in these."""
    layout.use_property_split = not is_narrow()
    layout.use_property_decorate = False
