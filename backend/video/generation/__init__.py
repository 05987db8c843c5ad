"""Image-to-video models behind one adapter: `folder.inspect` -> `families.family_of` -> `model.VideoModel.load`.

A family of models is one file with its presets for a still camera and a moving plant and the arguments of its pipeline;
a new one also gets a line in `families.READERS`. The pipelines themselves are those of diffusers.
"""
