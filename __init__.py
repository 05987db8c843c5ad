"""Sway: Gaussian splats and photographs that move, in Blender."""


def register() -> None:
    from . import registration

    registration.register()


def unregister() -> None:
    from . import registration

    registration.unregister()
