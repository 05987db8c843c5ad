"""How the fast predictor's weights come to be: pictures of plants whose motion is known exactly, loss, training.

Nothing here is needed to use the predictor. `python -m backend.spectral.training --help` starts a training.
"""
