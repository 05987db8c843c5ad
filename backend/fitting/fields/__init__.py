"""Quantities in space that a fit moves by their numbers: stiffness and first velocity, behind one interface.

| module | what |
|---|---|
| field | `Field`: value(points), pull(gradient), parameters |
| parts | one log10 Young's modulus for each part |
| triplane | three planes of features and a small network (PhysDreamer, Zhang et al. 2024) |
| meanings | what a triplane's outputs stand for: stiffness in log space or as in PhysDreamer's code, velocity |
| descent | AdamW on a field's numbers, which can stop and go on |
"""
