"""Blender properties: derived from the parameter dataclasses of `backend.api`, plus the state that Blender keeps per object."""
