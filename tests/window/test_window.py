"""The add-on in a real Blender window, by simulated mouse and keyboard, from its zip on."""

from __future__ import annotations

import numpy as np
import pytest

from backend import formats
from backend.gaussians import Gaussians
from backend.sample import potted_plant
from backend.sample.meadow import meadow

MOST_CLICKS = 12
FLOATING = 7
"""Splats: fewer than the 8 of 4000 that framing leaves out at each end."""


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """A small plant as a file, with Z up, which its name's format does not say."""
    path = tmp_path_factory.mktemp("capture") / "potted_plant.ply"
    formats.write_ply(path, potted_plant(count=4000))
    return str(path)


@pytest.fixture(scope="module")
def soiled(tmp_path_factory):
    """The same plant with splats that float around it, and with some that are as good as invisible."""
    plant = potted_plant(count=4000)
    arrays = plant.to_arrays()
    arrays["positions"][:FLOATING] += np.linspace(0.4, 0.9, FLOATING)[:, None]  # m: beside the plant, apart
    arrays["opacity"][FLOATING : 2 * FLOATING] = 0.005
    path = tmp_path_factory.mktemp("soiled") / "soiled_plant.ply"
    formats.write_ply(path, Gaussians.from_arrays(arrays))
    return str(path)


def test_a_newcomer_has_a_baked_plant_in_twelve_clicks(tell):
    """From a factory Blender and the zip, by menus and buttons: the sample is baked, and its leaves move."""
    found = tell("newcomer")
    assert found["clicks"] <= MOST_CLICKS
    assert found["baked"]
    assert found["moved_m"] > 1e-3  # a millimetre, of half a metre: seen from where the sample is shown


def test_every_step_by_its_button(tell, capture):
    """A capture is imported, undone, redone, fitted, simulated, baked, rendered, saved and reloaded by clicks."""
    found = tell("click_through", capture=capture)
    assert found["done"] == [
        "imported by menu",
        "imported as by drop",
        "undone and redone",
        "colours as light and as captured",
        "parts guessed",
        "reference made",
        "fit cancelled",
        "fitted",
        "stiffness shown",
        "material saved and loaded",
        "simulated",
        "baked, freed, baked",
        "rendered, and it moves",
        "reloaded",
    ]


def test_splats_are_edited_by_clicks_and_strokes(tell, soiled):
    """Every button of Clean Up, Select and the paint panels, each with what it changes."""
    found = tell("editing", capture=soiled)
    assert found["done"] == [
        "floaters removed",
        "culled",
        "cropped to box",
        "cropped to sphere",
        "crop undone",
        "selected by colour, height and touch",
        "selected by a box",
        "assigned",
        "separated",
        "merged",
        "deleted",
        "a part painted",
        "stiffness painted",
        "holding painted",
        "holding cleared",
        "a pin added and dragged",
        "a holding plane added",
    ]


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    """A small painted meadow."""
    import cv2

    path = tmp_path_factory.mktemp("photograph") / "meadow.png"
    photo = cv2.resize(meadow(24.0).photo(), (160, 100), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), np.round(255 * np.clip(photo[..., ::-1], 0, 1)))
    return str(path)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """A folder of frames: a textured wall whose upper part sways at 2 hertz, by two pixels."""
    import cv2

    folder = tmp_path_factory.mktemp("video")
    noise = cv2.GaussianBlur(np.random.default_rng(1).random((72, 96, 3)), (0, 0), 2)
    wall = (255 * (noise - noise.min()) / np.ptp(noise)).astype(np.float32)
    y, x = np.mgrid[:72, :96].astype(np.float32)
    for frame in range(64):
        shift = 2 * (1 - y / 71) ** 2 * np.sin(2 * np.pi * 2 * frame / 24)
        cv2.imwrite(str(folder / f"frame_{frame:03d}.png"), cv2.remap(wall, x - shift.astype(np.float32), y, 1).round())
    return str(folder)


def test_what_acts_on_splats(tell, capture):
    """Surroundings' buttons, handles dragged in the viewport, a pull by hand, another material, and a film of it."""
    found = tell("acting", capture=capture)
    assert found["done"] == [
        "wind dragged",
        "floor",
        "impulse added and dragged",
        "pull added",
        "carrier added",
        "blade added",
        "material chosen",
        "pulled by hand",
        "simulated",
        "film rendered",
    ]


def test_pictures_are_animated_in_the_image_editor(tell, photograph, video):
    """One click, layers, lines, previews, poking, planes, export and modes, each by its button."""
    found = tell("picturing", photograph=photograph, video=video)
    assert found["done"] == [
        "opened",
        "animated by one click",
        "layers removed",
        "found what moves",
        "layers added",
        "layers moved and removed",
        "lines drawn",
        "previewed",
        "previewed live",
        "poked",
        "planes made",
        "exported",
        "frames used",
        "modes found",
        "a mode ticked",
    ]
