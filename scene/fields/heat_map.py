"""Fitted stiffness on the splats: a point attribute, and a modifier that colours them by it.

The attribute `sway_stiffness` holds log10 of Young's modulus in pascals, 0 where a splat was not fitted. It is an
attribute like any other: edits carry it along, and nothing but the colours needs the add-on's nodes.
"""

from __future__ import annotations

import bpy
import numpy as np

from ...backend.gaussians import SH_C0
from .. import nodes
from ..drawing import display

ATTRIBUTE = "sway_stiffness"
MODIFIER = GROUP = "Sway Stiffness"
SOFT, STIFF, STRENGTH = "Soft", "Stiff", "Strength"
"""The modifier's inputs: log10 pascals at the ends of the ramp; how much of a splat's colour is the ramp's."""
RAMP = np.array([[0.05, 0.03, 0.53], [0.49, 0.01, 0.66], [0.80, 0.28, 0.47], [0.97, 0.58, 0.25], [0.94, 0.98, 0.13]])
"""Display-referred colours from soft to stiff, evenly spaced: even in lightness, and far from leaf green."""
LEAST_SPAN = 0.5
"""Decades that the ramp covers at least."""
VERSION = 1


def write_stiffness(obj: bpy.types.Object, fit: dict[str, np.ndarray]) -> None:
    """Keeps a fit's Young's moduli (`Fitted.to_arrays`) on the splats, each the geometric mean of its particles'.

    Raises ValueError where the fit was of other splats.
    """
    splats, particles, weights = (fit[f"binding_{name}"] for name in ("splats", "particles", "weights"))
    count = len(obj.data.points)
    if len(splats) and splats.max() >= count:
        raise ValueError(f"{obj.name}: the fit was of more splats than there are now; fit again.")
    values = np.zeros(count, np.float32)
    values[splats] = (weights * np.log10(fit["young"])[particles]).sum(1)
    attribute = obj.data.attributes.get(ATTRIBUTE) or obj.data.attributes.new(ATTRIBUTE, "FLOAT", "POINT")
    attribute.data.foreach_set("value", values)
    obj.data.update_tag()
    if MODIFIER in obj.modifiers:
        _set_limits(obj)


def read_stiffness(obj: bpy.types.Object) -> np.ndarray | None:
    """log10 of Young's modulus of every splat [N], 0 where it was not fitted; None without a fit."""
    attribute = obj.data.attributes.get(ATTRIBUTE)
    if attribute is None:
        return None
    values = np.empty(len(attribute.data), np.float32)
    attribute.data.foreach_get("value", values)
    return values


def show(obj: bpy.types.Object, shown: bool) -> None:
    """Colours the splats by their stiffness, or by what they are again. Raises ValueError where none was fitted."""
    if not shown:
        if MODIFIER in obj.modifiers:
            obj.modifiers.remove(obj.modifiers[MODIFIER])
        return
    if read_stiffness(obj) is None:
        raise ValueError(f"{obj.name} has no fitted stiffness; press Fit Material first.")
    modifier = obj.modifiers.get(MODIFIER) or obj.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = _group()
    obj.modifiers.move(obj.modifiers.find(MODIFIER), obj.modifiers.find(display.MODIFIER))
    _set_limits(obj)


def is_shown(obj: bpy.types.Object) -> bool:
    """Whether an object's splats are coloured by their stiffness."""
    modifier = obj.modifiers.get(MODIFIER)
    return modifier is not None and modifier.node_group is not None


def limits(obj: bpy.types.Object) -> tuple[float, float]:
    """log10 pascals at the soft and the stiff end of the ramp that colours an object."""
    modifier = obj.modifiers[MODIFIER]
    return nodes.get_input(modifier, SOFT), nodes.get_input(modifier, STIFF)


def colours(share: np.ndarray) -> np.ndarray:
    """Display-referred colours [..., 3] of places on the ramp [...], 0 soft .. 1 stiff."""
    stops = np.linspace(0, 1, len(RAMP))
    return np.stack([np.interp(share, stops, RAMP[:, channel]) for channel in range(3)], -1)


def _set_limits(obj: bpy.types.Object) -> None:
    values = read_stiffness(obj)
    assert values is not None
    fitted = values[values > 0]
    low, high = (float(fitted.min()), float(fitted.max())) if len(fitted) else (4.0, 4.0)
    wider = max(LEAST_SPAN - (high - low), 0) / 2
    modifier = obj.modifiers[MODIFIER]
    nodes.set_input(modifier, SOFT, low - wider)
    nodes.set_input(modifier, STIFF, high + wider)


def _group() -> bpy.types.GeometryNodeTree:
    inputs = {
        SOFT: {"default_value": 4.0, "description": "log10 of Young's modulus in pascals at the ramp's dark end"},
        STIFF: {"default_value": 8.0, "description": "log10 of Young's modulus in pascals at the ramp's bright end"},
        STRENGTH: {
            "default_value": 0.75,
            "min_value": 0.0,
            "max_value": 1.0,
            "subtype": "FACTOR",
            "description": "How much of a splat's colour tells its stiffness",
        },
    }
    return nodes.geometry_group(GROUP, VERSION, inputs, _fill)


def _fill(build: nodes.Builder, group_in: bpy.types.Node, group_out: bpy.types.Node) -> None:
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    opacity = build.node("FunctionNodeSeparateColor", {"Color": base}).outputs["Alpha"]
    stiffness = build.attribute(ATTRIBUTE, "FLOAT")
    ends = {"From Min": group_in.outputs[SOFT], "From Max": group_in.outputs[STIFF]}
    ramp = build.node("ShaderNodeValToRGB", {0: build.add("ShaderNodeMapRange", {"Value": stiffness, **ends})})
    stops = ramp.color_ramp.elements
    stops[0].color, stops[1].color = (*RAMP[0], 1), (*RAMP[-1], 1)
    for place, colour in zip(np.linspace(0, 1, len(RAMP))[1:-1], RAMP[1:-1], strict=True):
        stops.new(place).color = (*colour, 1)
    # Display colour is 0.5 + C0 times the stored coefficient (Kerbl et al. 2023).
    coloured = build.scaled(build.vector("SUBTRACT", ramp.outputs["Color"], (0.5,) * 3), 1 / SH_C0)
    fitted = build.math("GREATER_THAN", stiffness, 0.0)
    share = build.math("MULTIPLY", fitted, group_in.outputs[STRENGTH])
    mixed = build.add("ShaderNodeMix", {"Factor": share, "A": base, "B": coloured}, data_type="VECTOR")
    channels = build.node("ShaderNodeSeparateXYZ", {0: mixed}).outputs
    rgba = {"Red": channels[0], "Green": channels[1], "Blue": channels[2], "Alpha": opacity}
    colour = build.add("FunctionNodeCombineColor", rgba, mode="RGB")
    points = build.store(group_in.outputs["Geometry"], "radiance:base", "FLOAT_COLOR", colour)
    # What depends on the direction of view would be added to the ramp.
    build.tree.links.new(build.without(points, "radiance:sh_*"), group_out.inputs["Geometry"])
