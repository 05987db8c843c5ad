"""Parameters of objects of the Blender scene that act on splats: colliders, drawn arrows, blades, hands."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class Acting(Choice):
    """What an object of the scene does to splats."""

    nothing = ("Nothing", "Splats do not notice this object")
    collider = ("Collider", "Splats run into this mesh and cannot enter it")
    impulse = ("Impulse", "A blow along the object's Z axis, at one frame")
    pull = ("Pull", "Takes what is near along the object's Z axis and lets go at the arrow's tip")
    carrier = ("Carrier", "A part of the splats goes along with this object as it is moved and turned")
    blade = ("Blade", "Cuts splats apart: the edge goes across this plane, along its Y axis")
    pin = ("Pin", "Holds still the splats within its radius, in fits and simulations")
    plane = ("Holding Plane", "Holds still all splats below this plane, on the far side of its Z axis")


class Surface(Choice):
    """What a collider's surface does; the names are those of `backend.mpm.boundaries.colliders.Contact`."""

    separate = ("Bouncing Off", "Lets go freely; what slides along it is slowed by friction")
    slip = ("Slippery", "Holds on, but lets things slide along it")
    sticky = ("Sticky", "What touches it stays there")


@dataclass(frozen=True, kw_only=True)
class ActingParams:
    """How an object of the scene acts on splats."""

    kind: Acting = param(Acting.nothing, "What this object does to simulated splats", label="Acts As")
    surface: Surface = param(Surface.separate, "What happens to what touches the surface")
    friction: float = param(0.5, "How much sliding along the surface is slowed", min=0.0, max=10.0, soft_max=1.0)
    thickness: float = param(
        0.0, "Thickness of an open surface; 0 is as thin as the simulation can hold back", min=0.0, max=100.0, unit="m"
    )
    speed: float = param(1.0, "Speed that the blow gives", min=0.0, max=1000.0, soft_max=10.0, unit="m/s")
    length: float = param(0.1, "How far the pull goes", min=0.0, max=1000.0, soft_max=1.0, unit="m")
    radius: float = param(
        0.05, "Reach of a pin, or of an arrow around its tail", min=1e-4, max=1000.0, soft_max=1.0, unit="m"
    )
    start: int = param(0, "Frames after the simulation's first at which it begins", min=0, max=100000)
    frames: int = param(4, "How many frames it takes", min=1, max=100000, soft_max=100)
    part: int = param(0, "Number of the part that goes along: 0 is the part that holds still", min=0, max=1000)
