"""Download a video model: its licence is shown first, and nothing is fetched before it is accepted."""

from __future__ import annotations

import bpy

from .. import preferences
from ..backend.api.reference import Source
from ..backend.api.video_model import VideoModel, VideoModelParams
from ..backend.api.wire import to_jsonable
from ..jobs import queue
from ..properties.from_params import annotations_of
from ..translations import say
from ..translations.lines import lines_of
from .worker_operator import WorkerOperator, submit

OFFLINE = "Blender is set to stay offline; allow Online Access under Preferences > System > Network first."
WIDTH, LINE = 460, 410
"""Of the dialog, and of the text in it, pixels at the usual scale."""


class SWAY_OT_download_video_model(WorkerOperator, bpy.types.Operator):
    """Download an image-to-video model from huggingface.co, after you have accepted the licence of its weights"""

    bl_idname = "sway.download_video_model"
    bl_label = "Download Video Model"
    __annotations__ = {
        name: found
        for name, found in annotations_of(VideoModelParams, {"SKIP_SAVE"}).items()
        if name in ("model", "accept")
    }

    def invoke(self, context, _event):
        if bpy.app.background:
            return self.execute(context)
        return context.window_manager.invoke_props_dialog(self, width=WIDTH, confirm_text="Download")

    def execute(self, context):
        # The dialog calls this as well: there the window stays usable.
        if bpy.app.background or context.window is None:
            return WorkerOperator.execute(self, context)
        return WorkerOperator.invoke(self, context, None)  # type: ignore[arg-type]

    def draw(self, _context: bpy.types.Context) -> None:
        model, layout = VideoModel[self.model], self.layout
        layout.prop(self, "model")
        offer = model.offer
        column = layout.column(align=True)
        what = say(f"{say(model.doc)}. About {offer.gigabytes} GB from {offer.page}")
        for line in lines_of(what, LINE):
            column.label(text=line, translate=False)
        box = layout.box().column(align=True)
        box.label(text=say(f"{offer.licence}, in short:"), icon="TEXT")
        for line in lines_of(say(offer.terms), LINE):
            box.label(text=line, translate=False)
        box.operator("wm.url_open", text="Read the Licence", icon="URL").url = offer.page
        layout.prop(self, "accept")
        if not bpy.app.online_access:
            column = layout.column(align=True)
            for number, line in enumerate(lines_of(say(OFFLINE), LINE)):
                column.label(text=line, icon="BLANK1" if number else "ERROR", translate=False)

    def begin(self, _context):
        if not bpy.app.online_access:
            raise ValueError(OFFLINE)
        model = VideoModel[self.model]
        if not self.accept:
            raise ValueError(f"{model.label} comes under the {model.offer.licence}; read it and accept it first.")
        folder = preferences.cache_folder() / "models"
        params = VideoModelParams(model=model, accept=True, online=True, folder=str(folder))
        job = queue.Job("video_model", self.bl_label, folder)
        submit(job, to_jsonable(params), {})
        return job

    def apply(self, context):
        settings = context.scene.sway.reference
        settings.source, settings.model_folder = Source.model.name, self.job.outputs["model"]
        found = self.job.results
        return f"{found['family']} is there ({found['bytes'] / 1e9:.0f} GB of weights, {found['licence']})"


CLASSES = (SWAY_OT_download_video_model,)
