"""Modes from a video, as a picture with a layer that vibrates in them."""

from __future__ import annotations

from pathlib import Path

import bpy

from ... import preferences
from ...backend.api.picture import LayerKind
from ...backend.api.video_modes import VideoModesParams
from ...backend.api.wire import to_jsonable
from ...jobs import queue
from ...properties.from_params import annotations_of, override, read
from ...scene import films
from ...scene.pictures import picture_layers
from ...translations import say
from ..worker_operator import WorkerOperator, submit
from .picture_operator import files_of, picture_image

NEAR = 0.04
"""Of the plot's width: clicks farther from every peak are none."""


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
        layer.plot_zero, layer.plot_hertz = found["plot_zero"], found["plot_hertz"]
        rows = zip(
            found["frequencies_hz"], found["amplitudes_px"], found["coherence"], files_of(outputs, "mode"), strict=True
        )
        for frequency, amplitude, coherence, picture in rows:
            peak = picture_layers.add_peak(layer, frequency, amplitude)
            peak.coherence, peak.picture = coherence, str(picture)
        films.show(context, image)
        listed = ", ".join(f"{frequency:.2f}" for frequency in found["frequencies_hz"])
        return f"Modes at {listed} Hz from {found['frames']} frames"


class SWAY_OT_pick_peaks(bpy.types.Operator):
    """Click peaks in the spectrum to let the picture move in them or not; Enter or Esc ends"""

    bl_idname = "sway.pick_peaks"
    bl_label = "Click Peaks"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        image = picture_image(context)
        return image is not None and len(image.sway.layers) > 0 and len(_layer(image).peaks) > 0

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self._image = picture_image(context)
        self._plot = bpy.data.images.load(_layer(self._image).spectrum)
        films.show(context, self._plot)
        self._say(context)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type in ("ESC", "RET", "NUMPAD_ENTER") and event.value == "PRESS":
            return self._end(context)
        region = next((r for r in context.area.regions if r.type == "WINDOW"), None) if context.area else None
        if region is None:
            return self._end(context)
        x, y = event.mouse_x - region.x, event.mouse_y - region.y
        inside = 0 <= x < region.width and 0 <= y < region.height
        if event.type == "LEFTMOUSE" and event.value == "PRESS" and inside:
            peak = nearest_peak(_layer(self._image), region.view2d.region_to_view(x, y)[0])
            if peak is not None:
                peak.use = not peak.use
                self._say(context)
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def _say(self, context: bpy.types.Context) -> None:
        used = [peak.name for peak in _layer(self._image).peaks if peak.use]
        text = f"Click peaks   Used: {', '.join(used) or 'none'}   Enter or Esc: end"
        context.workspace.status_text_set(say(text))
        context.area.tag_redraw()

    def _end(self, context: bpy.types.Context) -> set[str]:
        context.workspace.status_text_set(None)
        films.show(context, self._image)
        bpy.data.images.remove(self._plot)
        return {"FINISHED"}


def _layer(image: bpy.types.Image):
    """The layer that is set up below."""
    return image.sway.layers[min(image.sway.active_layer, len(image.sway.layers) - 1)]


def nearest_peak(layer, place: float):
    """The peak that is drawn nearest to a place across the plot (0..1), None where none is near."""
    off, peak = min(
        ((abs(layer.plot_zero + peak.frequency * layer.plot_hertz - place), peak) for peak in layer.peaks),
        key=lambda found: found[0],
    )
    return peak if off < NEAR else None


CLASSES = (SWAY_OT_find_video_modes, SWAY_OT_pick_peaks)
