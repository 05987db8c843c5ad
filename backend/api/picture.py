"""Parameters of animating a picture: each layer's, the wind's and the loop's, and of the files to export."""

from __future__ import annotations

from dataclasses import dataclass

from .param import Choice, param


class LayerKind(Choice):
    """The members' names are those of `backend.picture.Kind`."""

    plant = ("Plant", "Sways in the wind; draw lines from where it is held to where it is free")
    water = ("Water", "Waves on a surface; draw over it, or give a mask")
    boat = ("Boat", "Heaves and rolls on the water behind it; draw its water line")
    cloud = ("Cloud", "Drifts with the wind; draw over it, or give a mask")
    path = ("Path", "Goes once along the drawn line, and stays there")
    volume = ("Video Modes", "Vibrates in the modes found in a video")
    still = ("Still", "Stays, in front of what moves behind it")


@dataclass(frozen=True, kw_only=True)
class LayerParams:
    """One part of the picture and how it moves."""

    kind: LayerKind = param(LayerKind.plant, "What the layer does", label="Type")
    amplitude: float = param(
        0.0,
        "Largest displacement in percent of the picture's height; 0 takes what suits the type",
        min=0.0,
        max=100.0,
        soft_max=10.0,
        unit="%",
    )
    frequency: float = param(
        0.7, "Natural frequency of the longest part: slow looks tall", min=0.05, max=20.0, soft_max=4.0, unit="Hz"
    )
    damping: float = param(
        0.08, "How quickly sway dies, as a ratio to critical damping", min=0.0, max=0.99, soft_max=0.5
    )
    flutter: float = param(0.3, "How much leaves shiver on their own", min=0.0, max=1.0, subtype="FACTOR")
    spin: float = param(0.0, "Turns around its own centre on the way, clockwise", min=-50.0, max=50.0, soft_max=5.0)


class Outcome(Choice):
    preview = ("Preview", "A small film")
    planes = ("Planes", "Layers and shapes for an image plane with shape keys, and for poking")
    export = ("Export", "Files at full size")


class FileFormat(Choice):
    png = ("PNG Sequence", "8-bit images, numbered")
    exr = ("OpenEXR Sequence", "Half-float images in linear light, numbered")
    mp4 = ("MP4", "H.264, plays everywhere")
    webm = ("WebM", "VP9; with alpha where the picture has it")
    gif = ("GIF", "256 colours")
    vectors = ("Motion Vectors", "OpenEXR images of how far each pixel of the picture has moved, numbered")


@dataclass(frozen=True, kw_only=True)
class PictureParams:
    """How a picture moves, and for how long until it repeats."""

    frames: int = param(72, "Scene frames until the motion repeats", min=2, max=2000, label="Loop Length")
    wind_speed: float = param(
        3.0, "Mean speed of the wind: more wind is more and faster gusts", min=0.1, max=60.0, soft_max=15.0, unit="m/s"
    )
    wind_direction: float = param(
        0.0, "Where the wind blows to in the picture; 0 is to the right", min=-6.2832, max=6.2832, unit="rad"
    )
    strength: float = param(1.0, "How far everything moves", min=0.0, max=10.0, soft_max=3.0)
    seed: int = param(0, "Another number gives another wind", min=0)
    photo_first: bool = param(False, "Begin and end with the picture as it is", label="Start as Photo")
    speed: float = param(1.0, "Times real time: below 1 is slow motion", min=0.05, max=10.0, soft_min=0.2, soft_max=2.0)
    transparent: bool = param(False, "Only the moving layers, on nothing", label="Layers Only", advanced=True)
    preview_size: int = param(
        512, "Longer side of the preview in pixels", min=64, max=2048, subtype="PIXEL", advanced=True
    )
    mix_light: bool = param(
        True,
        "Planes for a view transform that shows light, such as Standard; off for Raw, which shows values as they are",
        label="Planes Mix Light",
        advanced=True,
    )
    outcome: Outcome = param(Outcome.preview, "What is made", advanced=True)
    file_format: FileFormat = param(FileFormat.png, "Kind of file to export", label="Format", advanced=True)
    directory: str = param("", "Folder to export to", label="Export Folder", subtype="DIR_PATH", advanced=True)
