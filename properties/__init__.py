"""Blender properties: derived from the parameter dataclasses of `backend.api`, plus each object's state."""
