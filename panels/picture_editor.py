"""The "Sway" tab of the image editor: animate the picture, and find modes in a video."""

from __future__ import annotations

import bpy

from ..backend.api.picture import PictureParams
from ..backend.api.picture_predict import PicturePredictParams
from ..backend.api.video_modes import VideoModesParams
from ..jobs import queue
from ..operators.pictures.picture import SWAY_OT_live_picture
from ..operators.pictures.picture_operator import picture_image
from ..scene.pictures import picture_plane, picture_prediction
from ..translations import say
from .params import draw_params, draw_setting, place_names
from .pictures import draw_picture
from .step_panel import draw_note, draw_running
from .width import is_narrow, side_by_side

USED = {
    "plant": ("amplitude", "frequency", "damping", "flutter"),
    "water": ("amplitude",),
    "boat": ("amplitude",),
    "cloud": ("amplitude",),
    "path": ("spin",),
    "volume": ("amplitude", "damping"),
    "still": (),
}
"""What a layer of each kind can be set to."""
ICONS = {
    "plant": "OUTLINER_OB_CURVES",
    "water": "MOD_OCEAN",
    "boat": "MOD_WAVE",
    "cloud": "FORCE_WIND",
    "path": "CURVE_PATH",
    "volume": "SOUND",
    "still": "FREEZE",
}


class EditorPanel:
    """Where every panel of the tab lives."""

    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Sway"
    layout: bpy.types.UILayout


class SWAY_UL_picture_layers(bpy.types.UIList):
    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, _index=0, _flag=0):
        narrow = is_narrow()
        row = layout if narrow else layout.split(factor=0.62)  # names are longer than kinds
        row.prop(item, "name", text="", emboss=False, icon=ICONS[item.kind])
        if not narrow:
            row.prop(item, "kind", text="")


class SWAY_MT_picture_layers(bpy.types.Menu):
    bl_label = "Spectral Volume"

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.operator("sway.load_spectral_volume", icon="IMPORT")
        self.layout.operator("sway.save_spectral_volume", icon="EXPORT")


class SWAY_PT_picture(EditorPanel, bpy.types.Panel):
    bl_label = "Animate Picture"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.template_ID(context.space_data, "image", open="image.open")
        image = picture_image(context)
        if image is None:
            draw_note(layout, "Open a photograph", "INFO")
            return
        if context.space_data.image != image:
            layout.label(text=say(f"Preview of {image.name}"), icon="PLAY")
        picture = image.sway
        running = queue.running()
        if running and running.kind in ("picture_find", "picture_predict"):
            draw_running(layout, running)
        elif not picture.layers:
            row = layout.row()
            row.scale_y = 1.6
            row.operator("sway.picture_predict", icon="PLAY")
            layout.operator("sway.picture_find", icon="VIEWZOOM")
        row = layout.row()
        row.template_list("SWAY_UL_picture_layers", "", picture, "layers", picture, "active_layer", rows=3)
        column = row.column(align=True)
        column.operator_menu_enum("sway.add_picture_layer", "kind", icon="ADD", text="")
        column.operator("sway.remove_picture_layer", icon="REMOVE", text="")
        column.operator("sway.move_picture_layer", icon="TRIA_UP", text="").step = -1
        column.operator("sway.move_picture_layer", icon="TRIA_DOWN", text="").step = 1
        column.menu("SWAY_MT_picture_layers", icon="DOWNARROW_HLT", text="")
        if not picture.layers:
            draw_note(layout, "Or add a layer and draw its lines", "INFO")
            return
        layer = picture.layers[min(picture.active_layer, len(picture.layers) - 1)]
        predicted = picture_prediction.is_predicted(layer)
        if layer.kind == "volume" and not predicted:
            draw_modes(layout, layer)
        else:
            row = side_by_side(layout)
            row.operator("sway.draw_picture_lines", icon="GREASEPENCIL")
            row.operator("sway.draw_picture_lines", icon="X", text="Not This").outside = True
        if predicted:
            draw_prediction(layout, picture)
        place_names(layout)
        column = layout.column()
        for name in (*(("kind",) if is_narrow() else ()), *USED[layer.kind]):  # beside the layer's name where it fits
            draw_setting(column, layer, name)
        if layer.kind != "volume" or predicted:
            if layer.lines:
                draw_setting(column, layer, "lines")  # empty it to draw all lines anew
            draw_setting(column, layer, "mask")
            if layer.mask:
                column.prop(picture, "show_mask")


def draw_prediction(layout: bpy.types.UILayout, picture) -> None:
    """How a predicted layer is corrected and predicted again."""
    draw_note(layout, "A guess: lines correct it", "INFO")
    draw_params(layout, picture.prediction, PicturePredictParams)
    layout.operator("sway.picture_predict", text="Predict Again", icon="FILE_REFRESH")


def draw_modes(layout: bpy.types.UILayout, layer) -> None:
    """Modes to tick; those found in a video with its spectrum and the shape of each."""
    if layer.spectrum:
        draw_picture(layout, layer.spectrum)
        layout.operator("sway.pick_peaks", icon="RESTRICT_SELECT_OFF")
    flow = layout.grid_flow(columns=2, even_columns=True)
    for peak in layer.peaks:
        box = flow.box()
        box.prop(peak, "use", text=say(f"{peak.frequency:.2f} Hz, {peak.amplitude:.1f} px"))
        draw_picture(box, peak.picture, columns=2)


class LayeredPanel(EditorPanel):
    """A panel for pictures that have layers."""

    bl_parent_id = "SWAY_PT_picture"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        image = picture_image(context)
        return image is not None and len(image.sway.layers) > 0


class SWAY_PT_picture_motion(LayeredPanel, bpy.types.Panel):
    bl_label = "Wind and Loop"

    def draw(self, context: bpy.types.Context) -> None:
        image = picture_image(context)
        layout = self.layout
        settings = image.sway.settings
        draw_params(layout, settings, PictureParams)
        layout.prop(settings, "preview_size")
        running = queue.running()
        if running and running.kind == "animate":
            draw_running(layout, running)
        else:
            row = side_by_side(layout)
            row.scale_y = 1.4
            row.operator("sway.animate_picture", icon="PLAY")
            row.operator("sway.live_picture", icon="FILE_REFRESH", depress=SWAY_OT_live_picture.on)
        row = side_by_side(layout)
        row.operator("sway.poke_picture", icon="VIEW_PAN")
        row.operator("sway.make_picture_planes", icon="SHAPEKEY_DATA")


class SWAY_PT_picture_export(LayeredPanel, bpy.types.Panel):
    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = picture_image(context).sway.settings
        for name in ("file_format", "transparent", "directory"):
            draw_setting(layout, settings, name)
        layout.operator("sway.export_picture", icon="EXPORT")
        layout.operator_menu_enum("sway.use_picture_frames", "place", icon="IMAGE_DATA")


class SWAY_PT_video_modes(EditorPanel, bpy.types.Panel):
    bl_label = "Modes from Video"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        draw_params(layout, context.scene.sway_modes, VideoModesParams)
        running = queue.running()
        if running and running.kind == "video_modes":
            draw_running(layout, running)
            return
        row = layout.row()
        row.scale_y = 1.4
        row.operator("sway.find_video_modes", icon="FORCE_HARMONIC")


class SWAY_PT_video_modes_advanced(EditorPanel, bpy.types.Panel):
    bl_label = "Advanced"
    bl_parent_id = "SWAY_PT_video_modes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_params(self.layout, context.scene.sway_modes, VideoModesParams, advanced=True)


class SWAY_PT_picture_planes(bpy.types.Panel):
    bl_label = "Picture Planes"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Sway"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return picture_plane.parent_of(context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        parent = picture_plane.parent_of(context.active_object)
        layout.label(text=parent.name, icon="IMAGE_DATA")
        layout.operator("sway.poke_planes", icon="VIEW_PAN")


CLASSES = (
    SWAY_UL_picture_layers,
    SWAY_MT_picture_layers,
    SWAY_PT_picture,
    SWAY_PT_picture_motion,
    SWAY_PT_picture_export,
    SWAY_PT_video_modes,
    SWAY_PT_video_modes_advanced,
    SWAY_PT_picture_planes,
)
