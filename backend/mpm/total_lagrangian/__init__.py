"""Total-Lagrangian MPM (de Vaucorbeil et al. 2020): matter that sways, and neither breaks nor flows.

The grid lies still in the rest shape. Displacement is a quadratic B-spline on it, so bending is in its space however
thin a stem is, nothing loses contact, and the nodes' velocities are never passed through particles: symplectic Euler
then damps nothing.

| module | what |
|---|---|
| solid | connected voxels of material and where it is held |
| spline, splitting | the basis: B-splines, with a copy of a node for each branch that it sees |
| elements | where the strain energy is summed: few points with the same moments as the voxels |
| clamp | displacements that vanish where the material is held |
| discretised | all of these for a solid on a grid, and its masses: `Discretised` |
| matrices, pencil | stiffness and mass matrices about rest: sway modes, highest frequency |
| body | with how stiff it is, and the particles that carry splats: `Body` |
| resolution | the stiffness that a finer grid would show |
| points, forward, backward, touch, solver | the motion and its gradient: `ElasticSolver` |
"""
