"""Material laws, one per file: Kirchhoff stress from the deformation gradient, and its adjoint."""
