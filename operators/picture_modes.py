"""Modes from a video, as a picture with a layer that vibrates in them."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import preferences
from ..backend.api.picture import LayerKind
from ..backend.api.video_modes import VideoModesParams
from ..backend.api.wire import to_jsonable
from ..jobs import queue
from ..properties.from_params import annotations_of, override, read
from ..scene import picture_films, picture_layers
from .picture_operator import files_of
from .worker_operator import WorkerOperator, submit


class SWAY_OT_find_video_modes(WorkerOperator, bpy.types.Operator):
    """Find the modes in which something in a video vibrates; its still becomes a picture that can be animated"""

    bl_idname = "sway.find_video_modes"
    bl_label = "Find Modes"
    bl_options = {"UNDO"}
    __annotations__ = annotations_of(VideoModesParams, {"SKIP_SAVE"})

    def begin(self, context):
        override(context.scene.sway_modes, self, VideoModesParams)
        params = read(context.scene.sway_modes, VideoModesParams)
        name = Path(params.path).stem or "video"
        job = queue.Job("video_modes", self.bl_label, preferences.job_folder(name, "modes"))
        submit(job, to_jsonable(params), {})
        return job

    def apply(self, context):
        found, outputs = self.job.results, self.job.outputs
        image = bpy.data.images.load(outputs["still"])
        image.name = Path(context.scene.sway_modes.path).stem
        image.pack()
        layer = picture_layers.add(image, LayerKind.volume.name, "Video Modes")
        layer.volume, layer.spectrum = outputs["modes"], outputs["spectrum"]
        rows = zip(
            found["frequencies_hz"], found["amplitudes_px"], found["coherence"], files_of(outputs, "mode"), strict=True
        )
        for frequency, amplitude, coherence, picture in rows:
            peak = layer.peaks.add()
            peak.name = f"{frequency:.2f} Hz"
            peak.frequency, peak.amplitude, peak.coherence, peak.picture = frequency, amplitude, coherence, str(picture)
        picture_films.show(context, image)
        listed = ", ".join(f"{frequency:.2f}" for frequency in found["frequencies_hz"])
        return f"Modes at {listed} Hz from {found['frames']} frames"


CLASSES = (SWAY_OT_find_video_modes,)
