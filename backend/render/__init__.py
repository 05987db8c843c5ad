"""Splats to pictures and back: a fast rasteriser with gradients, its plain twin, skinning and image losses."""
