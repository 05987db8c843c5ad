"""How sure a fit is of a part's stiffness, in numbers and in words.

The standard errors come from the Gauss-Newton Hessian of the least squares, scaled by what they leave unexplained
(Seber and Wild 1989, section 2.1): they tell of noise and of numbers that make up for each other in this clip, not of
what the model lacks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..units import pascals
from .prior import ODD
from .result import Fit

LIMIT = 0.3
"""Standard error of log10 E, half of a factor of four between likely values, from which a clip does not tell it."""
ROUGH = 1.25
"""Factor from which per cent no longer say the same upwards and downwards."""
MOSTLY = 2.0
"""Standard errors on each side that hold nineteen of twenty values."""


@dataclass(frozen=True)
class ExpectedStiffness:
    """What was expected of a part before the clip was seen."""

    material: str
    young: float
    """Pascals."""
    spread: float
    """Standard deviation of log10 Young's modulus."""
    log_error: float
    """Standard error of what was fitted, by the clip and what was expected."""


@dataclass(frozen=True)
class PartStiffness:
    """Young's modulus of one part, with what the clip says of it."""

    part: int
    """As painted, 1 and up."""
    young: float
    """Pascals."""
    log_error: float
    """Standard error of log10 Young's modulus, by the clip alone."""
    expected: ExpectedStiffness | None = None

    @property
    def identified(self) -> bool:
        """Whether the clip tells this stiffness."""
        return bool(self.log_error <= LIMIT)

    @property
    def bounds(self) -> tuple[float, float]:
        """Pascals between which it lies in nineteen of twenty cases."""
        error = self.expected.log_error if self.expected else self.log_error
        factor = 10 ** (MOSTLY * min(error, 99.0))
        return self.young / factor, self.young * factor

    @property
    def sentence(self) -> str:
        known = self.expected
        if not self.identified:
            if known:
                return (
                    f"Part {self.part}: not identifiable from this clip; {pascals(self.young, 2)} leans on the "
                    f"{pascals(known.young, 2)} expected of {known.material}"
                )
            return f"Part {self.part}: not identifiable from this clip; {pascals(self.young, 2)} is a guess"
        factor = 10**self.log_error
        sure = f"{max(100 * (factor - 1), 1):.0f} %" if factor < ROUGH else f"a factor of {factor:.1f}"
        if known and abs(np.log10(self.young / known.young)) > ODD * np.hypot(known.spread, self.log_error):
            return (
                f"Part {self.part}: {pascals(self.young)}, give or take {sure}; far from the {pascals(known.young, 2)} "
                f"expected of {known.material}"
            )
        return f"Part {self.part}: {pascals(self.young)}, give or take {sure}"

    def to_jsonable(self) -> dict:
        low, high = self.bounds
        return {
            "part": self.part,
            "young_pa": self.young,
            "log10_error": self.log_error,
            "low_pa": low,
            "high_pa": high,
            "identified": self.identified,
            "sentence": self.sentence,
            "expected": None if self.expected is None else dict(vars(self.expected)),
        }


def stiffness_of_parts(found: Fit, names: np.ndarray) -> list[PartStiffness]:
    """One for each fitted part; `names` [C] are the parts' numbers as painted."""
    known = found.expected
    expected: list[ExpectedStiffness | None] = [None] * len(names)
    if known:
        pairs = zip(known.log_young, known.log_young_error, strict=True)
        expected = [
            ExpectedStiffness(known.name, float(10**log_young), known.spread, float(error))
            for log_young, error in pairs
        ]
    return [
        PartStiffness(int(name), float(young), float(error) if np.isfinite(error) else np.inf, own)
        for name, young, error, own in zip(names, found.young_by_part, found.log_young_error, expected, strict=True)
    ]
