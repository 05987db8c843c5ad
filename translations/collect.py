"""Every text of Sway's interface that Blender can translate: names, tooltips, and what the panels say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from .. import preferences

ROOT = Path(__file__).resolve().parents[1]
DRAWN = ("panels", "operators", "gizmos")
"""Folders whose calls draw texts."""
OWN = ("bl_", "rna_type")
"""Beginnings of properties that are Blender's, not Sway's."""
BLENDERS = ("filepath", "filter_glob", "check_existing")
"""Properties of Blender's file dialogs, which it translates itself."""

SENTENCES = {preferences.ONLINE_ACCESS, "Update", "Repair"}
"""Texts that are drawn from a name or a table."""


def texts(classes: tuple[type, ...]) -> set[str]:
    """All texts of registered classes and of the panels' sources, in English."""
    found = {text for cls in classes for text in _of_class(cls)} | SENTENCES
    for folder in DRAWN:
        for file in sorted((ROOT / folder).rglob("*.py")):
            found |= set(_drawn(ast.parse(file.read_text(encoding="utf-8"))))
    return {text for text in found if any(letter.isalpha() for letter in text)}


def _of_class(cls: Any) -> Iterator[str]:
    """Label, tooltip and properties of one class."""
    rna = cls.bl_rna
    if issubclass(cls, (bpy.types.Operator, bpy.types.Panel, bpy.types.Menu)):
        yield getattr(cls, "bl_label", "")
    if issubclass(cls, bpy.types.Operator):
        group, name = cls.bl_idname.split(".")
        rna = getattr(getattr(bpy.ops, group), name).get_rna_type()
        yield rna.description
    inherited = {name for base in cls.__mro__[1:] if hasattr(base, "bl_rna") for name in base.bl_rna.properties.keys()}  # noqa: SIM118
    for prop in rna.properties:
        if prop.identifier in inherited or prop.identifier.startswith(OWN) or prop.identifier in BLENDERS:
            continue
        if prop.name != prop.identifier:  # a group inside another has no name of its own
            yield prop.name
        yield prop.description
        if prop.type == "ENUM":
            for item in prop.enum_items_static:
                yield item.name
                yield item.description


def _drawn(tree: ast.AST) -> Iterator[str]:
    """Constant texts that a source file draws, and the sentences of its greyed-out buttons."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        shown = [keyword.value for keyword in node.keywords if keyword.arg == "text"]
        if name in ("poll_message_set", "pgettext_rpt", "pgettext_iface", "pgettext_tip"):
            shown += node.args[:1]
        if name == "wrapped":
            shown += node.args[1:2]
        for part in shown:
            for value in (part.body, part.orelse) if isinstance(part, ast.IfExp) else (part,):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value
