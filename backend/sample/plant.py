"""A procedural potted plant: a subject free of anybody's rights, made of splats that lie flat on its surfaces."""

from __future__ import annotations

import numpy as np

from ..gaussians import Gaussians
from .daylight import lit_cloud
from .shapes import Leaves, Tubes, leaf_profile
from .surfaces import Patch, frames, golden, inverse_of_area, share, turned, unit

GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
SHARES = {"blades": 0.50, "edges": 0.13, "ribs": 0.03, "stalks": 0.07, "soil": 0.05}
"""Parts of the splats; the pot gets the rest."""
OVERLAP = 0.6
"""Standard deviation of a splat over the distance to the next: no gaps show, and no more blur than that takes."""
THICKNESS = 2e-4
"""Standard deviation of a splat across its surface [m]."""

SOIL_HEIGHT, SOIL_RADIUS = 0.094, 0.0578
# The pot's profile [m], from the middle of the bottom over the rim to below the soil.
POT_RADIUS = np.array([0, 41.0, 43.0, 55.5, 56.0, 62.5, 64.0, 66.0, 65.0, 62.5, 60.0, 57.5]) / 1000
POT_HEIGHT = np.array([0, 0, 1.5, 80.5, 82.0, 82.5, 84.5, 105.0, 107.5, 108.0, 107.0, 90.0]) / 1000

TERRACOTTA, LIME = np.array([0.42, 0.155, 0.075]), np.array([0.55, 0.43, 0.34])  # albedos, linear sRGB
EARTH, PERLITE = np.array([0.042, 0.026, 0.017]), np.array([0.50, 0.48, 0.44])
OLD_LEAF, YOUNG_LEAF, RIB = np.array([0.030, 0.125, 0.028]), np.array([0.15, 0.33, 0.045]), np.array([0.26, 0.40, 0.12])
STALK, BARK = np.array([0.13, 0.24, 0.05]), np.array([0.13, 0.115, 0.05])


def potted_plant(seed: int = 0, count: int = 40000) -> Gaussians:
    """A houseplant in a terracotta pot: `count` splats, SH degree 0, metres, Z up, about 0.35 m tall, base at z = 0.

    The same seed and count give the same plant.
    """
    rng = np.random.default_rng(seed)
    n = {name: round(part * count) for name, part in SHARES.items()}
    stems = _stems(rng)
    leaves, petioles = _leaves(rng, stems)
    patches = [
        _blades(rng, leaves, n["blades"]),
        _edges(leaves, n["edges"]),
        _ribs(leaves, n["ribs"]),
        _stalks(rng, stems, petioles, n["stalks"]),
        _soil(rng, n["soil"]),
        _pot(rng, count - sum(n.values())),
    ]
    return lit_cloud(patches)


def _stems(rng: np.random.Generator, count: int = 5) -> Tubes:
    """Stems that rise from the soil and lean outward, the first one upright and tallest."""
    turn = np.arange(count) * GOLDEN_ANGLE + rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.15, count)
    height = np.linspace(0.205, 0.105, count) * rng.uniform(0.94, 1.06, count)
    lean = np.linspace(0.02, 0.080, count) * rng.uniform(0.85, 1.15, count)
    out = np.stack([np.cos(turn), np.sin(turn), np.zeros(count)], -1)
    up = np.array([0.0, 0.0, 1.0])
    base = out * np.linspace(0.004, 0.017, count)[:, None] + (SOIL_HEIGHT - 0.006) * up
    side = np.cross(up, out)
    sway = side * rng.normal(0, 0.012, count)[:, None]
    points = [
        base,
        base + 0.1 * lean[:, None] * out + 0.38 * height[:, None] * up + sway,
        base + 0.55 * lean[:, None] * out + 0.72 * height[:, None] * up - sway,
        base + lean[:, None] * out + height[:, None] * up,
    ]
    return Tubes(np.stack(points, 1), side, np.tile([0.0027, 0.0013], (count, 1)))


def _leaves(rng: np.random.Generator, stems: Tubes) -> tuple[Leaves, Tubes]:
    """Leaves up each stem, a golden angle apart, younger and steeper towards its end, and the petioles under them."""
    per_stem = np.maximum(np.round(stems.length / 0.0225).astype(int), 5)
    stem = np.repeat(np.arange(len(per_stem)), per_stem)
    place = np.concatenate([np.linspace(0, 1, k) for k in per_stem])  # 0 a stem's lowest leaf .. 1 the one at its end
    count = len(stem)
    order = np.concatenate([np.arange(k) for k in per_stem])
    azimuth = stem * 1.3 + order * GOLDEN_ANGLE + rng.normal(0, 0.25, count)
    node_at = 0.24 + 0.76 * place
    carrier = stems.select(stem)
    node, stem_tangent = carrier.centre(node_at), carrier.tangent(node_at)

    elevation = np.radians(np.interp(place, [0, 0.7, 1], [32, 48, 74]) + rng.normal(0, 7, count))
    length = np.interp(place, [0, 0.35, 0.8, 1], [0.090, 0.090, 0.068, 0.052]) * rng.uniform(0.88, 1.12, count)
    reach = np.interp(place, [0, 0.8, 1], [0.040, 0.022, 0.007]) * rng.uniform(0.85, 1.15, count)
    out = np.stack([np.cos(azimuth), np.sin(azimuth), np.zeros(count)], -1)
    up = np.array([0.0, 0.0, 1.0])
    steep = elevation + np.radians(10)
    base = node + reach[:, None] * (np.cos(steep)[:, None] * out + np.sin(steep)[:, None] * up)
    start = np.cos(elevation)[:, None] * out + np.sin(elevation)[:, None] * up
    leaves = Leaves(
        base=base,
        azimuth=azimuth,
        elevation=elevation,
        droop=np.radians(np.interp(place, [0, 1], [78, 28]) + rng.normal(0, 9, count)),
        length=length,
        width=length * np.interp(place, [0, 0.8, 1], [0.31, 0.28, 0.20]) * rng.uniform(0.92, 1.08, count),
        roll=rng.normal(0, 0.16, count),
        fold=np.interp(place, [0, 1], [0.22, 0.55]) * rng.uniform(0.8, 1.2, count),
        wave=rng.uniform(0.02, 0.07, count),
        sickle=rng.normal(0, 0.06, count),
        age=np.clip(1 - place**1.6 + rng.normal(0, 0.10, count), 0, 1),
    )
    away = unit(0.6 * stem_tangent + out)
    points = [node, node + 0.35 * reach[:, None] * away, base - 0.4 * reach[:, None] * start, base]
    petioles = Tubes(np.stack(points, 1), np.cross(up, out), np.tile([0.0012, 0.0008], (count, 1)))
    return leaves, petioles


def _blades(rng: np.random.Generator, leaves: Leaves, count: int) -> Patch:
    """Splats over the blades, drawn out along the side veins."""
    area = leaves.length * leaves.width
    owner, place = share(area, count)
    blade = leaves.select(owner)
    u = inverse_of_area(leaf_profile, place)
    v = (2 * golden(count) - 1) * 0.98
    positions, axes = frames(blade.surface, u, v)
    axes = turned(axes, np.sign(v) * np.radians(38))  # side veins leave the midrib at this angle
    spacing = np.sqrt(2 * leaf_profile(np.linspace(0, 1, 400)).mean() * area.sum() / count)
    half = blade.width * leaf_profile(u)
    room = np.maximum(0.8 * half * (1 - np.abs(v)), 0.4 * spacing)  # keep inside the outline
    scales = np.stack([np.minimum(1.25 * OVERLAP * spacing, room), np.minimum(0.85 * OVERLAP * spacing, room)], -1)

    vein = np.cos(2 * np.pi * (7.5 * u - 2.2 * np.abs(v) * leaf_profile(u))) ** 8 * np.exp(-1.2 * np.abs(v))
    mottle = np.sin(40 * u + 9 * blade.azimuth) * np.sin(6 * v + 5 * blade.azimuth)
    age = np.clip(blade.age + 0.10 * mottle - 0.18 * np.abs(v) ** 4, 0, 1)[:, None]
    albedo = age * OLD_LEAF + (1 - age) * YOUNG_LEAF
    albedo = albedo * (1 + 0.45 * vein + rng.normal(0, 0.05, count))[:, None]
    return Patch(
        positions,
        axes,
        np.column_stack([scales, np.full(count, THICKNESS)]),
        rng.uniform(0.86, 0.95, count),
        albedo,
        np.full(count, spacing**2),
        translucency=0.55,
        gloss=0.10,
    )


def _edges(leaves: Leaves, count: int) -> Patch:
    """Fine splats along the outlines, which make them crisp; softer, paler than the blade."""
    owner, place = share(leaves.length, count)
    rim = leaves.select(owner)
    u = 0.5 - 0.5 * np.cos(np.pi * place)  # more of them where the outline turns, at the base and the tip
    v = np.where(np.arange(count) % 2, -0.965, 0.965)
    positions, axes = frames(rim.surface, u, v)
    step = 2 * 2.2 * leaves.length.sum() / count
    along = np.minimum(0.8 * step, 4e-4 + 0.4 * rim.length * np.minimum(u, 1 - u))
    age = rim.age[:, None]
    across = np.minimum(4.5e-4, 0.25 * rim.width * leaf_profile(u) + 1e-4)
    return Patch(
        positions,
        axes,
        np.column_stack([along, across, np.full(count, THICKNESS)]),
        np.full(count, 0.72),
        1.25 * (age * OLD_LEAF + (1 - age) * YOUNG_LEAF) + 0.015,
        np.full(count, 0.0),
        translucency=0.6,
        gloss=0.06,
    )


def _ribs(leaves: Leaves, count: int) -> Patch:
    """Long splats on the midribs, thinner towards the tip."""
    owner, place = share(leaves.length, count)
    rib = leaves.select(owner)
    u = 0.97 * place
    positions, axes = frames(rib.surface, u, np.zeros(count))
    step = leaves.length.sum() / count
    width = np.interp(u, [0, 1], [7.0e-4, 2.0e-4])
    age = (0.6 * rib.age)[:, None]
    return Patch(
        positions + 4e-4 * axes[:, :, 2],
        axes,
        np.column_stack([np.full(count, 1.2 * step), width, np.full(count, THICKNESS)]),
        np.full(count, 0.85),
        (1 - age) * RIB + age * STALK,
        np.full(count, 0.0),
        translucency=0.3,
    )


def _stalks(rng: np.random.Generator, stems: Tubes, petioles: Tubes, count: int) -> Patch:
    """Long splats around stems and petioles; the stems are woody where they leave the soil."""
    both = Tubes(*(np.concatenate(pair) for pair in zip(vars(stems).values(), vars(petioles).values(), strict=True)))
    area = 2 * np.pi * both.length * both.radius.mean(1)
    owner, u = share(area, count)
    positions, axes = frames(both.select(owner).surface, u, golden(count))
    spacing = np.sqrt(area.sum() / count)
    wood = np.clip(1 - (positions[:, 2] - SOIL_HEIGHT) / 0.05, 0, 1)[:, None] * (owner < len(stems.points))[:, None]
    albedo = (wood * BARK + (1 - wood) * STALK) * (1 + rng.normal(0, 0.10, count))[:, None]
    scales = np.tile([2.2 * OVERLAP * spacing, 0.5 * OVERLAP * spacing, THICKNESS], (count, 1))
    return Patch(positions, axes, scales, np.full(count, 0.92), albedo, np.full(count, spacing**2), gloss=0.03)


def _soil(rng: np.random.Generator, count: int) -> Patch:
    """Crumbs of earth and a few of perlite, slightly domed."""
    waves = rng.normal(0, 420, (12, 2))  # rad/m: bumps of about a centimetre
    phases = rng.uniform(0, 2 * np.pi, 12)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        radius = SOIL_RADIUS * np.sqrt(np.maximum(u, 0))
        x, y = radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)
        bumps = np.sin(np.outer(x, waves[:, 0]) + np.outer(y, waves[:, 1]) + phases).mean(1)
        return np.stack([x, y, SOIL_HEIGHT + 0.004 * (1 - u) + 0.003 * bumps], -1)

    positions, axes = frames(surface, (np.arange(count) + 0.5) / count, golden(count))
    spacing = np.sqrt(np.pi * SOIL_RADIUS**2 / count)
    perlite = rng.random(count) < 0.03
    albedo = np.where(perlite[:, None], PERLITE, EARTH * rng.lognormal(0, 0.45, count)[:, None])
    positions += axes[:, :, 2] * (rng.normal(0, 5e-4, count) + 6e-4 * perlite)[:, None]
    scales = spacing * OVERLAP * rng.uniform([0.9, 0.9, 0.4], [1.5, 1.5, 0.7], (count, 3))
    scales[perlite] = rng.uniform(5e-4, 9e-4, (int(perlite.sum()), 3))
    return Patch(positions, axes, scales, np.full(count, 0.93), albedo, np.full(count, spacing**2))


def _pot(rng: np.random.Generator, count: int) -> Patch:
    """Turned terracotta: throwing lines, uneven firing, lime where water dried."""
    arc = np.append(0, np.cumsum(np.hypot(np.diff(POT_RADIUS), np.diff(POT_HEIGHT))))

    def radius(u: np.ndarray) -> np.ndarray:
        return np.interp(u * arc[-1], arc, POT_RADIUS)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = -2 * np.pi * v  # this way round the normal points outward
        x, y = radius(u) * np.cos(angle), radius(u) * np.sin(angle)
        return np.stack([x, y, np.interp(u * arc[-1], arc, POT_HEIGHT)], -1)

    u = inverse_of_area(radius, (np.arange(count) + 0.5) / count)
    v = golden(count)
    positions, axes = frames(surface, u, v)
    area = 2 * np.pi * arc[-1] * radius(np.linspace(0, 1, 400)).mean()
    spacing = np.sqrt(area / count)
    height, angle = positions[:, 2], 2 * np.pi * v
    lines = 0.035 * np.sin(2 * np.pi * height / 0.0042 + np.sin(3 * angle)) * np.sin(900 * height) ** 2
    clouds = 0.05 * np.sin(2 * angle + 55 * height) + 0.05 * np.sin(5 * angle - 80 * height + 1.3)
    foot, collar = np.clip(1 - height / 0.03 + 4 * clouds, 0, 1), (np.abs(height - 0.076) < 0.006) * (1 + 6 * clouds)
    lime = np.clip(0.22 * foot + 0.14 * collar, 0, 1)[:, None]
    albedo = (lime * LIME + (1 - lime) * TERRACOTTA) * (1 + lines + clouds + rng.normal(0, 0.03, count))[:, None]
    corner = np.abs(u * arc[-1] - arc[:, None]).min(0)  # splats do not stick out over an edge of the profile
    along = np.minimum(0.95 * OVERLAP * spacing, np.maximum(0.8 * corner, 0.3 * spacing))
    scales = np.column_stack([along, np.full(count, 1.3 * OVERLAP * spacing), np.full(count, THICKNESS)])
    return Patch(positions, axes, scales, np.full(count, 0.95), albedo, np.full(count, spacing**2))
