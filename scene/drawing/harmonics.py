"""View-dependent colour in nodes: the spherical harmonics of a splat as the scene camera sees it.

The camera is the scene's; in a viewport that looks from elsewhere colours are those that the camera would see. They
follow camera and splats from frame to frame without Python.
"""

from __future__ import annotations

import bpy

from ...backend.spherical_harmonics import polynomials
from .. import nodes
from .scene_camera import SceneCamera

DEGREE = 3
"""Highest degree that is drawn, as in the trainers' rasterisers."""
TURN = "sway_turn"
"""Rotation of a splat since rest: its harmonics turn with it."""


def further_colour(build: nodes.Builder) -> bpy.types.NodeSocket:
    """Sum of the harmonics of degree 1 to 3: what is added to the colour of degree 0. Coefficients that a cloud does
    not have count as zero."""
    numbers = build.node("ShaderNodeSeparateXYZ", {0: _from_camera(build)}).outputs
    total = None
    bands = polynomials(*(nodes.Number(build, socket) for socket in numbers))
    for k, value in enumerate(value for band in bands[1 : DEGREE + 1] for value in band):
        share = build.scaled(build.attribute(f"radiance:sh_{k}", "FLOAT_VECTOR"), value.socket)
        total = share if total is None else build.vector("ADD", total, share)
    return total


def store_turn(build: nodes.Builder, points: bpy.types.NodeSocket, turn, moves) -> bpy.types.NodeSocket:
    """Points that remember how the selected ones have turned since rest."""
    return build.store(points, TURN, "QUATERNION", turn, Selection=moves)


def _from_camera(build: nodes.Builder) -> bpy.types.NodeSocket:
    """Unit direction from the scene camera to a splat, in the frame in which its coefficients were trained."""
    seen = build.scaled(SceneCamera(build).to_eye(1.0), -1.0)
    back = build.add("FunctionNodeInvertRotation", {"Rotation": build.attribute(TURN, "QUATERNION")})
    return build.vector("NORMALIZE", build.add("FunctionNodeRotateVector", {"Vector": seen, "Rotation": back}))
