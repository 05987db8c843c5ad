"""Animate a picture at one press: its motion predicted, the mask cut out, and a looping preview of it."""

from __future__ import annotations

import bpy

from ... import preferences
from ...backend.api.picture_predict import PicturePredictParams
from ...backend.api.wire import to_jsonable
from ...jobs import queue
from ...properties.from_params import annotations_of, override, read
from ...scene import films
from ...scene.pictures import picture_document, picture_layers, picture_prediction
from ..worker_operator import WorkerOperator, subject_of, submit
from .picture_operator import OnPicture, picture_by_id, required_image


class SWAY_OT_picture_predict(OnPicture, WorkerOperator, bpy.types.Operator):
    """Guess from the picture alone how its plants, flags or hanging things would sway, and show it in motion"""

    bl_idname = "sway.picture_predict"
    bl_label = "Animate Picture"
    bl_options = {"UNDO"}
    __annotations__ = {
        **annotations_of(PicturePredictParams, {"SKIP_SAVE"}),
        "image": bpy.props.StringProperty(
            name="Image", description="Name of the picture; empty takes the image editor's", options={"SKIP_SAVE"}
        ),
        "preview": bpy.props.BoolProperty(
            name="Preview", description="Make the small film as well", default=True, options={"SKIP_SAVE"}
        ),
    }

    _image: int

    def execute(self, context):
        return self._followed(context, WorkerOperator.execute(self, context), "EXEC_DEFAULT")

    def ended(self, context):
        return self._followed(context, WorkerOperator.ended(self, context), "INVOKE_DEFAULT")

    def begin(self, context):
        image = required_image(context, self.image)
        self._image = image.session_uid
        override(image.sway.prediction, self, PicturePredictParams)
        params = read(image.sway.prediction, PicturePredictParams)
        picture = picture_prediction.marked(image, params.keep_mask)
        folder = preferences.job_folder(image.name, "predict")
        job = queue.Job("picture_predict", self.bl_label, folder, *subject_of(image))
        fps = picture_document.scene_fps(context.scene)
        written = picture_document.write(picture, job.folder / "picture.npz", fps, image.name)
        submit(job, to_jsonable(params), {"picture": written})
        return job

    def apply(self, context):
        image = picture_by_id(self._image)
        found = self.job.results
        picture_prediction.take_in(image, self.job.outputs, found)
        films.show(context, image)
        if context.space_data is not None and context.space_data.type == "IMAGE_EDITOR":
            picture_layers.draw_on(context, image)
        moves = f"{found['share']:.0%} of the picture moves, up to {found['motion_px']:.1f} pixels"
        return f"{moves}; a guess: draw lines or Not This, and predict again"

    def _followed(self, context: bpy.types.Context, ended: set[str], how: str) -> set[str]:
        """After the prediction the preview, as a job of its own that can be cancelled by itself."""
        if ended == {"FINISHED"} and self.preview:
            bpy.ops.sway.animate_picture(how, image=picture_by_id(self._image).name)
        return ended


CLASSES = (SWAY_OT_picture_predict,)
