"""Spectral volumes from and to files: motion that another program found moves a picture, and the other way round."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ... import preferences
from ...backend import arrays
from ...backend.api.picture import LayerKind
from ...backend.spectral.volume_files import read_volume, write_volume
from ...scene.pictures import picture_document, picture_layers
from ...translations import say
from .picture_operator import OnPicture, picture_image, required_image

READS, WRITES = "*.safetensors;*.npz;*.npy", "*.safetensors;*.npz"
EXTENSION = ".safetensors"


class SWAY_OT_load_spectral_volume(OnPicture, ImportHelper, bpy.types.Operator):
    """Let the picture move as a spectral volume says: one that Sway wrote, or numpy's half spectrum of 150 frames"""

    bl_idname = "sway.load_spectral_volume"
    bl_label = "Load Spectral Volume"
    bl_options = {"UNDO"}

    filter_glob: bpy.props.StringProperty(default=READS, options={"HIDDEN"})
    image: bpy.props.StringProperty(
        name="Image", description="Name of the picture; empty takes the image editor's", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            image = required_image(context, self.image)
            volume = read_volume(path)
            sways = (volume.frequencies > 0) & (np.abs(volume.coefficients).max((1, 2, 3)) > 0)
            if not sways.any():
                raise ValueError(f"{path.name} holds no motion; choose another spectral volume.")
            modes = {
                "coefficients": volume.coefficients[sways],
                "frequencies": volume.frequencies[sways],
                "duration": np.array(volume.duration),
                "mask": volume.mask,
            }
            file = arrays.save(preferences.job_folder(image.name, "volume") / "modes.npz", modes)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        layer = picture_layers.add(image, LayerKind.volume.name, path.stem)
        layer.volume = str(file)
        reach = np.sqrt((np.abs(modes["coefficients"]) ** 2).sum(-1)).max((1, 2)) * image.size[0] / volume.width
        for frequency, amplitude in zip(modes["frequencies"], reach, strict=True):
            picture_layers.add_peak(layer, float(frequency), float(amplitude))
        self.report({"INFO"}, say(f"{len(layer.peaks)} frequencies from {path.name}"))
        return {"FINISHED"}


class SWAY_OT_save_spectral_volume(OnPicture, ExportHelper, bpy.types.Operator):
    """Save the active layer's ticked modes: .safetensors keeps all, .npz the first sixteen bins of a half spectrum"""

    bl_idname = "sway.save_spectral_volume"
    bl_label = "Save Spectral Volume"

    filename_ext = EXTENSION
    check_extension = None  # either of two
    filter_glob: bpy.props.StringProperty(default=WRITES, options={"HIDDEN"})
    image: bpy.props.StringProperty(
        name="Image", description="Name of the picture; empty takes the image editor's", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        image = picture_image(context)
        if image is not None and not any(layer.kind == LayerKind.volume.name for layer in image.sway.layers):
            cls.poll_message_set("Only motion that was predicted, found in a video or loaded is a spectral volume")
            return False
        return super().poll(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            name = bpy.path.clean_name(required_image(context, self.image).name)
            self.filepath = str(Path(bpy.data.filepath).parent / f"{name}{EXTENSION}")
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            image = required_image(context, self.image)
            layers = image.sway.layers
            layer = layers[min(image.sway.active_layer, len(layers) - 1)] if layers else None
            if layer is None or layer.kind != LayerKind.volume.name:
                raise ValueError("The active layer has no spectral volume; choose one that was predicted or measured.")
            path = Path(bpy.path.abspath(self.filepath))
            if path.suffix.lower() not in (".npz", EXTENSION):
                path = path.with_name(path.name + EXTENSION)
            volume = picture_document.volume_of(layer)
            path = write_volume(path, volume.looped(volume.duration) if path.suffix.lower() == ".npz" else volume)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(f"Saved {path.name}"))
        return {"FINISHED"}


CLASSES = (SWAY_OT_load_spectral_volume, SWAY_OT_save_spectral_volume)
