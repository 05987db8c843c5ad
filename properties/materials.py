"""What an object is made of, as Blender keeps it: a preset or numbers of one's own, and others for some parts."""

from __future__ import annotations

import bpy

from ..backend.api.assignment import Assignment
from ..backend.api.materials import PRESETS, MaterialParams, Preset
from .from_params import annotations_of, fill, read

FITTED, CUSTOM = "fitted", "custom"
_PRESETS = [(preset.name, preset.label, preset.doc) for preset in Preset]
_CUSTOM = (CUSTOM, "Custom", "Numbers of your own, in the panel below")


def _take_preset(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """The numbers follow the preset, so that Custom starts from the one chosen before."""
    if self.preset in Preset.__members__:
        fill(self, PRESETS[Preset[self.preset]])


class SWAY_PG_Material(bpy.types.PropertyGroup):
    """What the moving parts are made of."""

    __annotations__ = {
        "preset": bpy.props.EnumProperty(
            name="Material",
            description="What the splats are made of",
            items=[
                (FITTED, "Fitted", "The stiffness that Fit Material found; what the reference clip showed"),
                *_PRESETS,
                _CUSTOM,
            ],
            default=FITTED,
            update=_take_preset,
        ),
        **annotations_of(MaterialParams),
    }


class SWAY_PG_PartMaterial(bpy.types.PropertyGroup):
    """What one part is made of instead."""

    __annotations__ = {
        "part": bpy.props.IntProperty(name="Part", description="Number of the part, 1 and up", default=1, min=1),
        "preset": bpy.props.EnumProperty(
            name="Material",
            description="What the splats of this part are made of",
            items=[*_PRESETS, _CUSTOM],
            default=Preset.leaf.name,
            update=_take_preset,
        ),
        **annotations_of(MaterialParams),
    }


def material_of(group: SWAY_PG_Material | SWAY_PG_PartMaterial) -> MaterialParams:
    """The material that a group stands for; never called for a fitted one."""
    return read(group, MaterialParams) if group.preset == CUSTOM else PRESETS[Preset[group.preset]]


def is_fitted(obj: bpy.types.Object) -> bool:
    """Whether an object is simulated with its fitted material."""
    return obj.sway.material.preset == FITTED


def assignment_of(obj: bpy.types.Object) -> Assignment:
    """The materials of an object that is not simulated with its fit. Raises ValueError for impossible numbers."""
    sway = obj.sway
    return Assignment(material_of(sway.material), {item.part: material_of(item) for item in sway.part_materials})
