"""What of a Blender scene reaches the worker, and that force fields push splats as they push Blender's particles."""

from __future__ import annotations

import numpy as np
import pytest

STEP = 0.04
"""Seconds that a Blender particle lives in a frame, by default."""


@pytest.fixture
def surroundings(addon, plain_scene, scene_module, cloud):
    """Gathers what acts on a small cloud; `params` are those of Simulate."""
    import bpy

    obj = scene_module("scene.splats").add_splats(bpy.context, "Cloud", cloud(), up="+Z")
    acting, simulate = scene_module("backend.api.acting"), scene_module("backend.api.simulate")
    read = scene_module("properties.from_params").read
    gather = scene_module("scene.acting.surroundings").surroundings_of

    def of(**params):
        settings = {o: read(o.sway.acting, acting.ActingParams) for o in plain_scene.objects}
        settings = {o: s for o, s in settings.items() if s.kind is not acting.Acting.nothing}
        return gather(bpy.context, obj, simulate.SimulateParams(**params), settings)

    return of


def field(kind, **settings):
    """A force field, moved and turned."""
    import bpy

    bpy.ops.object.effector_add(type=kind, location=(0.2, -0.4, -0.6), rotation=(0.5, 0.3, 0.9))
    obj = bpy.context.object
    for name, value in settings.items():
        setattr(obj.field, name, value)
    return obj


def particle(scene):
    """A Blender particle at rest but for a speed of 0.7 m/s, 1 kg, integrated by explicit Euler."""
    import bpy

    mesh = bpy.data.meshes.new("Emitter")
    mesh.from_pydata([(0.3, 0.2, 0.5)], [], [])
    emitter = bpy.data.objects.new("Emitter", mesh)
    scene.collection.objects.link(emitter)
    emitter.modifiers.new("Particles", "PARTICLE_SYSTEM")
    settings = emitter.particle_systems[0].settings
    settings.count, settings.frame_start, settings.frame_end, settings.lifetime = 1, 1, 1, 100
    settings.emit_from, settings.use_emit_random, settings.normal_factor = "VERT", False, 0
    settings.object_align_factor = (0.7, 0, 0)
    settings.mass, settings.integrator, settings.effector_weights.gravity = 1, "EULER", 0
    return emitter


FIELDS = [
    ("WIND", {"strength": 3.0, "flow": 0.0}),
    ("WIND", {"strength": 2.0, "flow": 1.5, "falloff_power": 1.0, "shape": "PLANE"}),
    ("FORCE", {"strength": -4.0, "flow": 0.0, "falloff_power": 2.0}),
    ("FORCE", {"strength": 2.0, "flow": 0.5, "use_gravity_falloff": True, "shape": "LINE"}),
    ("VORTEX", {"strength": 5.0, "flow": 0.0}),
    ("VORTEX", {"strength": 1.0, "flow": 0.0, "falloff_type": "TUBE", "use_max_distance": True, "distance_max": 9.0}),
    ("TURBULENCE", {"strength": 3.0, "flow": 0.0, "size": 0.4}),
    ("DRAG", {"linear_drag": 0.8, "quadratic_drag": 0.4}),
]


@pytest.mark.parametrize(("kind", "settings"), FIELDS)
def test_fields_push_like_blenders_own(surroundings, scene_module, plain_scene, kind, settings):
    """The velocity that a Blender particle gains in a frame is our acceleration there times its time step."""
    import bpy

    field(kind, **settings)
    emitter = particle(plain_scene)
    states = []
    for frame in (1, 2):
        plain_scene.frame_set(frame)
        found = emitter.evaluated_get(bpy.context.evaluated_depsgraph_get()).particle_systems[0].particles[0]
        states.append((np.array(found.location), np.array(found.velocity)))
    (x, v), (_, after) = states
    ours = surroundings(frames=4)
    assert len(ours.fields) == 1
    push = scene_module("backend.forces.effector").pushes(ours.fields, x[None], v[None], 0)
    gained = STEP * (push.acceleration[0] - push.rate[0] * v)
    assert np.linalg.norm(gained) > 1e-3
    # Blender computes in float32: velocities of about 1 m/s are good to some 1e-7.
    assert after - v == pytest.approx(gained, rel=1e-4, abs=1e-6)


def test_gravity_is_the_scenes(surroundings, plain_scene):
    """Its strength, its share, and its switch."""
    plain_scene.gravity = (0, 1, -4)
    assert surroundings().gravity == pytest.approx([0, 1, -4])
    assert surroundings(gravity=0.5).gravity == pytest.approx([0, 0.5, -2])
    plain_scene.use_gravity = False
    assert not surroundings().gravity.any()


def test_animated_objects_are_sampled_at_every_frame_and_the_timeline_is_left_alone(surroundings, plain_scene):
    """A keyed wind that turns up while it moves: its matrix and strength at each frame; others have one row."""
    wind, still = field("WIND"), field("FORCE")
    for frame, strength, x in ((1, 0.0, 0.0), (5, 8.0, 4.0)):
        wind.field.strength, wind.location = strength, (x, 0, 0)
        wind.field.keyframe_insert("strength", frame=frame)
        wind.keyframe_insert("location", frame=frame)
    plain_scene.frame_set(3)
    found = surroundings(frames=5)
    fields = {f.kind.name: f for f in found.fields}
    assert fields["wind"].strength[[0, 4]] == pytest.approx([0, 8]) and 0 < fields["wind"].strength[2] < 8
    assert fields["wind"].matrices[[0, 4], 0, 3] == pytest.approx([0, 4])
    assert len(fields["force"].matrices) == 5 and np.ptp(fields["force"].matrices, axis=0).max() == 0
    assert plain_scene.frame_current == 3 and still.name in plain_scene.objects
    assert not surroundings(frames=5, force_fields=False).fields


def test_colliders_come_as_they_are_shown(surroundings, plain_scene):
    """Modifiers, transform and surface of a mesh that collides; a floor as a box with its top at the given height."""
    import bpy

    bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 3))
    cube = bpy.context.object
    cube.modifiers.new("Array", "ARRAY").count = 2
    cube.sway.acting.kind, cube.sway.acting.surface = "collider", "sticky"
    (mesh,) = surroundings().colliders
    assert mesh.name == cube.name and mesh.contact.name == "sticky" and mesh.friction == 0
    assert len(mesh.vertices) == 16 and mesh.triangles.shape == (24, 3)
    assert mesh.matrices[:, 2, 3] == pytest.approx([3])
    assert len(surroundings(acting_objects=False).colliders) == 0
    cube.hide_set(True)
    (floor,) = surroundings(floor=True, floor_height=-1.5).colliders
    assert floor.vertices[:, 2].max() == pytest.approx(-1.5)
    # Outward faces: the enclosed volume is positive.
    a, b, c = floor.vertices[floor.triangles].swapaxes(0, 1)
    assert np.einsum("fi,fi->", a, np.cross(b, c)) > 0


def test_arrows_carriers_and_blades(surroundings, plain_scene, scene_module):
    """A blow along Z with its speed, a pull with its length, a carrier from the identity, a blade as drawn."""
    import bpy

    splats = scene_module("scene.splats")
    obj = next(o for o in plain_scene.objects if splats.is_splats(o))
    for kind in ("impulse", "pull", "carrier", "blade"):
        bpy.context.view_layer.objects.active = obj
        assert bpy.ops.sway.add_acting(kind=kind) == {"FINISHED"}
        added = bpy.context.object
        added.location, added.rotation_euler = (1, 2, 3), (0, np.pi / 2, 0)
        added.sway.acting.speed, added.sway.acting.length, added.sway.acting.start = 2.5, 0.4, 7
        if kind == "carrier":
            added.scale = (2, 2, 2)
            for frame, z in ((1, 3.0), (4, 5.0)):
                added.location[2] = z
                added.keyframe_insert("location", frame=frame)
        if kind == "blade":
            added.scale = (1, 1, 1)
    found = surroundings(frames=4)
    blow, pull = found.strokes
    assert blow.point == pytest.approx([1, 2, 3]) and blow.vector == pytest.approx([2.5, 0, 0], abs=1e-6)
    assert pull.vector == pytest.approx([0.4, 0, 0], abs=1e-6) and pull.start == 7
    (carrier,) = found.moved
    assert carrier.matrices[0] == pytest.approx(np.eye(4), abs=1e-6)
    assert carrier.matrices[-1, :3, 3] == pytest.approx([0, 0, 2], abs=1e-5)
    (cut,) = found.cuts
    assert cut.corner == pytest.approx([1, 1, 4], abs=1e-6)
    assert cut.edge == pytest.approx([0, 0, -2], abs=1e-6) and cut.way == pytest.approx([0, 2, 0], abs=1e-6)


def test_what_reaches_the_worker_survives_the_file(surroundings, scene_module, tmp_path):
    """Everything written is read back."""
    field("VORTEX")
    found = surroundings(floor=True)
    arrays, nouns = scene_module("backend.arrays"), scene_module("backend.surroundings")
    again = nouns.Surroundings.from_arrays(arrays.load(arrays.save(tmp_path / "s.npz", found.to_arrays())))
    assert again.fields[0].kind is found.fields[0].kind and again.fields[0].strength == found.fields[0].strength
    assert np.array_equal(again.colliders[0].vertices, found.colliders[0].vertices)


def test_unknown_fields_are_refused_by_name(surroundings):
    """A field that splats would ignore is not silently left out."""
    magnet = field("MAGNET")
    with pytest.raises(ValueError, match=magnet.name):
        surroundings()
    magnet.hide_set(True)
    surroundings()
