"""Fit Material in the sidebar: settings, what was found and how sure that is, and materials as files."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..backend.api.fit import Expectation
from ..backend.units import pascals
from ..properties import steps
from ..scene.fields import overlay
from .pictures import draw_picture
from .step_panel import AdvancedPanel, SidebarPanel, StepPanel, draw_lines
from .width import side_by_side


class SWAY_PT_fit(StepPanel, bpy.types.Panel):
    bl_label = "Fit Material"
    step, operator, icon = "fit", "sway.fit_material", "MOD_PHYSICS"

    def hidden(self, context):
        return () if context.scene.sway.fit.expected == Expectation.file.name else ("expected_file",)

    def draw_state(self, context, obj, layout):
        row = side_by_side(layout)
        row.operator("sway.load_material", icon="IMPORT")
        if not obj.sway.fit.made:
            return
        row.operator("sway.save_material", icon="EXPORT")
        layout.operator("sway.show_stiffness", icon="COLOR", depress=obj.sway.overlay == overlay.STIFFNESS)
        StepPanel.draw_state(self, context, obj, layout)

    def lines(self, found):
        if "gain_db" not in found:  # loaded from a file
            return found.get("sentences", [])
        stiffness = " · ".join(pascals(young) for young in found["young_pa"])
        short = [f"Stiffness {stiffness}", f"Sways at {found['frequency_hz']:.2f} Hz"]
        gain = f"{found['gain_db']:.1f} dB closer to the clip than at rest"
        return [*(found.get("sentences") or short), gain]


class SWAY_PT_fit_report(SidebarPanel, bpy.types.Panel):
    """How the search went, and how the fit compares, frame by frame."""

    bl_label = "Report"
    bl_parent_id = "SWAY_PT_fit"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj = context.active_object
        return obj is not None and bool(obj.sway.fit.file) and "gain_db" in steps.summary(obj, "fit")

    def draw(self, context: bpy.types.Context) -> None:
        obj, layout = context.active_object, self.layout
        found, folder = steps.summary(obj, "fit"), Path(bpy.path.abspath(obj.sway.fit.file)).parent
        for words, name in (("Fitted", "fitted_frames"), ("Held out", "held_out_frames")):
            scores = found.get(name)
            if scores:
                text = f"{words}, {scores['frames']} frames: {scores['psnr_db']:.1f} dB, SSIM {scores['ssim']:.3f}"
                draw_lines(layout, text)
        draw_picture(layout, str(folder / "loss.png"))
        film = folder / "report.mp4"
        if film.is_file():
            layout.operator("wm.path_open", text="Play Comparison", icon="PLAY").filepath = str(film)
        for remark in found.get("remarks", []):
            draw_lines(layout, remark)


class SWAY_PT_fit_advanced(AdvancedPanel, bpy.types.Panel):
    bl_parent_id, step = "SWAY_PT_fit", "fit"

    def hidden(self, context):
        return ("expected_spread",) if context.scene.sway.fit.expected == Expectation.nothing.name else ()


CLASSES = (SWAY_PT_fit, SWAY_PT_fit_report, SWAY_PT_fit_advanced)
