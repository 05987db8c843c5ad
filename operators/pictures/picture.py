"""Animate a picture in the image editor: its layers, the preview, planes and files."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from ...backend.api.picture import LayerKind, Outcome, PictureParams
from ...jobs import queue
from ...properties.from_params import annotations_of
from ...scene import films
from ...scene.pictures import picture_layers, picture_plane
from ...translations import say
from ..worker_operator import redraw
from .picture_operator import AnimateOperator, OnPicture, begin_animation, picture_image, required_image

LOOK, PATIENCE = 0.1, 0.4
"""Seconds between two looks at the sliders, and how long they must rest before a preview is made."""


def _image_property():
    return bpy.props.StringProperty(
        name="Image", description="Name of the picture; empty takes the image editor's", options={"SKIP_SAVE"}
    )


def _animate_arguments() -> dict:
    return {**annotations_of(PictureParams, {"SKIP_SAVE"}), "image": _image_property()}


class SWAY_OT_add_picture_layer(OnPicture, bpy.types.Operator):
    """Add a layer to the picture and draw on it: lines drawn with the Annotate tool belong to it from now on"""

    bl_idname = "sway.add_picture_layer"
    bl_label = "Add Layer"
    bl_options = {"UNDO"}

    kind: bpy.props.EnumProperty(name="Type", items=[(k.name, k.label, k.doc) for k in LayerKind if k.name != "volume"])
    image: _image_property()

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            image = required_image(context, self.image)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        layer = picture_layers.add(image, self.kind, LayerKind[self.kind].label)
        if context.space_data is not None and context.space_data.type == "IMAGE_EDITOR":
            picture_layers.draw_on(context, image)
            self.report({"INFO"}, say(f'Draw the lines of "{layer.name}" on the picture'))
        return {"FINISHED"}


class SWAY_OT_remove_picture_layer(OnPicture, bpy.types.Operator):
    """Remove the active layer with its lines"""

    bl_idname = "sway.remove_picture_layer"
    bl_label = "Remove Layer"
    bl_options = {"UNDO"}

    image: _image_property()

    def execute(self, context: bpy.types.Context) -> set[str]:
        image = picture_image(context, self.image)
        if image is None or not image.sway.layers:
            return {"CANCELLED"}
        picture_layers.remove(image, image.sway.active_layer)
        return {"FINISHED"}


class SWAY_OT_move_picture_layer(OnPicture, bpy.types.Operator):
    """Move the active layer to the front (down in the list) or to the back"""

    bl_idname = "sway.move_picture_layer"
    bl_label = "Move Layer"
    bl_options = {"UNDO"}

    step: bpy.props.IntProperty(name="Step", description="1 to the front, -1 to the back", default=1)
    image: _image_property()

    def execute(self, context: bpy.types.Context) -> set[str]:
        image = picture_image(context, self.image)
        if image is None:
            return {"CANCELLED"}
        picture = image.sway
        to = min(max(picture.active_layer + self.step, 0), len(picture.layers) - 1)
        picture.layers.move(picture.active_layer, to)
        picture.active_layer = to
        return {"FINISHED"}


class SWAY_OT_draw_picture_lines(OnPicture, bpy.types.Operator):
    """Take the Annotate tool and draw the active layer's lines: from where it is held to where it is free"""

    bl_idname = "sway.draw_picture_lines"
    bl_label = "Draw Lines"

    outside: bpy.props.BoolProperty(
        name="Not This", description="Draw over what does not belong to the layer", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties) -> str:
        if not properties.outside:
            return cls.__doc__
        return (
            "Draw over what does not belong to the active layer: what looks like it around the line is left out. "
            "For a background that comes along because its colours are the plant's"
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        space = context.space_data
        return space is not None and space.type == "IMAGE_EDITOR" and OnPicture.poll.__func__(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        image = picture_image(context)
        if image is None:
            return {"CANCELLED"}
        films.show(context, image)
        picture_layers.draw_on(context, image, self.outside)
        return {"FINISHED"}


class SWAY_OT_animate_picture(AnimateOperator, bpy.types.Operator):
    """Make a small film of the picture in motion and show it in the image editor"""

    bl_idname = "sway.animate_picture"
    bl_label = "Preview"
    OUTCOME = Outcome.preview
    __annotations__ = _animate_arguments()

    def take_in(self, context, image):
        return use_preview(context, image, self.job)


class SWAY_OT_make_picture_planes(AnimateOperator, bpy.types.Operator):
    """Make planes of the picture that sway by shape keys: an endless loop that renders and can be edited"""

    bl_idname = "sway.make_picture_planes"
    bl_label = "Make Planes"
    bl_options = {"UNDO"}
    OUTCOME = Outcome.planes
    __annotations__ = _animate_arguments()

    _note = ""

    def begin(self, context):
        self._note = picture_plane.prepare_view(context.scene)
        mixes = context.scene.view_settings.view_transform != "Raw"
        required_image(context, self.image).sway.settings.mix_light = mixes
        return AnimateOperator.begin(self, context)

    def take_in(self, context, image):
        scene = context.scene
        layers = picture_layers.load_planes(self.job.outputs)
        name = Path(image.name).stem
        parent = picture_plane.make_planes(context, name, Path(self.job.outputs["plate"]), layers, scene.frame_start)
        image.sway.planes = str(self.job.folder)
        keys = sum(len(obj.data.shape_keys.key_blocks) - 1 for obj in picture_plane.layers_of(parent))
        planes = "1 moving plane" if len(layers) == 1 else f"{len(layers)} moving planes"
        made = f"{planes} with {keys} shape keys under {parent.name}"
        return f"{made}. {self._note}" if self._note else made


class SWAY_OT_export_picture(AnimateOperator, bpy.types.Operator):
    """Write the motion at full size as images or as a film"""

    bl_idname = "sway.export_picture"
    bl_label = "Export"
    OUTCOME = Outcome.export
    __annotations__ = _animate_arguments()

    def begin(self, context):
        if self.directory:
            required_image(context, self.image).sway.settings.directory = self.directory
        if not required_image(context, self.image).sway.settings.directory:
            raise ValueError("Choose a folder to export to.")
        return AnimateOperator.begin(self, context)

    def take_in(self, _context, _image):
        found = self.job.results
        return f"{found['frames']} frames of {found['size'][0]} x {found['size'][1]} pixels at {found['written']}"


class SWAY_OT_use_picture_frames(OnPicture, bpy.types.Operator):
    """Use the exported PNG sequence in the scene"""

    bl_idname = "sway.use_picture_frames"
    bl_label = "Use Frames"
    bl_options = {"UNDO"}

    place: bpy.props.EnumProperty(
        name="Place",
        items=[
            ("plane", "Plane", "An upright rectangle that shows the frames for ever"),
            ("background", "Camera Background", "Behind what the scene camera sees"),
            ("strip", "Sequencer Strip", "One loop in the video sequencer"),
        ],
    )
    image: _image_property()

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            image = required_image(context, self.image)
            files = picture_layers.exported_frames(image)
            {
                "plane": films.as_plane,
                "background": films.as_background,
                "strip": films.as_strip,
            }[self.place](context, files, context.scene.frame_start)
        except ValueError as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, say(f"{len(files)} frames from {files[0].parent}"))
        return {"FINISHED"}


class SWAY_OT_live_picture(OnPicture, bpy.types.Operator):
    """Make a new preview whenever a slider, a layer or a line changes; press again to stop"""

    bl_idname = "sway.live_picture"
    bl_label = "Live Preview"

    image: _image_property()

    on = False
    """Of the class: whether one runs."""

    _timer: bpy.types.Timer
    _made = _seen = ""
    _since = 0.0
    _job: queue.Job | None = None

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if SWAY_OT_live_picture.on:
            SWAY_OT_live_picture.on = False
            return {"FINISHED"}
        SWAY_OT_live_picture.on = True
        self._timer = context.window_manager.event_timer_add(LOOK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not SWAY_OT_live_picture.on:
            self.cancel(context)
            return {"FINISHED"}
        if event.type == "TIMER":
            self._look(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        SWAY_OT_live_picture.on = False
        context.window_manager.event_timer_remove(self._timer)
        redraw(context)

    def _look(self, context: bpy.types.Context) -> None:
        image = picture_image(context, self.image)
        if self._job is not None:
            queue.pump()
            redraw(context)
            if not self._job.ended:
                return
            queue.taken(self._job)
            if self._job.state == "finished" and image is not None:
                use_preview(context, image, self._job)
            elif self._job.error:
                self.report({"WARNING"}, say(self._job.error))
            self._job = None
        if image is None or not image.sway.layers or queue.running():
            return
        now = picture_layers.fingerprint(image)
        if now != self._seen:
            self._seen, self._since = now, time.monotonic()
        if now == self._made or time.monotonic() - self._since < PATIENCE:
            return
        self._made = now
        try:
            self._job = begin_animation(context, image, Outcome.preview, self.bl_label)
        except ValueError as error:
            self.report({"WARNING"}, say(str(error)))


def use_preview(context: bpy.types.Context, image: bpy.types.Image, job: queue.Job) -> str:
    """Show a finished preview in the image editor; return one sentence about it."""
    picture = image.sway
    film = films.load_film(Path(job.outputs["film"]), f"{image.name} preview", picture.preview)
    film.sway.photo, picture.preview = image, film
    films.show(context, film)
    size = job.results["size"]
    return f"{job.results['frames']} frames at {size[0]} x {size[1]}; play the timeline"


CLASSES = (
    SWAY_OT_add_picture_layer,
    SWAY_OT_remove_picture_layer,
    SWAY_OT_move_picture_layer,
    SWAY_OT_draw_picture_lines,
    SWAY_OT_animate_picture,
    SWAY_OT_make_picture_planes,
    SWAY_OT_export_picture,
    SWAY_OT_use_picture_frames,
    SWAY_OT_live_picture,
)
