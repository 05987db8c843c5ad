"""`Material`: a law and its constants, for some of a model's particles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..api.materials import MaterialParams
from .materials import LAWS
from .materials.law import Law, Values


@dataclass(frozen=True)
class Material:
    """What particles are made of, beside density and stiffness; the names of laws and constants are in `materials`."""

    name: str = "fixed_corotated"
    """Of the law."""
    constants: Mapping[str, float | np.ndarray] = field(default_factory=dict)
    """One number each, or one per particle of the model [P]."""

    def __post_init__(self) -> None:
        if self.name not in LAWS:
            raise ValueError(f"there is no material law {self.name!r}; choose one of {', '.join(LAWS)}")
        wanted = {constant.name: constant for constant in self.law.constants}
        if set(wanted) != set(self.constants):
            raise ValueError(f"material {self.name} needs {', '.join(wanted) or 'no constants'}, got {_names(self)}")
        for name, (_, low, high, unit) in wanted.items():
            for value in (np.min(self.constants[name]), np.max(self.constants[name])):
                if not low <= value <= high:
                    unit = f" {unit}" if unit else ""
                    raise ValueError(
                        f"{name} of {self.name} is {value:g}{unit}; it must lie between {low:g} and {high:g}{unit}"
                    )

    @staticmethod
    def of(params: MaterialParams) -> Material:
        """The law and constants of a material; density and stiffness are the model's and the run's."""
        law = LAWS[params.law.name]
        simulated = params.simulated()
        return Material(law.name, {constant.name: getattr(simulated, constant.name) for constant in law.constants})

    @property
    def law(self) -> Law:
        return LAWS[self.name]

    def values(self, count: int) -> Values:
        """The constants in the law's order, each [count]."""
        return {
            constant.name: np.broadcast_to(np.asarray(self.constants[constant.name], np.float64), (count,))
            for constant in self.law.constants
        }


def _names(material: Material) -> str:
    return ", ".join(material.constants) or "none"
