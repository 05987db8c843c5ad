"""Sample scenes: procedural subjects that move at once, with no backend."""
