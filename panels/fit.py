"""Fit Material in the sidebar."""

from __future__ import annotations

import bpy

from .step_panel import AdvancedPanel, StepPanel


class SWAY_PT_fit(StepPanel, bpy.types.Panel):
    bl_label = "Fit Material"
    step, operator, icon = "fit", "sway.fit_material", "MOD_PHYSICS"

    def lines(self, found):
        stiffness = " · ".join(f"{young:.2e} Pa" for young in found["young_pa"])
        return [
            f"Stiffness {stiffness}",
            f"Sways at {found['frequency_hz']:.2f} Hz, clip {found['clip_frequency_hz']:.2f} Hz",
            f"{found['gain_db']:.1f} dB closer to the clip than at rest",
        ]


class SWAY_PT_fit_advanced(AdvancedPanel, bpy.types.Panel):
    bl_parent_id, step = "SWAY_PT_fit", "fit"


CLASSES = (SWAY_PT_fit, SWAY_PT_fit_advanced)
