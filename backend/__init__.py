"""Compute backend. Blender imports only `api`, `gaussians`, `trajectory`, `camera`, `arrays` and `formats`; the rest runs in the worker."""
