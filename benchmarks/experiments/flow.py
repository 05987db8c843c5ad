"""Sand and water against experiments, blocks and layers on slopes against Coulomb's law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.mpm.boundaries.colliders import Collider, Contact, HalfSpace
from backend.mpm.material import Material

from .scenes import CELL, DENSITY, FPS, GRAVITY, Outcome, block, floor, scattered, side_walls, solver_of

FRICTION_ANGLE = np.radians(25)
"""Of the cone, as the preset for sand has it."""
SAND = Material("drucker_prager", {"friction_angle": FRICTION_ANGLE})
WATER = Material("liquid", {"exponent": 7.0, "viscosity": 1e-3})
MARTIN_MOYCE = np.array([[1.997, 2.292], [2.547, 2.995], [3.345, 4.134]])
"""Front Z = x / a over T = t sqrt(2 g / a) of a water column a = 2.25 inches wide and 2 a high (Martin & Moyce 1952,
figure 3), from where a bore is formed on."""


@dataclass(frozen=True)
class SandColumn:
    """A collapsed round column of sand."""

    rest: np.ndarray
    """Positions at first [P, 3], metres, from the axis and the floor on."""
    deposit: np.ndarray
    """Positions in the end [P, 3]."""
    run_out: Outcome
    """(r - r0) / r0; 1.24 a below an aspect a = h / r0 of 1.7, on any floor (Lube et al. 2004)."""
    height: Outcome
    """h / r0 at the axis; 0.88 a^(1/6), or a where the top never moves (Lube et al. 2004)."""
    speed: float
    """At which particles go on outwards in the end, on average, over sqrt(g h)."""


def sand_column(radius: int, aspect: float = 1.0, friction: float = 0.4) -> SandColumn:
    """A column `radius` cells in radius, let go on a floor: 0.4 is wood's friction, 0.6 more than sand's own."""
    height = round(aspect * radius)
    reach = 2 * round(1.24 * aspect * radius) + 4
    side = 2 * (radius + reach)
    points, grid = block((2 * radius, 2 * radius, height), (reach, reach, 4), (side + 1, side + 1, height + 14))
    axis = np.array([reach + radius, reach + radius, 4]) * CELL
    points = scattered(points[np.hypot(*(points - axis)[:, :2].T) < radius * CELL])
    # Stiff enough that the foot gives way by 2 %; a collapse takes 3.3 fall times (Lube et al. 2004), these are 5.
    young = 50 * DENSITY * GRAVITY * height * CELL
    frames, fall = 14, np.sqrt(height * CELL / GRAVITY)
    motion = solver_of(points, grid, SAND).simulate(
        young,
        np.zeros_like(points),
        frames,
        frames / (5 * fall),
        gravity=(0, 0, -GRAVITY),
        colliders=[floor(axis[2], friction=friction)],
    )
    out = np.hypot(*(motion.positions - axis)[..., :2].transpose(2, 0, 1)) / (radius * CELL)
    deposit = motion.positions[-1] - axis
    heart = np.hypot(*deposit[:, :2].T) < 1.5 * CELL
    # Particles of the top layer lie a quarter of a cell below the surface.
    top = np.quantile(deposit[heart, 2], 0.98) + CELL / 4
    return SandColumn(
        points - axis,
        deposit,
        Outcome(edge_of(out[-1], radius) - 1, 1.24 * aspect),
        Outcome(float(top / (radius * CELL)), 0.88 * aspect ** (1 / 6) if aspect > 0.74 else aspect),
        float((out[-1] - out[-3]).mean() * radius * CELL / (2 * 5 * fall / frames) / np.sqrt(GRAVITY * height * CELL)),
    )


def edge_of(out: np.ndarray, radius: int) -> float:
    """Where a deposit is as thin as a fiftieth of its first radius; distances from the axis [P], in first radii.

    Beyond lie single grains, which are more the finer the grid.
    """
    rims = np.arange(0, out.max() + 0.1, 0.1)
    volume = np.histogram(out, rims)[0] / (2 * radius) ** 3
    thickness = volume / (np.pi * np.diff(rims**2))
    middle = (rims[1:] + rims[:-1]) / 2
    outside = middle > 0.5
    return float(np.interp(-0.02, -thickness[outside], middle[outside]))


def simple_shear_friction(angle: float) -> float:
    """Coulomb's coefficient of Klar's cone in simple shear, where |dev tau| = 3 alpha p and sqrt(2) mu p."""
    alpha = np.sqrt(2 / 3) * 2 * np.sin(angle) / (3 - np.sin(angle))
    return 3 * alpha / np.sqrt(2)


@dataclass(frozen=True)
class SandLayer:
    """A layer of sand on a rough slope, in the slope's frame: x down, z out of it."""

    rest: np.ndarray
    """Positions at first [P, 3], metres, from the foot of the layer's upper end on."""
    moved: np.ndarray
    """Positions in the end [P, 3]."""
    acceleration: float
    """Down the slope, of the middle, m/s^2."""
    friction: Outcome
    """What holds the middle back, over what presses it on: tan(slope) - acceleration / (g cos(slope))."""


def sand_layer(degrees: float, length: int = 80, depth: int = 4) -> SandLayer:
    """A layer of `length` x `depth` cells packed by its weight for 0.15 s, then on a slope for 0.35 s.

    Shear over pressure is tan(slope) at every depth, so the layer flows where that is above the cone's friction, as a
    block that slides on its foot. The ends, which nothing holds, make a difference of the order depth / length.
    """
    slope, settling, frames, fps = np.radians(degrees), 8, 14, 40.0
    points, grid = block((length, 2, depth), (6, 5, 5), (length + 50, 12, 22))
    foot = np.array([6, 5, 5]) * CELL
    walls = [floor(foot[2], Contact.sticky), *side_walls(foot[1], foot[1] + 2 * CELL)]
    acceleration = np.zeros((settling + frames + 1, len(points), 3))
    # Weight that comes slowly, because a layer that rings slips whenever it is light.
    load = np.minimum(1, np.arange(settling + frames + 1) / (settling - 2))
    acceleration[..., 2] = -GRAVITY * np.cos(slope) * load[:, None]
    acceleration[settling:, :, 0] = GRAVITY * np.sin(slope)
    motion = solver_of(points, grid, SAND).simulate(
        200 * DENSITY * GRAVITY * depth * CELL,
        np.zeros_like(points),
        settling + frames,
        fps,
        acceleration=acceleration,
        colliders=walls,
    )
    # Away from the ends, and from the foot, where a cell shears.
    middle = np.abs(points[:, 0] - foot[0] - length * CELL / 2) < length * CELL / 6
    middle &= points[:, 2] > foot[2] + depth * CELL / 2
    along = (motion.positions - points)[settling:, middle, 0].mean(1)
    down = 2 * np.polyfit(np.arange(4, frames + 1) / fps, along[3:], 2)[0]
    held = np.tan(slope) - down / (GRAVITY * np.cos(slope))
    return SandLayer(
        points - foot,
        motion.positions[-1] - foot,
        float(down),
        Outcome(float(held), float(simple_shear_friction(FRICTION_ANGLE))),
    )


def block_on_slope(friction: float) -> tuple[np.ndarray, Outcome]:
    """How far, m, a block has slid down a slope of 30 degrees at each of ten frames; its acceleration, m/s^2.

    It slides at g (sin - mu cos) where mu is below tan 30, and sticks above.
    """
    points, grid = block((6, 6, 4), (0, 0, 0), (48, 18, 44))
    angle = np.radians(30)
    R = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    foot = np.array([6, 6, 32]) * CELL
    points = points @ R.T + foot
    plane = Collider(HalfSpace(foot, R[:, 2]), Contact.separate, friction)
    # Tissue, because a block that rings on touching down hops, and slips while it is in the air.
    motion = solver_of(points, grid, Material("kelvin_voigt", {"retardation_time": 1e-3})).simulate(
        2e5, np.zeros_like(points), 10, FPS, gravity=(0, 0, -GRAVITY), colliders=[plane]
    )
    along = ((motion.positions - points) @ R[:, 0]).mean(1)
    expected = max(0.0, GRAVITY * (np.sin(angle) - friction * np.cos(angle)))
    return along, Outcome(float(2 * np.polyfit(np.arange(1, 11) / FPS, along, 2)[0]), expected)


@dataclass(frozen=True)
class DamBreak:
    """A column of water that was let go."""

    width: float
    """Of the column, metres."""
    times: np.ndarray
    """T = t sqrt(2 g / a) of the frames [T]."""
    front: np.ndarray
    """Z = x / a of the frames [T]."""
    positions: np.ndarray
    """Particles [T, P, 3], metres from the corner of wall and floor."""
    speed: Outcome
    """Of the front over sqrt(2 g a), between the first and last of `MARTIN_MOYCE`."""
    place: Outcome
    """Z at the T of `MARTIN_MOYCE` where it is farthest off."""


def dam_break(cells: int) -> DamBreak:
    """A column `cells` wide and twice as high between smooth panes, on a smooth floor, a wall behind it."""
    a = cells * CELL
    points, grid = block((cells, 2, 2 * cells), (4, 5, 4), (5 * cells + 12, 12, 2 * cells + 12))
    points, corner = scattered(points), np.array([4, 5, 4]) * CELL
    behind = Collider(HalfSpace(corner, [1, 0, 0]), Contact.separate)
    walls = [floor(corner[2]), behind, *side_walls(corner[1], corner[1] + 2 * CELL)]
    # Sound ten times as fast as the fall of 2 a, so that the density varies by 1 %.
    bulk = 100 * DENSITY * 2 * GRAVITY * 2 * a
    last, frames = 3.4, 17
    fps = frames / last * np.sqrt(2 * GRAVITY / a)
    # At Poisson's ratio 1/3 Young's modulus is the bulk modulus.
    motion = solver_of(points, grid, WATER, poisson=1 / 3).simulate(
        bulk, np.zeros_like(points), frames, fps, gravity=(0, 0, -GRAVITY), colliders=walls
    )
    positions = motion.positions - corner
    times = np.arange(1, frames + 1) * last / frames
    # Single drops may run ahead.
    front = np.quantile(positions[..., 0], 0.999, axis=1) / a
    T, Z = MARTIN_MOYCE.T
    at = np.interp(T, times, front)
    worst = int(np.argmax(np.abs(at / Z - 1)))
    seen = (times >= T[0]) & (times <= T[-1])
    speed = np.polyfit(times[seen], front[seen], 1)[0]
    return DamBreak(
        a,
        times,
        front,
        positions,
        Outcome(float(speed), float(np.polyfit(T, Z, 1)[0])),
        Outcome(float(at[worst]), float(Z[worst])),
    )
