"""Find what moves in a picture without a mark: one press makes the layer, its mask and its lines."""

from __future__ import annotations

import bpy

from ... import preferences
from ...backend.api.picture import LayerKind
from ...backend.api.picture_find import PictureFindParams
from ...backend.api.wire import to_jsonable
from ...jobs import queue
from ...properties.from_params import annotations_of
from ...scene import films
from ...scene.pictures import picture_document, picture_layers
from ..worker_operator import WorkerOperator, subject_of, submit
from .picture_operator import OnPicture, picture_by_id, required_image


class SWAY_OT_picture_find(OnPicture, WorkerOperator, bpy.types.Operator):
    """Find the plant that the picture shows in focus: its mask, and lines along its stems to correct"""

    bl_idname = "sway.picture_find"
    bl_label = "Find What Moves"
    bl_options = {"UNDO"}
    __annotations__ = {
        **annotations_of(PictureFindParams, {"SKIP_SAVE"}),
        "image": bpy.props.StringProperty(
            name="Image", description="Name of the picture; empty takes the image editor's", options={"SKIP_SAVE"}
        ),
    }

    _image: int

    def begin(self, context):
        image = required_image(context, self.image)
        self._image = image.session_uid
        job = queue.Job("picture_find", self.bl_label, preferences.job_folder(image.name, "find"), *subject_of(image))
        inputs = {"image": picture_document.write_photo(image, job.folder / "photo.npz")}
        submit(job, to_jsonable(PictureFindParams(most_lines=self.most_lines)), inputs)
        return job

    def apply(self, context):
        image = picture_by_id(self._image)
        layer = picture_layers.add(image, LayerKind.plant.name, LayerKind.plant.label)
        mask = bpy.data.images.load(self.job.outputs["mask"])
        mask.name = f"{image.name} {layer.name} mask"
        mask.colorspace_settings.name = "Non-Color"
        mask.pack()
        layer.mask = mask
        lines = self.job.results["lines"]
        picture_layers.set_lines(image, layer, lines, context.scene.frame_current)
        films.show(context, image)
        if context.space_data is not None and context.space_data.type == "IMAGE_EDITOR":
            picture_layers.draw_on(context, image)
        return f"Found a plant with {len(lines)} lines; correct them, mark what is Not This, and press Preview"


CLASSES = (SWAY_OT_picture_find,)
