"""Splats as other viewers draw them: each the flat ellipse that its trainer's rasteriser makes of it.

EWA splatting (Zwicker et al. 2001) projects a covariance Sigma by the Jacobian J at the splat's centre; the trainers
(Kerbl et al. 2023) then add 0.3 px^2 to its diagonal, so that no splat falls between pixels. Captures are trained with
that widening, and thin splats show it: without it leaves and grass come out sharper and sparser than elsewhere. It is
an option here (`widening`).

Here a splat becomes a flat ellipse in the plane through its centre parallel to the picture. In units of that plane,
with rows t1, t2 of J and half-axes B (Sigma = B B^T), its covariance is C = (g_i . g_j) + 0.3 pixel^2 1, g_i = B^T t_i.
The columns of C's Cholesky factor are new half-axes (ellipsoids.py), and a ray meets the plane where its pixel lies:
the picture is the rasteriser's, and so is the order in which Cycles' rays meet the splats, that of their centres. An
ellipsoid is met at its hull instead, so that two that overlap may swap places. It is right from the scene camera alone,
and not for a panorama, which has no picture plane.

A trainer that ran with anti-aliasing (Mip-Splatting, Yu et al. 2024; `--antialiasing` of Inria's, "antialiased" of
gsplat) also thins what it widens: opacity times sqrt(det(J Sigma J^T) / det C).
"""

from __future__ import annotations

from typing import Any

import bpy

from .. import nodes
from . import ellipsoids
from .scene_camera import SceneCamera

DILATION = 0.3
"""What trainers add to a projected covariance [px^2]."""
FAINTEST2 = 2.5e-5
"""Least share of its determinant that anti-aliasing leaves a splat, as in Inria's rasteriser."""
MARGIN = 1.3
"""How far outside the picture J follows a splat, in half widths, as in the trainers' code."""


def projected(build: nodes.Builder, points: Any, widening: Any, antialiased: Any) -> bpy.types.NodeSocket:
    """The points with half-axes that are flat ellipses before the scene camera; behind it, with those that they had.

    `widening` [px^2] is added to the projected covariances: 0 or `DILATION`.
    """
    camera = SceneCamera(build)
    right, up, backward = (camera.axis(direction) for direction in ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)))
    beside = build.vector("SUBTRACT", build.add("GeometryNodeInputPosition"), camera.location)
    in_front = build.add(
        "FunctionNodeBooleanMath",
        {0: build.math("GREATER_THAN", camera.depth, 0.0), 1: camera.is_orthographic},
        operation="OR",
    )

    axes = ellipsoids.present_axes(build, points)
    transposed = build.add("FunctionNodeTransposeMatrix", {0: axes})

    def through_axes(row: Any) -> bpy.types.NodeSocket:
        return build.add("FunctionNodeTransformDirection", {"Direction": row, "Transform": transposed})

    slopes = (
        _slope(build, camera, build.math("DIVIDE", build.vector("DOT_PRODUCT", beside, side), camera.depth), place)
        for side, place in ((right, 0), (up, 1))
    )
    rows = (build.vector("ADD", side, build.scaled(backward, s)) for side, s in zip((right, up), slopes, strict=True))
    g1, g2 = map(through_axes, rows)

    wider = build.math("MULTIPLY", build.math("POWER", camera.pixel_size(camera.depth), 2.0), widening)
    xx0, xy, yy0 = (build.vector("DOT_PRODUCT", *pair) for pair in ((g1, g1), (g1, g2), (g2, g2)))
    xx, yy = (build.math("ADD", entry, wider) for entry in (xx0, yy0))
    # The determinant as a sum of squares: a difference of products would lose a thin splat's digits.
    across = build.vector("CROSS_PRODUCT", g1, g2)
    undilated = build.vector("DOT_PRODUCT", across, across)
    grown = build.math("MULTIPLY", wider, build.math("ADD", xx0, yy))
    determinant = build.math("ADD", undilated, grown)

    along = build.math("SQRT", xx)
    first = build.vector("ADD", build.scaled(right, along), build.scaled(up, build.math("DIVIDE", xy, along)))
    second = build.scaled(up, build.math("DIVIDE", build.math("SQRT", determinant), along))
    widest = build.math("SQRT", build.math("ADD", xx, yy))
    third = build.scaled(backward, build.math("MULTIPLY", widest, ellipsoids.FLATTEST))
    flat = ellipsoids.matrix(build, first, second, third)

    share = build.math("MAXIMUM", build.math("DIVIDE", undilated, determinant), FAINTEST2)
    points = build.switch("GEOMETRY", antialiased, points, _thinned(build, points, build.math("SQRT", share), in_front))
    return build.store(points, ellipsoids.AXES, "FLOAT4X4", build.switch("MATRIX", in_front, axes, flat))


def _slope(build: nodes.Builder, camera: SceneCamera, slope: Any, place: int) -> bpy.types.NodeSocket:
    """x / z or y / z of a splat as J may use it: beyond the picture an affine image would cover all of it."""
    scale, shift = camera.projection[5 * place], camera.projection[8 + place]
    least, most = (build.math("DIVIDE", build.math("ADD", shift, end), scale) for end in (-MARGIN, MARGIN))
    kept = build.math("MINIMUM", build.math("MAXIMUM", slope, least), most)
    return build.switch("FLOAT", camera.is_orthographic, kept, 0.0)


def _thinned(build: nodes.Builder, points: Any, share: Any, selection: Any) -> bpy.types.NodeSocket:
    base = build.attribute("radiance:base", "FLOAT_COLOR")
    red, green, blue, opacity = build.node("FunctionNodeSeparateColor", {"Color": base}).outputs
    channels = {0: red, 1: green, 2: blue, 3: build.math("MULTIPLY", opacity, share)}
    thinned = build.add("FunctionNodeCombineColor", channels)
    return build.store(points, "radiance:base", "FLOAT_COLOR", thinned, Selection=selection)
