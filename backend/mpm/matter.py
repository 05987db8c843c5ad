"""What a model's materials mean for all of its particles: laws, constants, limits on the substep."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .material import Material
from .materials.law import CONSTANTS, Law
from .model import Model


def laws_of(model: Model) -> tuple[tuple[Law, ...], np.ndarray]:
    """The laws among the particles, and which of them each particle follows [P]."""
    used = list(_used(model))
    laws = tuple(dict.fromkeys(material.law for material, _ in used))
    kind = np.zeros(len(model), np.int32)
    for material, own in used:
        kind[own] = laws.index(material.law)
    return laws, kind


def constants_of(model: Model) -> np.ndarray:
    """Each law's memory at rest, then what it gets as its constants [P, 1 + CONSTANTS]."""
    columns = np.zeros((len(model), 1 + CONSTANTS))
    for material, own in _used(model):
        columns[own, 0] = material.law.memory
        for k, column in enumerate(material.law.columns(material.values(len(model)))):
            columns[own, 1 + k] = column[own]
    return columns


def forward_only(model: Model) -> str | None:
    """Name of a material through which no gradient goes; a gradient also needs one law for all particles."""
    names = dict.fromkeys(material.name for material, _ in _used(model))
    if len(names) > 1:
        return " with ".join(names)
    return next((material.name for material, _ in _used(model) if material.law.adjoint is None), None)


def stiffening(model: Model) -> np.ndarray:
    """The largest factors by which laws may raise their stiffness [P]."""
    return _of_each(model, (), lambda law, values: law.stiffening(values))


def retardation(model: Model, modulus: np.ndarray) -> np.ndarray:
    """Viscosity over stiffness lam + 2 mu = `modulus` [..., P] (Pa), seconds [..., P]."""
    return _of_each(model, modulus.shape[:-1], lambda law, values: law.retardation(values, modulus))


def _of_each(model: Model, lead: tuple[int, ...], quantity: Callable) -> np.ndarray:
    """A quantity [lead, P] of a law and its values, from each particle's own."""
    result = np.zeros((*lead, len(model)))
    for material, own in _used(model):
        values = np.broadcast_to(quantity(material.law, material.values(len(model))), result.shape)
        result[..., own] = values[..., own]
    return result


def _used(model: Model) -> Iterator[tuple[Material, np.ndarray]]:
    """The materials that some particle has, and which particles have them, bool [P]."""
    for i, material in enumerate(model.materials):
        own = np.ones(len(model), bool) if model.material is None else np.asarray(model.material) == i
        if own.any() and (model.material is not None or i == 0):
            yield material, own
