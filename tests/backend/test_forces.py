"""Force fields, strokes and their push on particles, against closed forms and what Blender shows."""

from __future__ import annotations

import numpy as np
import pytest

from backend import arrays
from backend.forces.acting import ActingForces
from backend.forces.effector import draw, push, pushes
from backend.forces.grip import STRETCH_FREE, STRETCH_LIMIT, Grip, gate
from backend.forces.noise import perlin, turbulence
from backend.surroundings import (
    ColliderMesh,
    Contact,
    Cut,
    Falloff,
    FieldKind,
    FieldShape,
    ForceField,
    PartMotion,
    Side,
    Stroke,
    StrokeKind,
    Surroundings,
)

POINTS = np.array([[0.3, -0.2, 0.5], [1.0, 2.0, -0.7], [-0.4, 0.1, 1.5]])
STILL = np.zeros((3, 3))


def pose(translation=(0, 0, 0), axis=(0, 0, 1)) -> np.ndarray:
    """Matrices [1, 4, 4] of an object there whose Z points along `axis`, twice its own size."""
    z = np.asarray(axis, float) / np.linalg.norm(axis)
    x = np.cross([0, 1, 0] if abs(z[1]) < 0.9 else [1, 0, 0], z)
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, :3] = 2 * np.stack([x, np.cross(z, x), z], 1)
    matrix[:3, 3] = translation
    return matrix[None]


def field(kind: FieldKind, strength: float = 3.0, matrices: np.ndarray | None = None, **options) -> ForceField:
    matrices = pose() if matrices is None else matrices
    return ForceField(kind=kind, matrices=matrices, strength=np.array([strength]), **options)


def test_wind_blows_along_the_object_whatever_its_scale():
    """Wind is strength times the unit Z axis at every point, and flow relaxes velocities to its terminal one."""
    result = push(field(FieldKind.wind, 3.0, pose((5, 5, 5), (1, 0, 1)), flow=0.5), POINTS, STILL, 0)
    np.testing.assert_allclose(result.acceleration, np.tile([3 / np.sqrt(2), 0, 3 / np.sqrt(2)], (3, 1)), atol=1e-14)
    np.testing.assert_allclose(result.rate, 0.5)


def test_force_points_away_and_falls_off():
    """A force is radial, 1 / (1 + r)^power with distance, and 1 / r^2 with gravity falloff."""
    r = np.linalg.norm(POINTS, axis=1, keepdims=True)
    plain = push(field(FieldKind.force, falloff_power=2.0), POINTS, STILL, 0).acceleration
    np.testing.assert_allclose(plain, 3 * POINTS / r / (1 + r) ** 2)
    heavy = push(field(FieldKind.force, -3.0, gravity_falloff=True), POINTS, STILL, 0).acceleration
    np.testing.assert_allclose(heavy, -3 * POINTS / r**3)


def test_shapes_measure_distance_from_point_line_or_plane():
    """A line pushes across its axis, a plane along it."""
    line = push(field(FieldKind.force, shape=FieldShape.line), POINTS, STILL, 0).acceleration
    plane = push(field(FieldKind.force, shape=FieldShape.plane), POINTS, STILL, 0).acceleration
    across = POINTS * [1, 1, 0]
    np.testing.assert_allclose(line, 3 * across / np.linalg.norm(across, axis=1, keepdims=True))
    np.testing.assert_allclose(plane, 3 * np.sign(POINTS[:, 2:]) * [0, 0, 1])


def test_falloff_limits_sides_and_shapes():
    """Least and greatest distance, tube, cone and side cut a field off where Blender's manual says."""
    heights = np.array([[0.0, 0, 0.5], [0, 0, 1.5], [0, 0, 3.0], [0, 0, -0.5], [1.0, 0, 1.0], [0.1, 0, 1.0]])
    still = np.zeros_like(heights)

    def share(**options):
        return push(field(FieldKind.wind, 1.0, **options), heights, still, 0).acceleration[:, 2]

    sphere = share(falloff_power=1.0, distance_min=1.0, distance_max=2.0)
    np.testing.assert_allclose(sphere[:4], [1, 1 / 1.5, 0, 1])
    tube = share(falloff=Falloff.tube, radial_max=0.5)
    np.testing.assert_allclose(tube, [1, 1, 1, 1, 0, 1])
    cone = share(falloff=Falloff.cone, radial_max=30.0)
    np.testing.assert_allclose(cone, [1, 1, 1, 0, 0, 1])
    np.testing.assert_allclose(share(side=Side.positive)[3], 0)
    np.testing.assert_allclose(share(side=Side.negative), [0, 0, 0, 1, 0, 0])


def test_vortices_turn_around_the_axis():
    """A point's vortex is strength times distance around Z; a plane's spins up to a velocity, relaxing at 1/s."""
    point = push(field(FieldKind.vortex), POINTS, STILL, 0).acceleration
    around = np.cross([0, 0, 1], POINTS)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    np.testing.assert_allclose(point, 3 * np.linalg.norm(POINTS, axis=1, keepdims=True) * around)
    plane = push(field(FieldKind.vortex, shape=FieldShape.plane), POINTS, STILL, 0)
    inward = -9 * POINTS * [1, 1, 0]
    np.testing.assert_allclose(plane.acceleration, inward + 3 * np.cross([0, 0, 1], POINTS))
    np.testing.assert_allclose(plane.rate, 1)


def test_drag_is_linear_and_quadratic():
    """Drag relaxes velocities at "linear" |v| + "quadratic", both at most 2: so Blender 4.5 does, labels aside."""
    velocities = np.array([[3.0, 0, 4], [0, 0, 0], [1, 0, 0]])
    result = push(field(FieldKind.drag, linear_drag=0.5, quadratic_drag=0.2), POINTS, velocities, 0)
    np.testing.assert_allclose(result.rate, [2.7, 0.2, 0.7])
    capped = push(field(FieldKind.drag, linear_drag=7.0, quadratic_drag=9.0), POINTS, velocities, 0)
    np.testing.assert_allclose(capped.rate, [12, 2, 4])
    assert not result.acceleration.any()


def test_noise_is_perlins():
    """Noise is zero on the lattice, as Blender's between, repeats after 256 and stays within 1."""
    lattice = np.random.default_rng(0).integers(-300, 300, (200, 3)).astype(float)
    np.testing.assert_array_equal(perlin(lattice), 0)
    # mathutils.noise.noise(point, noise_basis="PERLIN_NEW") in Blender 4.5, float32.
    blender = {(0.3, 0.6, 0.2): -0.229996, (-5.25, 7.5, 100.125): -0.399428, (17.75, -3.5, 0.5): -0.075439}
    np.testing.assert_allclose(perlin(np.array(list(blender))), list(blender.values()), atol=2e-6)
    spread = np.random.default_rng(1).uniform(-50, 50, (20000, 3))
    np.testing.assert_allclose(perlin(spread + 256), perlin(spread), atol=1e-10)
    assert np.abs(turbulence(spread, 0.7)).max() < 1
    # The fade 6 t^5 - 15 t^4 + 10 t^3 gives improved noise a variance of about 0.08 (three octaves of 4/7, 2/7, 1/7).
    assert turbulence(spread, 0.7).std() == pytest.approx(np.sqrt(0.08 * 21) / 7, rel=0.1)


def test_turbulence_follows_its_object_or_stays_in_the_world():
    """Turbulence in the object's coordinates moves along with it; in global ones it does not."""
    here = push(field(FieldKind.turbulence, size=0.4), POINTS, STILL, 0).acceleration
    shifted = field(FieldKind.turbulence, 3.0, pose((1, 2, 3)), size=0.4)
    np.testing.assert_allclose(push(shifted, POINTS + [1, 2, 3], STILL, 0).acceleration, here, atol=1e-12)
    fixed = field(FieldKind.turbulence, 3.0, pose((1, 2, 3)), size=0.4, global_coordinates=True)
    np.testing.assert_allclose(push(fixed, POINTS, STILL, 0).acceleration[:, 0], 3 * turbulence(POINTS, 0.4))


def test_strength_noise_has_blenders_distribution():
    """Draws differ from frame to frame, repeat for a seed, and have the mean and spread of Blender's formula."""
    gusty = field(FieldKind.wind, noise=2.0, seed=7)
    draws = np.array([draw(gusty, frame, 0) for frame in range(4000)])
    assert draw(gusty, 5, 0) == draws[5] != draw(field(FieldKind.wind, noise=2.0, seed=8), 5, 0)
    k = np.arange(128)
    signed = np.where(k > 64, 1, -1) * k / 128
    # E[1 / (1 + u)] = ln 2, E[1 / (1 + u)^2] = 1/2; 4000 draws know their mean to 0.016 of the spread.
    mean, square = 2 * signed.mean() * np.log(2), 4 * (signed**2).mean() / 2
    assert draws.mean() == pytest.approx(mean, abs=4 * np.sqrt(square / 4000))
    assert (draws**2).mean() == pytest.approx(square, rel=0.1)
    blown = push(gusty, POINTS, STILL, 3).acceleration
    np.testing.assert_allclose(blown, np.tile([0, 0, 3 + draws[3]], (3, 1)))


def test_fields_add_and_follow_their_rows():
    """Two fields add up; a moving, animated one is read at each frame and holds on after its last row."""
    matrices = np.concatenate([pose(axis=(0, 0, 1)), pose(axis=(1, 0, 0))])
    moving = ForceField(kind=FieldKind.wind, matrices=matrices, strength=np.array([1.0, 2.0, 4.0]))
    both = [moving, field(FieldKind.drag, quadratic_drag=1.5)]
    for frame, expected in ((0, [0, 0, 1]), (1, [2, 0, 0]), (2, [4, 0, 0]), (9, [4, 0, 0])):
        total = pushes(both, POINTS, STILL, frame)
        np.testing.assert_allclose(total.acceleration, np.tile(expected, (3, 1)), atol=1e-15)
        np.testing.assert_allclose(total.rate, 1.5)


def test_fields_change_linearly_through_a_frame():
    """A frame's push begins with the field at its start and ends with that at its end, where particles will be."""
    matrices = np.concatenate([pose(), pose(axis=(1, 0, 0))])
    wind = ForceField(kind=FieldKind.wind, matrices=matrices, strength=np.ones(1))
    repel = field(FieldKind.force, falloff_power=1.0)
    forces = ActingForces(Surroundings(gravity=np.zeros(3), fields=(wind, repel)), POINTS, fps=10.0)
    velocities = np.ones((3, 3))
    result = forces.frame(0, POINTS, velocities, np.tile(np.eye(3), (3, 1, 1)))
    ahead = push(repel, POINTS + 0.1, velocities, 1).acceleration + [1, 0, 0]
    np.testing.assert_allclose(result.acceleration[0], push(repel, POINTS, STILL, 0).acceleration + [0, 0, 1])
    np.testing.assert_allclose(result.acceleration[1], ahead, atol=1e-14)


def test_impulse_gives_its_velocity():
    """An impulse over any span gives what is at its point the arrow's velocity, and nothing out of its radius."""
    stroke = Stroke(
        kind=StrokeKind.impulse, point=POINTS[0], vector=np.array([2.0, 0, -1]), radius=0.5, start=1.25, frames=2.5
    )
    grip = Grip(stroke, POINTS)
    rest = np.tile(np.eye(3), (3, 1, 1))
    gained = sum(grip.push(frame, 0.04, POINTS, rest).acceleration * 0.04 for frame in range(6))
    np.testing.assert_allclose(gained, [[2, 0, -1], [0, 0, 0], [0, 0, 0]], atol=1e-14)


def test_drag_stroke_leads_and_gives_way():
    """A pull's push ends at the arrow's tip, fades between stretches of 1.2 and 1.5, and grips what is near only."""
    stroke = Stroke(
        kind=StrokeKind.drag, point=POINTS[0], vector=np.array([0.0, 0.5, 0]), radius=0.5, start=0, frames=4
    )
    grip = Grip(stroke, POINTS)
    rest = np.tile(np.eye(3), (3, 1, 1))
    last = grip.push(3, 0.04, POINTS + [0, 0.5, 0], rest)
    np.testing.assert_allclose(last.acceleration, 0, atol=1e-12)
    assert last.rate[0] > 0 and not last.rate[1:].any()
    assert not grip.push(4, 0.04, POINTS, rest).rate.any()
    for stretch, left in ((1.0, 1.0), (STRETCH_FREE, 1.0), (1.35, 0.5), (STRETCH_LIMIT, 0.0), (3.0, 0.0)):
        assert gate(np.diag([1, stretch, 0.5])[None]) == pytest.approx(left)
    with pytest.raises(ValueError, match=r"grips nothing: what moves is .* m from its point"):
        Grip(stroke, POINTS + 10)


def test_surroundings_survive_their_file(tmp_path):
    """Everything that surrounds a subject comes back from a file as it was."""
    scene = Surroundings(
        gravity=np.array([0, 0, -9.81]),
        fields=(
            field(FieldKind.wind, distance_max=2.0),
            field(FieldKind.turbulence, size=0.3, global_coordinates=True),
        ),
        colliders=(
            ColliderMesh(
                vertices=np.eye(3), triangles=np.array([[0, 1, 2]]), matrices=pose(), friction=0.3, name="Bowl 2"
            ),
            ColliderMesh(vertices=np.eye(3), triangles=np.array([[0, 1, 2]]), matrices=pose(), contact=Contact.sticky),
        ),
        strokes=(
            Stroke(kind=StrokeKind.drag, point=np.zeros(3), vector=np.ones(3), radius=0.1, start=0.0, frames=10.0),
        ),
        moved=(PartMotion(part=2, matrices=np.eye(4)[None]),),
        cuts=(Cut(corner=np.zeros(3), edge=np.eye(3)[0], way=np.eye(3)[1], start=0.0, frames=5.0),),
    )
    again = Surroundings.from_arrays(arrays.load(arrays.save(tmp_path / "scene.npz", scene.to_arrays())))
    assert repr(again) == repr(scene)
    assert again.fields[0].distance_min is None and again.fields[1].kind is FieldKind.turbulence
    assert again.colliders[0].name == "Bowl 2" and again.colliders[1].contact is Contact.sticky
