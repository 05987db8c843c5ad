"""Materials as files: exact round trips, transfer to copies of a capture, refusal of other shapes and other files."""

from __future__ import annotations

import numpy as np
import pytest

from backend.material_file import MaterialField


def stem(count: int = 400, seed: int = 0) -> np.ndarray:
    """Places along a stalk one metre tall [count, 3]."""
    rng = np.random.default_rng(seed)
    return rng.uniform([-0.05, -0.05, 0], [0.05, 0.05, 1], (count, 3))


@pytest.fixture
def saved() -> MaterialField:
    """A stalk that grows a decade softer from root to tip."""
    points = stem()
    velocity = points[:, 2:] * [0.5, 0, 0]
    return MaterialField(points, 6 - points[:, 2], np.full(400, 800.0), velocity, 0.3, 0.05, {"object": "stalk"})


def test_a_file_keeps_every_bit(saved, tmp_path):
    """Saved and read, all arrays, numbers and the provenance are the same."""
    read = MaterialField.read(saved.save(tmp_path / "stalk.sway"))
    for name, value in vars(saved).items():
        np.testing.assert_array_equal(getattr(read, name), value, err_msg=name)


def test_other_places_of_the_same_shape_take_what_is_near(saved):
    """Another sampling of a moved, turned and doubled copy has the stiffness of its height, and twice the push."""
    turn = np.array([[0.0, -2, 0, 3], [2, 0, 0, -1], [0, 0, 2, 0.5], [0, 0, 0, 1]])
    other = stem(300, seed=1)
    places = other @ turn[:3, :3].T + turn[:3, 3]
    copy = saved.placed(turn)
    copy.check_shape(places)
    log_young, density, velocity = copy.at(places)
    # 400 points in a box of 0.1 x 0.1 x 1 are 0.03 apart; a mean of four is within two spacings.
    np.testing.assert_allclose(log_young, 6 - other[:, 2], atol=0.06)
    np.testing.assert_allclose(density, 800)
    np.testing.assert_allclose(velocity[:, 1], other[:, 2], atol=0.06)


def test_a_point_gives_back_its_own_value(saved):
    """At the saved points the field is what was saved, to the softening of distances."""
    np.testing.assert_allclose(saved.at(saved.points)[0], saved.log_young, atol=5e-3)


@pytest.mark.parametrize("change", ["taller", "aside", "cut"])
def test_another_shape_is_refused_with_numbers(saved, change):
    """A longer stalk, one beside it and half of one are refused, saying how much differs."""
    other = stem(400, seed=2)
    places = {"taller": other * [1, 1, 1.5], "aside": other + [0.5, 0, 0], "cut": other[other[:, 2] < 0.5]}[change]
    with pytest.raises(ValueError, match=r"shapes differ too much: \d+ % .* same capture"):
        saved.check_shape(places)


def test_a_trimmed_copy_is_accepted(saved):
    """A copy that lost its top twentieth is still the same plant."""
    other = stem(400, seed=3)
    saved.check_shape(other[other[:, 2] < 0.95])


def test_other_files_are_refused_by_name(saved, tmp_path):
    """A missing file, one of other arrays, and one that is no archive are each refused in one sentence."""
    with pytest.raises(FileNotFoundError, match=r"gone.sway is not there"):
        MaterialField.read(tmp_path / "gone.sway")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "text.sway").write_text("hello")
    whole = saved.save(tmp_path / "whole.sway").read_bytes()
    (tmp_path / "half.sway").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.sway").write_bytes(b"")
    for name in ("other.npz", "text.sway", "half.sway", "empty.sway"):
        with pytest.raises(ValueError, match=f"{name} is no material of Sway"):
            MaterialField.read(tmp_path / name)


def a_fit(matrix: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(arrays of a fit of a stalk that stands where `matrix` [4, 4] puts it, its splats in the capture's axes)."""
    places, local = stem(2000, seed=4), stem(60, seed=5)
    rest = local @ matrix[:3, :3].T + matrix[:3, 3]
    nearest = np.linalg.norm(places[:, None] - local, axis=-1).argsort(1)[:, :4].astype(np.int32)
    return {
        "rest": rest,
        "binding_splats": np.arange(2000, dtype=np.int32),
        "binding_particles": nearest,
        "binding_weights": np.full((2000, 4), 0.25, np.float32),
        "young": 10 ** (6 - local[:, 2]),
        "density": np.full(60, 900.0),
        "velocity": np.tile(matrix[:3, 0], (60, 1)),
        "poisson": np.array(0.3),
        "damping": np.array(2.0),
        "frequency": np.array(1.5),
    }, places


def test_a_fit_becomes_a_material_in_the_captures_axes():
    """Where the object stands drops out: points, push and stiffness are those of the capture; damping is a ratio."""
    matrix = np.array([[0.0, -2, 0, 3], [2, 0, 0, -1], [0, 0, 2, 0.5], [0, 0, 0, 1]])
    fit, places = a_fit(matrix)
    made = MaterialField.of_fit(fit, places, matrix, {"object": "stalk"})
    np.testing.assert_allclose(made.points, stem(60, seed=5), atol=1e-12)
    np.testing.assert_allclose(made.velocity, np.tile([1.0, 0, 0], (60, 1)), atol=1e-12)
    np.testing.assert_allclose(made.log_young, 6 - made.points[:, 2])
    # An amplitude falls at half of `damping`: ratio = (damping / 2) / (2 pi f).
    assert made.damping_ratio == pytest.approx(1.0 / (2 * np.pi * 1.5))


def test_a_fit_of_splats_that_moved_on_is_refused():
    """An object that was moved after its fit, or lost splats, cannot say where its stiffness belongs."""
    matrix = np.eye(4)
    fit, places = a_fit(matrix)
    moved = matrix.copy()
    moved[0, 3] = 0.5
    with pytest.raises(ValueError, match="moved, turned or scaled after the fit"):
        MaterialField.of_fit(fit, places, moved, {})
    with pytest.raises(ValueError, match="edited after the fit"):
        MaterialField.of_fit(fit, places[:1000], matrix, {})
