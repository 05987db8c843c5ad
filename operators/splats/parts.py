"""Say which splats move and which hold still."""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.parts import guess_parts
from ...properties import steps
from ...scene import splats
from ...translations import say
from ..worker_operator import SplatsOperator, active_splats


class SWAY_OT_guess_parts(bpy.types.Operator, SplatsOperator):
    """Guess which splats hold still (pot, ground) and which move; kept as the point attribute "sway_part" """

    bl_idname = "sway.guess_parts"
    bl_label = "Guess Parts"
    bl_options = {"REGISTER", "UNDO"}

    use_height: bpy.props.BoolProperty(
        name="By Height", description="Hold everything below a height instead of guessing", default=False
    )
    height: bpy.props.FloatProperty(
        name="Hold Below",
        description="Everything below this part of the subject's height holds still",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "use_height")
        row = self.layout.row()
        row.enabled = self.use_height
        row.prop(self, "height")

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            obj = active_splats(context)
            cloud = splats.world_gaussians(obj)
            if self.use_height:
                z = cloud.positions[:, 2]
                low, high = np.percentile(z, (0.5, 99.5))
                parts = (z > low + self.height * (high - low)).astype(np.int32)
            else:
                parts = guess_parts(cloud)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        splats.write_parts(obj, parts)
        moving = int((parts > 0).sum())
        found = {"moving": moving, "holding": len(parts) - moving}
        steps.finish(obj, "parts", steps.origin(context.scene, obj, "parts"), found=found)
        self.report({"INFO"}, say(f"{moving:,} splats move, {len(parts) - moving:,} hold still"))
        return {"FINISHED"}
