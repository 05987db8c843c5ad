"""Latent diffusion of spectral volumes, as in Li et al. 2024 (Generative Image Dynamics), small enough for two cores.

`slices` says how a volume becomes normalised pictures, `model` holds the networks, `sampling` draws a motion for a
picture, `training` makes the weights: `python -m backend.spectral.diffusion --minutes 15 --out FOLDER`.
"""
