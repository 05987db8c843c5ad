"""Particles from splats and splats on particles: how a solid is filled, and how splats follow what moves it."""
