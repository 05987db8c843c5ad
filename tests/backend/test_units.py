"""Numbers in words: units that keep them short."""

from __future__ import annotations

import pytest

from backend.units import duration, pascals


@pytest.mark.parametrize(
    ("young", "digits", "words"),
    [
        (3.596e6, 3, "3.6 MPa"),
        (31623.0, 2, "32 kPa"),
        (794328.0, 2, "790 kPa"),
        (999_900.0, 3, "1 MPa"),
        (2.1e11, 2, "210 GPa"),
        (100.0, 3, "100 Pa"),
    ],
)
def test_moduli_are_told_in_the_unit_that_keeps_them_short(young, digits, words):
    """Never a power of ten, nor more digits than are known; what rounds up to the next unit is told in that."""
    assert pascals(young, digits) == words


def test_times_are_told_roughly():
    """At least a second, then seconds, minutes or hours."""
    assert [duration(s) for s in (0.2, 31.4, 117, 9000)] == ["1 s", "31 s", "2 min", "2 h"]
