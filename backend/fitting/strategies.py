"""The strategies of the fit, behind one interface: each takes a `Task` and returns a `Fit`."""

from __future__ import annotations

from collections.abc import Callable

from ..api.fit import Strategy
from .gradient import fit_gradient
from .modal import fit_modal
from .physdreamer import fit_physdreamer
from .result import Fit
from .staged import fit_staged
from .task import Task

STRATEGIES: dict[Strategy, Callable[[Task], Fit]] = {
    Strategy.modal: fit_modal,
    Strategy.gradient: fit_gradient,
    Strategy.full: fit_staged,
    Strategy.physdreamer: fit_physdreamer,
}
