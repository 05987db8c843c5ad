"""Settings of the tools that edit splats, kept with the scene."""

from __future__ import annotations

import bpy

from ..scene.splats import is_splats
from .from_params import CONTEXT


# By name: a lambda in an annotation that Blender evaluates knows nothing of its module.
def _may_crop(_self: SWAY_PG_Editing, obj: bpy.types.Object) -> bool:
    return not is_splats(obj)


class SWAY_PG_Editing(bpy.types.PropertyGroup):
    """What buttons and brush work with."""

    cropper: bpy.props.PointerProperty(
        name="Cropper",
        description="An empty or a mesh around what to keep; its box, or the ball in it, crops the splats",
        type=bpy.types.Object,
        poll=_may_crop,
    )
    kind: bpy.props.EnumProperty(
        name="Paint",
        description="What splats become under the brush, and what Assign makes of the selected ones",
        items=[
            ("MOVING", "Moving", "They move, as the part of the number below"),
            ("HOLDING", "Holding", "They hold still, and hold what touches them"),
            ("BACKGROUND", "Background", "They hold still and hold nothing"),
        ],
    )
    part: bpy.props.IntProperty(
        name="Part", description="Number of the moving part; each may have a material of its own", default=1, min=1
    )
    radius: bpy.props.IntProperty(
        name="Radius", description="Radius of the brush", default=40, min=1, max=1000, subtype="PIXEL"
    )
    stiffness: bpy.props.FloatProperty(
        name="Times as Stiff",
        description="What the brush paints: how many times as stiff as their material splats are; 1 takes paint away",
        default=0.2,
        min=0.01,
        max=100.0,
        soft_min=0.05,
        soft_max=20.0,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        translation_context=CONTEXT,
        description="How far a stroke goes towards what the brush paints",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    x_ray: bpy.props.BoolProperty(
        name="X-Ray", description="Paint through: splats behind others too, instead of only those that are seen"
    )
