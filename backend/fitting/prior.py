"""`Prior`: the stiffness that a subject is expected to have before a clip is seen, of a preset or of a saved material.

A Gaussian on log10 of Young's modulus, of each part apart from the others. A clip with much to tell of a part leaves it
no say; a part that hardly bends keeps what was expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..api.materials import PRESETS, Preset
from ..material_file import MaterialField

ODD = 2.0
"""Standard deviations from which a clip's stiffness and the expected one are said to differ."""


@dataclass(frozen=True)
class Prior:
    name: str
    """Of the material."""
    log_young: np.ndarray
    """Expected log10 of Young's modulus of each particle [P], pascals."""
    spread: float
    """Standard deviation, decades."""

    @staticmethod
    def of_preset(preset: Preset, density: np.ndarray, spread: float) -> Prior:
        """What particles of `density` [P] (kg/m^3) that sway like the preset have: a clip tells E over density only."""
        material = PRESETS[preset]
        return Prior(preset.label, np.log10(material.young_modulus * density / material.density), spread)

    @staticmethod
    def of_material(name: str, saved: MaterialField, rest: np.ndarray, density: np.ndarray, spread: float) -> Prior:
        """By place, of particles at `rest` [P, 3] in the material's frame; density as for `of_preset`.

        Raises ValueError where the shapes differ.
        """
        saved.check_shape(rest)
        log_young, own, _velocity = saved.at(rest)
        return Prior(name, log_young + np.log10(density / own), spread)

    def of_parts(self, part: np.ndarray) -> np.ndarray:
        """Expected log10 of Young's modulus [C] where particles [P] are of a `part` counted from 0."""
        return np.bincount(part, self.log_young) / np.bincount(part)

    def price(self, log_young: float) -> float:
        """Squared standard deviations that one stiffness for all particles is off."""
        return float(((log_young - self.log_young.mean()) / self.spread) ** 2)


@dataclass(frozen=True)
class Expected:
    """A `Prior` and a clip together, of the parts [C] of a fit."""

    name: str
    log_young: np.ndarray
    """What was expected."""
    spread: float
    log_young_error: np.ndarray
    """Standard error of what was fitted, by both."""

    @staticmethod
    def of(prior: Prior, part: np.ndarray, covariance: np.ndarray) -> Expected:
        """`covariance` [C, C] of log10 Young's moduli is by the clip alone; Gaussians multiply."""
        both = covariance + prior.spread**2 * np.eye(len(covariance))
        left = np.diag(covariance - covariance @ np.linalg.solve(both, covariance))
        return Expected(prior.name, prior.of_parts(part), prior.spread, np.sqrt(np.maximum(left, 0)))
