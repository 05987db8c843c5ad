"""Numbers on the splats as colours: a point attribute, and a modifier that colours splats by it.

The attribute `sway_shown` holds what is shown now, far below zero where a splat keeps its own colour; with the modifier
it goes, and the splats look exactly as before. Fitted stiffness is kept in an attribute of its own, `sway_stiffness`:
log10 of Young's modulus in pascals, 0 where a splat was not fitted.
"""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.gaussians import SH_C0
from .. import nodes, splats
from ..drawing import display
from .painted import write_float

ATTRIBUTE, SHOWN = "sway_stiffness", "sway_shown"
MODIFIER = GROUP = "Sway Overlay"
EARLIER = "Sway Stiffness"
"""The modifier of files made before other fields could be shown."""
KIND = "sway_overlay"
"""Custom property of an object that is coloured: what is shown."""
LOW, HIGH, STRENGTH = "Low", "High", "Strength"
"""The modifier's inputs: the numbers at the ends of the ramp; how much of a splat's colour is the ramp's."""
RAMP = np.array([[0.05, 0.03, 0.53], [0.49, 0.01, 0.66], [0.80, 0.28, 0.47], [0.97, 0.58, 0.25], [0.94, 0.98, 0.13]])
"""Display-referred colours from low to high, evenly spaced: even in lightness, and far from leaf green."""
NONE = -1e9
"""What the attribute holds where there is nothing to show."""
VERSION = 1


def write_stiffness(obj: bpy.types.Object, fit: dict[str, np.ndarray]) -> None:
    """Keeps a fit's Young's moduli (`Fitted.to_arrays`) on the splats, each the geometric mean of its particles'.

    Raises ValueError where the fit was of other splats.
    """
    bound, particles, weights = (fit[f"binding_{name}"] for name in ("splats", "particles", "weights"))
    count = len(obj.data.points)
    if len(bound) and bound.max() >= count:
        raise ValueError(f"{obj.name}: the fit was of more splats than there are now; fit again.")
    values = np.zeros(count, np.float32)
    values[bound] = (weights * np.log10(fit["young"])[particles]).sum(1)
    write_float(obj, ATTRIBUTE, values)


def read_stiffness(obj: bpy.types.Object) -> np.ndarray | None:
    """log10 of Young's modulus of every splat [N], 0 where it was not fitted; None without a fit."""
    attribute = obj.data.attributes.get(ATTRIBUTE)
    if attribute is None:
        return None
    values = np.empty(len(attribute.data), np.float32)
    attribute.data.foreach_get("value", values)
    return values


def attach(obj: bpy.types.Object, kind: str, low: float, high: float) -> None:
    """Colours the splats by what `write` gives, from `low` to `high`."""
    modifier = obj.modifiers.get(MODIFIER) or obj.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = group()
    obj.modifiers.move(obj.modifiers.find(MODIFIER), obj.modifiers.find(display.MODIFIER))
    nodes.set_input(modifier, LOW, low)
    nodes.set_input(modifier, HIGH, high)
    obj[KIND] = kind


def write(obj: bpy.types.Object, values: np.ndarray) -> None:
    """What is shown of each splat [N]; NaN where it keeps its own colour."""
    write_float(obj, SHOWN, np.where(np.isnan(values), np.float32(NONE), values))


def detach(obj: bpy.types.Object) -> None:
    """Shows the splats as they are."""
    for name in (MODIFIER, EARLIER):
        if name in obj.modifiers:
            obj.modifiers.remove(obj.modifiers[name])
    splats.remove_attribute(obj, SHOWN)
    if KIND in obj:
        del obj[KIND]


def kind(obj: bpy.types.Object) -> str:
    """What an object's splats are coloured by; "" where they show their own colours."""
    modifier = obj.modifiers.get(MODIFIER)
    return obj.get(KIND, "") if modifier is not None and modifier.node_group is not None else ""


def limits(obj: bpy.types.Object) -> tuple[float, float]:
    """The numbers at the low and the high end of the ramp that colours an object."""
    modifier = obj.modifiers[MODIFIER]
    return nodes.get_input(modifier, LOW), nodes.get_input(modifier, HIGH)


def colours(share: np.ndarray) -> np.ndarray:
    """Display-referred colours [..., 3] of places on the ramp [...], 0 low .. 1 high."""
    stops = np.linspace(0, 1, len(RAMP))
    return np.stack([np.interp(share, stops, RAMP[:, channel]) for channel in range(3)], -1)


def group() -> bpy.types.GeometryNodeTree:
    """The node group that colours points by what they carry."""
    inputs = {
        LOW: {"default_value": 0.0, "description": "The number at the ramp's dark end"},
        HIGH: {"default_value": 1.0, "description": "The number at the ramp's bright end"},
        STRENGTH: {
            "default_value": 0.75,
            "min_value": 0.0,
            "max_value": 1.0,
            "subtype": "FACTOR",
            "description": "How much of a splat's colour is the ramp's",
        },
    }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill)


def _fill(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    opacity = build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"]
    shown = build.attribute(SHOWN, "FLOAT")
    ends = {"From Min": group_in.outputs[LOW], "From Max": group_in.outputs[HIGH]}
    ramp = build.node("ShaderNodeValToRGB", {0: build.add("ShaderNodeMapRange", {"Value": shown, **ends})})
    stops = ramp.color_ramp.elements
    stops[0].color, stops[1].color = (*RAMP[0], 1), (*RAMP[-1], 1)
    for place, colour in zip(np.linspace(0, 1, len(RAMP))[1:-1], RAMP[1:-1], strict=True):
        stops.new(place).color = (*colour, 1)
    # Display colour is 0.5 + C0 times the stored coefficient (Kerbl et al. 2023).
    coloured = build.scaled(build.vector("SUBTRACT", ramp.outputs["Color"], (0.5,) * 3), 1 / SH_C0)
    there = build.math("GREATER_THAN", shown, NONE / 2)
    share = build.math("MULTIPLY", there, group_in.outputs[STRENGTH])
    mixed = build.add("ShaderNodeMix", {"Factor": share, "A": base, "B": coloured}, data_type="VECTOR")
    channels = build.node("ShaderNodeSeparateXYZ", {0: mixed}).outputs
    rgba = {"Red": channels[0], "Green": channels[1], "Blue": channels[2], "Alpha": opacity}
    colour = build.add("FunctionNodeCombineColor", rgba, mode="RGB")
    points = build.store(group_in.outputs["Geometry"], "radiance:base", "FLOAT_COLOR", colour)
    # What depends on the direction of view would be added to the ramp.
    build.tree.links.new(build.without(points, "radiance:sh_*"), group_out.inputs["Geometry"])
