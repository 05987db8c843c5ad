"""The add-on's preferences as they are drawn: the backend, what it computes on, folders, health."""

from __future__ import annotations

from typing import Any

import bpy

from .. import preferences
from ..jobs import installing, installing_folder, installing_python
from ..operators import install_health
from ..translations import say
from ..translations.lines import lines_of
from .width import room

_ICONS = {"good": "CHECKMARK", "note": "INFO", "bad": "ERROR"}


def draw(layout: bpy.types.UILayout, chosen: Any) -> None:
    """All of the preferences."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    box = layout.box()
    box.label(text="Compute Backend", icon="MODIFIER")
    run = installing.latest()
    if run and not run.ended:
        _draw_progress(box, run)
    else:
        _draw_backend(box, chosen, run)
    box = layout.box()
    box.label(text="Device and Folders", icon="SETTINGS")
    box.prop(chosen, "device")
    box.prop(chosen, "cache_folder")
    box.prop(chosen, "worker_python")
    box = layout.box()
    row = box.row()
    row.operator("sway.health_check", icon="CHECKMARK")
    row.operator("sway.copy_health", icon="COPYDOWN")
    row.operator("sway.open_log", icon="TEXT")
    column = box.column(align=True)
    for finding in install_health.findings():
        wrapped(column, f"{finding.name}: {finding.text}", _ICONS[finding.level])


def wrapped(layout: bpy.types.UILayout, text: str, icon: str = "NONE") -> None:
    """A sentence, translated, over as many lines as it takes."""
    column = layout.column(align=True)
    for number, line in enumerate(lines_of(say(text), room(icon=True))):
        column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


def _draw_progress(layout: bpy.types.UILayout, run: installing.Installing) -> None:
    layout.progress(factor=run.fraction, text=say(f"{run.stage}, {run.fraction:.0%}"))
    layout.label(text=lines_of(say(run.detail), room())[0], translate=False)
    layout.operator("sway.cancel_install", icon="X")


def _draw_backend(layout: bpy.types.UILayout, chosen: Any, run: installing.Installing | None) -> None:
    folder = preferences.backend_folder()
    there = installing_folder.installed(folder)
    if run and run.error:
        wrapped(layout, run.error, "ERROR")
    if there:
        torch = there.packages.get("torch", "")
        if there.current:
            said = f"Installed and ready: Python {there.python}, torch {torch}, {folder}"
        else:
            said = f"Of an earlier version of Sway, press Update: Python {there.python}, torch {torch}, {folder}"
        wrapped(layout, said, "CHECKMARK")
    elif installing_folder.unfinished(folder):
        wrapped(layout, "An installation broke off; what has arrived is kept.", "INFO")
    else:
        wrapped(
            layout,
            "Fitting, simulating and animating pictures need the backend; everything else works without it.",
            "INFO",
        )
    column = layout.column()
    column.row().prop(chosen, "source", expand=True)
    if chosen.source == "WHEELS":
        column.prop(chosen, "wheels")
    else:
        column.prop(chosen, "build")
        column.prop(chosen, "extra_index")
        column.prop(chosen, "keep_downloads")
    column.prop(chosen, "base_python")
    column.prop(chosen, "backend_folder")
    if chosen.source == "NETWORK":
        _draw_what_comes(layout, chosen)
    row = layout.row(align=True)
    row.scale_y = 1.4
    labels = {"": "Install Backend", "part": "Resume", "old": "Update", "whole": "Repair"}
    state = ("whole" if there.current else "old") if there else "part" if installing_folder.unfinished(folder) else ""
    row.operator("sway.install_backend", text=labels[state], icon="IMPORT")
    if there or state == "part":
        row.operator("sway.remove_backend", text="", icon="TRASH")


def _draw_what_comes(layout: bpy.types.UILayout, chosen: Any) -> None:
    """Size, kind of torch, licences."""
    kind = installing_python.torch_kind(chosen.extra_index.strip())
    size, disk = installing.GIGABYTES[kind]
    names = {"cuda": "CUDA", "rocm": "ROCm", "metal": "Metal", "cpu": "CPU"}
    comes = f"To download: about {size:.1f} GB, torch for {names[kind]}; on disk about {disk:.1f} GB."
    wrapped(layout, comes, "IMPORT")
    if kind == "cuda" and preferences.wanted_kind(chosen) == "cpu":
        wrapped(
            layout,
            "It computes without a graphics card too; for a download of 0.5 GB put the address of PyTorch's packages "
            "for CPU into Extra Index.",
            "INFO",
        )
    if problem := preferences.torch_problem(chosen):
        wrapped(layout, problem, "ERROR")
    if not bpy.app.online_access:
        wrapped(layout, preferences.ONLINE_ACCESS, "ERROR")
    if kind == "cuda":
        wrapped(
            layout,
            "The packages keep licences of their own, mostly BSD, MIT and Apache 2.0; those of CUDA are NVIDIA's.",
            "TEXT",
        )
    else:
        wrapped(
            layout,
            "The packages keep licences of their own, mostly BSD, MIT and Apache 2.0; all of them are free software.",
            "TEXT",
        )
    licences = installing_folder.plan(preferences.backend_folder())
    if licences:
        layout.operator("sway.show_licences", icon="TEXT")
