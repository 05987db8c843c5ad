"""What Blender keeps of animated pictures: layers and settings on `image.sway`, the video's on `scene.sway_modes`."""

from __future__ import annotations

import bpy

from ..backend.api.picture import LayerParams, PictureParams
from ..backend.api.picture_predict import PicturePredictParams
from ..backend.api.video_modes import VideoModesParams
from .from_params import annotations_of, group_of

SettingsGroup, VideoModesGroup = group_of(PictureParams), group_of(VideoModesParams)
PredictionGroup = group_of(PicturePredictParams)
ANNOTATION = getattr(bpy.types, "Annotation", None) or bpy.types.GreasePencil
"""The type of annotations: renamed in Blender 5."""


class SWAY_PG_Peak(bpy.types.PropertyGroup):
    """A mode found in a video."""

    use: bpy.props.BoolProperty(name="Use", description="Let the picture move in this mode", default=True)
    frequency: bpy.props.FloatProperty(name="Frequency", description="Hertz")
    amplitude: bpy.props.FloatProperty(name="Amplitude", description="Largest displacement in the video, pixels")
    coherence: bpy.props.FloatProperty(
        name="Coherence", description="How alike the mode is in both halves; 1 is the same"
    )
    picture: bpy.props.StringProperty(name="Shape", description="Picture of the mode's shape", subtype="FILE_PATH")


class SWAY_PG_Layer(bpy.types.PropertyGroup):
    """One layer of a picture; its name is that of the annotation layer that its lines are drawn on."""

    __annotations__ = {
        **annotations_of(LayerParams),
        "mask": bpy.props.PointerProperty(
            name="Mask", description="Image that is white where the layer is; clear it, and the lines find it",
            type=bpy.types.Image,
        ),
        "lines": bpy.props.StringProperty(
            name="Lines", description="Lines given by scripts besides drawn ones: JSON lists of (x, y), 0 to 1, y up"
        ),
        "outside": bpy.props.StringProperty(
            name="Not This", description="As Lines, over what does not belong to the layer"
        ),
        "volume": bpy.props.StringProperty(
            name="Modes", description="File with the modes that the layer moves in", subtype="FILE_PATH"
        ),
        "predicted": bpy.props.BoolProperty(
            name="Predicted", description="Its motion was predicted from the picture"
        ),
        "peaks": bpy.props.CollectionProperty(type=SWAY_PG_Peak),
        "spectrum": bpy.props.StringProperty(
            name="Spectrum", description="Plot of the video's power spectrum", subtype="FILE_PATH"
        ),
        "plot_zero": bpy.props.FloatProperty(
            name="Plot Origin", description="Where 0 hertz is in the plot, in widths of it"
        ),
        "plot_hertz": bpy.props.FloatProperty(
            name="Plot Scale", description="How far a hertz goes in the plot, in widths of it", default=1.0
        ),
    }  # fmt: skip


class SWAY_PG_Picture(bpy.types.PropertyGroup):
    """An animated picture."""

    layers: bpy.props.CollectionProperty(type=SWAY_PG_Layer)
    active_layer: bpy.props.IntProperty(name="Active Layer", description="The layer that is drawn on and set up below")
    show_mask: bpy.props.BoolProperty(
        name="Show Mask", description="Tint what belongs to the active layer in the image editor", default=True
    )
    settings: bpy.props.PointerProperty(type=SettingsGroup)
    prediction: bpy.props.PointerProperty(type=PredictionGroup)
    annotations: bpy.props.PointerProperty(
        type=ANNOTATION, name="Lines", description="Where the layers' lines are drawn"
    )
    preview: bpy.props.PointerProperty(
        type=bpy.types.Image, name="Preview", description="The film of this picture in motion"
    )
    photo: bpy.props.PointerProperty(
        type=bpy.types.Image, name="Photo", description="On a preview: the picture that it was made from"
    )
    planes: bpy.props.StringProperty(
        name="Planes", description="Folder of the layers that were made for planes and poking", subtype="DIR_PATH"
    )


CLASSES = (SettingsGroup, VideoModesGroup, PredictionGroup, SWAY_PG_Peak, SWAY_PG_Layer, SWAY_PG_Picture)


def register() -> None:
    bpy.types.Image.sway = bpy.props.PointerProperty(type=SWAY_PG_Picture)
    bpy.types.Scene.sway_modes = bpy.props.PointerProperty(type=VideoModesGroup)


def unregister() -> None:
    del bpy.types.Scene.sway_modes
    del bpy.types.Image.sway
