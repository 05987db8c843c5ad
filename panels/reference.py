"""Reference Motion in the sidebar."""

from __future__ import annotations

import bpy

from ..backend.api.reference import Source
from .step_panel import AdvancedPanel, StepPanel


class SWAY_PT_reference(StepPanel, bpy.types.Panel):
    bl_label = "Reference Motion"
    step, operator, icon = "reference", "sway.make_reference", "FORCE_WIND"

    def hidden(self, context):
        if context.scene.sway.reference.source == Source.wind.name:
            return ("path",)
        return ("frequency", "amplitude", "seed")

    def lines(self, found):
        return [f"{found['frames']} frames, tip sways at {found['frequency_hz']:.2f} Hz"]


class SWAY_PT_reference_advanced(AdvancedPanel, bpy.types.Panel):
    bl_parent_id, step = "SWAY_PT_reference", "reference"

    def hidden(self, context):
        return ("start", "step") if context.scene.sway.reference.source == Source.wind.name else ()


CLASSES = (SWAY_PT_reference, SWAY_PT_reference_advanced)
