"""`Picture`: its arrays, and what it refuses in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from backend import arrays
from backend.picture import Kind, Layer, Line, Picture, Wind
from backend.spectral_volume import SpectralVolume
from tests.backend.picture_cases import STEM, lake_picture, plant_mask, plant_picture, wall


def test_file_gives_back_the_picture(tmp_path):
    """A picture with every kind of content goes through an .npz file unchanged."""
    volume = SpectralVolume(np.ones((1, 4, 5, 2), np.complex64), np.array([1.0]), 2.0, np.ones((4, 5), np.float32), "x")
    way = Line(np.array([[3.0, 4.0], [30.0, 20.0]]), times=np.array([0.2, 1.0]))
    layers = (
        *lake_picture().layers,
        Layer(
            Kind.plant, plant_mask(), (STEM, Line(STEM.points + 2, frequency=2.5)), name="rose", outside=(outside(),)
        ),
        Layer(Kind.path, plant_mask(), (way,), spin=0.5),
        Layer(Kind.volume, volume=volume),
    )
    picture = Picture(wall(4), layers, Wind(5.0, 30.0, 7))
    loaded = Picture.from_arrays(arrays.load(arrays.save(tmp_path / "picture.npz", picture.to_arrays())))
    np.testing.assert_array_equal(loaded.image, picture.image)
    assert loaded.wind == picture.wind
    for mine, theirs in zip(loaded.layers, layers, strict=True):
        for name in ("kind", "name", "amplitude", "frequency", "damping", "flutter", "horizon", "spin"):
            assert getattr(mine, name) == getattr(theirs, name)
        assert (mine.mask is None) == (theirs.mask is None)
        for a, b in zip(mine.lines, theirs.lines, strict=True):
            np.testing.assert_array_equal(a.points, b.points)
            assert a.frequency == b.frequency
    np.testing.assert_array_equal(loaded.layers[-3].outside[0].points, outside().points)
    np.testing.assert_array_equal(loaded.layers[-2].lines[0].times, way.times)
    assert loaded.layers[-1].volume.source == "x"


def outside() -> Line:
    return Line(np.array([[2.0, 70.0], [2.0, 60.0]]))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Picture(wall()[:1, :1], ()), "1 x 1 pixels"),
        (lambda: Picture(wall()[..., 0], ()), "RGB"),
        (lambda: Picture(wall().astype(np.uint16), ()), "uint16"),
        (lambda: Picture(wall(), (Layer(Kind.plant, plant_mask()[:-1], (STEM,)),)), "mask is"),
        (lambda: Picture(wall(), (Layer(Kind.plant, 0 * plant_mask(), (STEM,)),)), "empty"),
        (lambda: Picture(wall(), (Layer(Kind.plant, plant_mask(), (outside(),), name="rose"),)), '"rose" lies outside'),
        (lambda: Layer(Kind.boat, plant_mask()), "water line"),
        (lambda: Layer(Kind.path, plant_mask()), "way"),
        (lambda: Layer(Kind.volume), "no spectral volume"),
        (lambda: Layer(Kind.plant, frequency=0.0), "frequency is 0"),
        (lambda: Layer(Kind.plant, damping=1.0), "damping is 1"),
        (lambda: Layer(Kind.plant, amplitude=-1.0), "amplitude"),
        (lambda: Line(np.zeros((1, 2))), "two points"),
        (lambda: Line(np.zeros((2, 2))), "shorter than a pixel"),
        (lambda: Line(np.array([[0.0, 0.0], [np.nan, 1.0]])), "not finite"),
        (lambda: Line(STEM.points, times=np.array([1.0, 0.5, 0.0])), "times must rise"),
        (lambda: Wind(0.0), "speed is 0"),
    ],
)
def test_impossible_pictures_are_refused(make, words):
    """Each refusal says what is wrong."""
    with pytest.raises(ValueError, match=words):
        make()


def test_settings_left_out_take_their_defaults():
    """A picture written with fewer settings than there are today is still read."""
    written = plant_picture().to_arrays()
    written["picture"] = np.array('{"wind": {}, "layers": [{"kind": "plant", "lines": [null]}]}')
    layer = Picture.from_arrays(written).layers[0]
    assert layer.frequency == Layer(Kind.plant).frequency and layer.lines[0].frequency is None
