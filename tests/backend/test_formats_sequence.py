"""Which files make up a sequence."""

from __future__ import annotations

import pytest

from backend import formats


@pytest.fixture
def folder(tmp_path):
    """A walk with a gap and numbers of two widths, among files that are not of it."""
    folder = tmp_path / "frames"
    folder.mkdir()
    names = ["walk_8.ply", "walk_9.ply", "walk_10.ply", "walk_012.ply", "walk_11.txt", "walk_10.spz", "run_9.ply"]
    for name in (*names, "walk.ply"):
        (folder / name).touch()
    return folder


def names(path) -> list[str]:
    return [file.name for file in formats.sequence_of(path)]


def test_files_are_in_the_order_of_their_numbers(folder):
    """By number and not by letter, over gaps, and only what differs in its number alone."""
    assert names(folder / "walk_8.ply") == ["walk_8.ply", "walk_9.ply", "walk_10.ply", "walk_012.ply"]


def test_a_sequence_begins_where_it_is_told_to(folder):
    """Files before the chosen one are left out."""
    assert names(folder / "walk_10.ply") == ["walk_10.ply", "walk_012.ply"]


def test_a_folder_holds_one_sequence(folder):
    """The only sequence of a folder is found, others than it are named as too many."""
    assert names(folder) == ["walk_8.ply", "walk_9.ply", "walk_10.ply", "walk_012.ply"]
    (folder / "run_10.ply").touch()
    with pytest.raises(ValueError, match="frames holds 2 sequences of splat files; choose"):
        formats.sequence_of(folder)


@pytest.mark.parametrize("name", ["walk.ply", "walk_012.ply", "run_9.ply"])
def test_a_single_file_is_no_sequence(folder, name):
    """Without a number, or without another file behind it: one sentence that says what is needed."""
    with pytest.raises(ValueError, match=f"{name} is not the beginning of a sequence; choose"):
        formats.sequence_of(folder / name)


def test_missing_files_are_named(folder):
    """A path without a file says so."""
    with pytest.raises(FileNotFoundError, match="walk_7.ply does not exist"):
        formats.sequence_of(folder / "walk_7.ply")
