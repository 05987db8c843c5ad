"""Install, repair and remove the backend's own environment."""

from __future__ import annotations

import bpy

from .. import preferences
from ..jobs import installing, installing_folder, queue
from ..translations import say

LOOK = 0.3
"""Seconds between two looks at a running installation."""


class SWAY_OT_install_backend(bpy.types.Operator):
    """Install the compute backend into a folder of its own; goes on where an earlier attempt broke off"""

    bl_idname = "sway.install_backend"
    bl_label = "Install Backend"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        running = installing.latest()
        return running is None or running.ended

    def execute(self, _context: bpy.types.Context) -> set[str]:
        run = self._begin()
        if run is None:
            return {"CANCELLED"}
        run.wait()
        if run.error:
            self.report({"ERROR"}, say(run.error))
        return {"FINISHED"} if run.state == "finished" else {"CANCELLED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if self._begin() is None:
            return {"CANCELLED"}
        bpy.app.timers.register(_show)
        return {"FINISHED"}

    def _begin(self) -> installing.Installing | None:
        try:
            choice = preferences.install_choice()
            queue.stop_worker()  # it would hold the files that are to be replaced
            return installing.start(preferences.backend_folder(), choice)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return None


class SWAY_OT_cancel_install(bpy.types.Operator):
    """Stop the installation; what was downloaded stays, and installing again goes on from there"""

    bl_idname = "sway.cancel_install"
    bl_label = "Cancel Installation"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        installing.stop()
        return {"FINISHED"}


class SWAY_OT_remove_backend(bpy.types.Operator):
    """Remove the installed backend from the disk; captures, simulations and bakes stay"""

    bl_idname = "sway.remove_backend"
    bl_label = "Remove Backend"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)  # type: ignore[return-value]

    def execute(self, _context: bpy.types.Context) -> set[str]:
        queue.stop_worker()
        try:
            installing.remove(preferences.backend_folder())
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, "The backend is removed")
        return {"FINISHED"}


class SWAY_OT_show_licences(bpy.types.Operator):
    """Open the list of installed packages, with their versions and licences, as a text in Blender"""

    bl_idname = "sway.show_licences"
    bl_label = "Packages and Licences"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        packages = installing_folder.plan(preferences.backend_folder())
        if not packages:
            self.report({"INFO"}, "The list is there once an installation has asked for its packages.")
            return {"CANCELLED"}
        lines = [f"{package.name:<28} {package.version:<16} {package.licence}" for package in packages]
        name = "Sway Packages"
        text = bpy.data.texts.get(name) or bpy.data.texts.new(name)
        text.from_string("\n".join(lines) + "\n")
        self.report({"INFO"}, say(f"The list is in the text editor as {name}"))
        return {"FINISHED"}


def _show() -> float | None:
    """Draw the preferences anew while an installation runs."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
    run = installing.latest()
    return LOOK if run and not run.ended else None


def unregister() -> None:
    """End what runs: Blender is closing or the add-on is switched off."""
    installing.stop()
    if bpy.app.timers.is_registered(_show):
        bpy.app.timers.unregister(_show)


CLASSES = (SWAY_OT_install_backend, SWAY_OT_cancel_install, SWAY_OT_remove_backend, SWAY_OT_show_licences)
