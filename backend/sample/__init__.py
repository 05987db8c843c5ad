"""A procedural subject to start with, where no capture is at hand."""

from .plant import potted_plant

__all__ = ["potted_plant"]
