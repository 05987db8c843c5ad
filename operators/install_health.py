"""Health check: what Sway finds on this machine, as lines to read and a report to copy."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import bpy

from .. import preferences
from ..backend.api.check import CheckParams
from ..backend.api.wire import to_jsonable
from ..jobs import installing_folder, installing_python, queue
from ..translations import say
from .worker_operator import WorkerOperator, submit

LITTLE_ROOM = 5.0
"""Gigabytes free in the cache folder below which the check warns."""


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    level: str
    """"good", "note" or "bad"."""
    name: str
    text: str


class SWAY_OT_health_check(WorkerOperator, bpy.types.Operator):
    """Look at Blender, the folders and the backend, compute for a moment, and say what is missing"""

    bl_idname = "sway.health_check"
    bl_label = "Health Check"

    def execute(self, context):
        if problem := _no_backend():
            return self._note(context, [*around(), Finding("bad", "Backend", problem)])
        return WorkerOperator.execute(self, context)

    def invoke(self, context, event):
        return self.execute(context) if _no_backend() else WorkerOperator.invoke(self, context, event)

    def begin(self, _context):
        job = queue.Job("check", self.bl_label, preferences.cache_folder() / "check")
        submit(job, to_jsonable(CheckParams()), {})
        return job

    def _end(self, context):
        return self._note(context, [*around(), *of_backend(self.job)])

    def _note(self, context: bpy.types.Context, findings: list[Finding]) -> set[str]:
        bpy.context.preferences.addons[preferences.__package__].preferences.health = json.dumps(  # type: ignore[union-attr]
            [asdict(finding) for finding in findings]
        )
        bad = [finding.text for finding in findings if finding.level == "bad"]
        self.report({"WARNING"} if bad else {"INFO"}, say(bad[0] if bad else "Everything that Sway needs is there"))
        return {"FINISHED"}


class SWAY_OT_copy_health(bpy.types.Operator):
    """Copy the health report as text, for a bug report; folders of yours are written as ~"""

    bl_idname = "sway.copy_health"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> set[str]:
        text = report()
        if not text:
            self.report({"ERROR"}, "Press Health Check first.")
            return {"CANCELLED"}
        context.window_manager.clipboard = text
        name = "Sway Health Report"
        (bpy.data.texts.get(name) or bpy.data.texts.new(name)).from_string(text)
        self.report({"INFO"}, say(f"Copied; it is in the text editor as {name} too"))
        return {"FINISHED"}


def findings() -> list[Finding]:
    """What the last check found; empty before the first."""
    text = bpy.context.preferences.addons[preferences.__package__].preferences.health  # type: ignore[union-attr]
    return [Finding(**entry) for entry in json.loads(text)] if text else []


def report() -> str:
    """The last check as text to copy."""
    marks = {"good": "ok  ", "note": "note", "bad": "BAD "}
    lines = [f"{marks[f.level]}  {f.name}: {f.text}" for f in findings()]
    text = "\n".join(lines).replace(str(Path.home()), "~")
    return f"Sway health report\n{text}\n" if lines else ""


def around() -> list[Finding]:
    """Blender, the system and the folders."""
    cache = preferences.cache_folder()
    found = [
        Finding("good", "Blender", f"{bpy.app.version_string}, Python {platform.python_version()}"),
        Finding("good", "System", f"{platform.platform()}, {os.cpu_count()} cores"),
        Finding("good", "Online access", "allowed" if bpy.app.online_access else "not allowed, wheels only"),
    ]
    accelerator = installing_python.accelerator()
    found.append(Finding("good", "Graphics for computing", accelerator or "none found, the processor computes"))
    if not bpy.app.background:
        import gpu

        found.append(Finding("good", "Viewport", gpu.platform.renderer_get()))
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            free = shutil.disk_usage(cache).free / 1e9
        level = "good" if free > LITTLE_ROOM else "bad"
        found.append(Finding(level, "Cache folder", f"{cache}, {free:.0f} GB free"))
    except OSError as error:
        found.append(Finding("bad", "Cache folder", f"{cache} cannot be written ({error.strerror}); choose another."))
    return found


def of_backend(job: queue.Job) -> list[Finding]:
    """The backend, from a check job that has ended."""
    found = [Finding("good", "Backend Python", preferences.worker_python())]
    if job.state != "finished":
        return [*found, Finding("bad", "Backend", job.error or "The check was cancelled.")]
    versions = job.results["versions"]
    found.append(Finding("good", "Packages", ", ".join(f"{name} {version}" for name, version in versions.items())))
    for name, has, wants in differences(versions, installing_folder.REQUIREMENTS.read_text(encoding="utf-8")):
        found.append(Finding("note", name, f"is {has}, Sway was tested with {wants}; press Repair to have that one"))
    found.append(Finding("good", "Computes on", ", ".join(job.results["devices"])))
    return found


def differences(versions: dict[str, str], requirements: str) -> list[tuple[str, str, str]]:
    """Packages whose version is another than the requirements pin: name, version there, version wanted."""
    wanted: dict[str, list[str]] = {}
    for line in requirements.splitlines():
        name, pinned, rest = line.split(";")[0].partition("==")
        if pinned:
            wanted.setdefault(name.strip(), []).append(rest.strip())
    return [
        (name, version, wanted[name][0])
        for name, version in versions.items()
        if name in wanted and version.split("+")[0] not in wanted[name]
    ]


def _no_backend() -> str:
    """Why no backend can be started; empty where one can."""
    try:
        preferences.worker_python()
    except ValueError as error:
        return str(error)
    return ""


CLASSES = (SWAY_OT_health_check, SWAY_OT_copy_health)
