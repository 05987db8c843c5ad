"""Fitting a simulation to a clip: stiffness and first velocity of what moves.

| module | what |
|---|---|
| driving, particles | from a splat cloud to a body for the solver: `drive` -> `Driven` |
| modes | sway modes of a body as the solver shows them: `sway_modes` -> `Modes` |
| observation | what a clip shows of the particles: `observe` -> `Tracks` |
| timing | from a simulation's frames to the clip's |
| task, result, strategies | what a strategy is given, what it returns, and the table of them |
| checkpoint | where a fit stands, so that a stopped one goes on with the same bits |
| sway, gusts, rig, search, slopes, levenberg, track_refinement, modal | strategy "modal": tracks, least squares |
| chain, losses, truncation, adam, gradient | strategy "gradient": pictures through the differentiable chain |
| fields, calibration, picture_refinement, poisson, staged | strategy "full": modes, then parts, then a field |
| physdreamer | strategy "physdreamer": the paper's own settings |
| notes, uncertainty, report, report_pictures | what a fit says of itself: caveats, how sure it is, figures, pictures |
| fitted | what a fit leaves behind for simulations |
"""
