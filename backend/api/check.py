"""Parameters of the backend check."""

from __future__ import annotations

from dataclasses import dataclass

from .param import param


@dataclass(frozen=True, kw_only=True)
class CheckParams:
    """Whether everything the backend needs is there and works."""

    seconds: float = param(0.5, "How long to compute, to see that it keeps working", min=0.0, max=600.0, unit="s")
