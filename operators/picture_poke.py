"""Poke and drag a picture."""

from __future__ import annotations

CLASSES = ()
