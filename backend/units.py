"""Numbers with their units, as people say them."""

from __future__ import annotations


def pascals(young: float, digits: int = 3) -> str:
    """Young's modulus with so many digits: "3.6 MPa" of 3.6e6."""
    for factor, unit in ((1e9, "GPa"), (1e6, "MPa"), (1e3, "kPa")):
        if float(f"{young:.{digits}g}") >= factor:
            return f"{float(f'{young / factor:.{digits}g}'):g} {unit}"
    return f"{float(f'{young:.{digits}g}'):g} Pa"


def duration(seconds: float) -> str:
    """A time that is known roughly, a second at least: "2 min" of 117."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
