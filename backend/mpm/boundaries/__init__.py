"""What particles run into.

`colliders`, `mesh` and `parts` are the nouns, `surface` and `mesh_distance` make solids of meshes, `rigid_motion` and
`placed` move things, `contact` is the physics, `walls` brings it to the device, `scene` makes it all from a scene.
"""
