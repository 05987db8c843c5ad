"""The strategies of the fit, behind one interface: each takes a `Task` and returns a `Fit`."""

from __future__ import annotations

from collections.abc import Callable

from ..api.fit import Strategy
from .gradient import fit_gradient
from .modal import fit_modal
from .result import Fit
from .task import Task

STRATEGIES: dict[Strategy, Callable[[Task], Fit]] = {Strategy.modal: fit_modal, Strategy.gradient: fit_gradient}
