"""What Blender keeps: the settings on `scene.sway`, the state of each step on `object.sway`."""

from __future__ import annotations

import bpy

from ..backend.api.acting import ActingParams
from ..backend.api.bake import BakeParams
from ..backend.api.fit import FitParams
from ..backend.api.reference import ReferenceParams
from ..backend.api.simulate import SimulateParams
from ..scene.drawing import display
from ..scene.fields import heat_map, overlay, rescaling
from .editing import SWAY_PG_Editing
from .from_params import CONTEXT, group_of
from .further_clips import SWAY_PG_Clip
from .materials import SWAY_PG_Material, SWAY_PG_PartMaterial

ReferenceGroup, FitGroup, SimulateGroup, BakeGroup, ActingGroup = map(
    group_of, (ReferenceParams, FitParams, SimulateParams, BakeParams, ActingParams)
)


class SWAY_PG_Scene(bpy.types.PropertyGroup):
    """Settings of the four steps."""

    reference: bpy.props.PointerProperty(type=ReferenceGroup)
    fit: bpy.props.PointerProperty(type=FitGroup)
    simulate: bpy.props.PointerProperty(type=SimulateGroup)
    bake: bpy.props.PointerProperty(type=BakeGroup)
    editing: bpy.props.PointerProperty(type=SWAY_PG_Editing)


class SWAY_PG_Step(bpy.types.PropertyGroup):
    """What a finished step left behind."""

    made: bpy.props.StringProperty(name="Result", description="Identifies this result; empty before the step has run")
    made_from: bpy.props.StringProperty(
        name="Made From", description="The settings and earlier result that this result came from"
    )
    file: bpy.props.StringProperty(name="File", description="The result's file", subtype="FILE_PATH")
    summary: bpy.props.StringProperty(name="Summary", description="What the step found, as JSON")


def _show_parts(self: SWAY_PG_Object, _context: bpy.types.Context) -> None:
    display.show_parts(self.id_data, self.show_parts)


def _fast_render(self: SWAY_PG_Object, _context: bpy.types.Context) -> None:
    display.fast_render(self.id_data, self.fast_render)


def _stiffness(self: SWAY_PG_Object) -> float:
    return rescaling.factor(self.id_data)


def _set_stiffness(self: SWAY_PG_Object, value: float) -> None:
    rescaling.set_factor(self.id_data, value)
    overlay.refresh(self.id_data, bpy.context.scene)


_OVERLAYS = [kind for kind, _, _ in overlay.KINDS]


def _overlay(self: SWAY_PG_Object) -> int:
    kind = heat_map.kind(self.id_data)
    return _OVERLAYS.index(kind) if kind in _OVERLAYS else 0


def _set_overlay(self: SWAY_PG_Object, index: int) -> None:
    try:
        overlay.show(self.id_data, bpy.context.scene, _OVERLAYS[index])
        self.overlay_problem = ""
    except ValueError as error:
        self.overlay_problem = str(error)


class SWAY_PG_Object(bpy.types.PropertyGroup):
    """State of the steps for one splat object; of any other object, how it acts on splats."""

    acting: bpy.props.PointerProperty(type=ActingGroup)
    material: bpy.props.PointerProperty(type=SWAY_PG_Material)
    part_materials: bpy.props.CollectionProperty(type=SWAY_PG_PartMaterial)
    part_material: bpy.props.IntProperty(name="Part Material", description="The one chosen in the list", options=set())

    show_parts: bpy.props.BoolProperty(
        name="Show Parts", description="Tint the splats that move; the others keep their colours", update=_show_parts
    )

    fast_render: bpy.props.BoolProperty(
        name="Fast Render",
        description="Render flat ellipses that face the scene camera: several times faster, and in Cycles closest to "
        "other viewers, but without motion blur and with wrong shadows and reflections",
        update=_fast_render,
    )
    overlay: bpy.props.EnumProperty(
        name="Colour By",
        description="What the splats are coloured by in the viewport, with a legend",
        items=overlay.KINDS,
        get=_overlay,
        set=_set_overlay,
    )
    overlay_problem: bpy.props.StringProperty(
        name="Problem", description="Why the splats could not be coloured", options={"SKIP_SAVE"}
    )
    painted: bpy.props.StringProperty(
        name="Painted", description="Identifies what was painted beside parts; empty where nothing is"
    )
    stiffness: bpy.props.FloatProperty(
        name="Stiffness",
        translation_context=CONTEXT,
        description="Times as stiff as simulated: plays the finished motion faster, or slower, at once. Exact where it "
        "sways freely; wind and gravity would not run faster along",
        min=0.01,
        soft_min=0.1,
        soft_max=10.0,
        max=100.0,
        default=1.0,
        get=_stiffness,
        set=_set_stiffness,
    )
    parts: bpy.props.PointerProperty(type=SWAY_PG_Step)
    reference: bpy.props.PointerProperty(type=SWAY_PG_Step)
    further_clips: bpy.props.CollectionProperty(type=SWAY_PG_Clip)
    fit: bpy.props.PointerProperty(type=SWAY_PG_Step)
    simulate: bpy.props.PointerProperty(type=SWAY_PG_Step)
    bake: bpy.props.PointerProperty(type=SWAY_PG_Step)


CLASSES = (
    ReferenceGroup,
    FitGroup,
    SimulateGroup,
    BakeGroup,
    ActingGroup,
    SWAY_PG_Material,
    SWAY_PG_PartMaterial,
    SWAY_PG_Editing,
    SWAY_PG_Scene,
    SWAY_PG_Step,
    SWAY_PG_Clip,
    SWAY_PG_Object,
)
