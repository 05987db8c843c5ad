"""What particles run into: `colliders` are the nouns, `rigid_motion` moves them, `contact` is the physics."""
