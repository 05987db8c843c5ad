"""What Blender knows of clips and of the models that make them."""
