"""The material point method for elastic splats: `model` (what is simulated), `solver` (forward and gradient)."""
