"""The fast predictor: how one picture would sway, guessed by a small network whose weights ship.

| module | what |
|---|---|
| prediction | `predict`: picture to distribution of spectral volumes, `Prediction` |
| guidance | what a person told it: mask, strokes, wind |
| network, weights | the layers of the network, and the file that fills them |
| prior | frequencies, and how far plants in films move at each |
| layer | the one click: what was predicted, cut out, as a layer of a picture |
| reference | what was predicted, as the reference motion of a material fit |
"""
