"""Parameters of the bake: how the motion is put on the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Target(Choice):
    packed = ("In the .blend", "All frames inside the .blend: one file that moves anywhere, without the add-on")
    disk = ("On Disk", "All frames in a folder beside the .blend: the file stays small, keep the two together")


@dataclass(frozen=True, kw_only=True)
class BakeParams:
    """Where the baked frames are kept."""

    target: Target = param(Target.packed, "Where the baked frames are kept")
