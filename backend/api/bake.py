"""Parameters of the bake: how the motion is put on the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Target(Choice):
    trajectory = (
        "Trajectory",
        "The motion itself inside the .blend: a few megabytes, baked at once, and the modifier's Time can be keyed to "
        "retime, hold, reverse or loop it",
    )
    loop = (
        "Loop",
        "A sway that repeats for ever: under a megabyte, with wind strength, direction and phase to key",
    )
    bones = (
        "Bones",
        "An armature with keyframes that the splats follow: to animate on by hand, to bind meshes to, to export",
    )
    packed = (
        "Every Frame",
        "Each frame of each splat inside the .blend: one large file, for motion that driving particles cannot carry",
    )
    disk = (
        "Every Frame, on Disk",
        "Each frame of each splat in a folder beside the .blend: the file stays small, keep the two together",
    )


@dataclass(frozen=True, kw_only=True)
class BakeParams:
    """How the motion is kept; all of them play without the add-on."""

    target: Target = param(Target.trajectory, "What the bake keeps, and where; all play without the add-on")
    loop_frames: int = param(
        0, "Frames after which a loop repeats; 0 takes as many as the simulation has frames for", min=0, max=2000
    )
    bones: int = param(16, "Bones that the motion is shared out to; more follow it more closely", min=1, max=200)
    tolerance: float = param(
        0.0005,
        "How far keyframes may let a bone stray from its motion; more leaves fewer keyframes to edit",
        min=1e-5,
        max=1.0,
        soft_max=0.01,
        unit="m",
    )
