"""Reference Motion in the sidebar: where the clip comes from, what applies to that, and the clips to pick from."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..backend.api.reference import SHOWN, Source
from ..jobs import queue
from ..operators.reference import candidate_file
from ..properties import steps
from ..scene.clips.model_folder import PROMPTLESS, pipeline_in, title_of
from ..translations import say
from .pictures import draw_picture
from .step_panel import AdvancedPanel, StepPanel, draw_note, draw_running
from .width import is_narrow


def _hidden(context: bpy.types.Context) -> tuple[str, ...]:
    """The parameters that the chosen source does not use."""
    settings = context.scene.sway.reference
    source = Source[settings.source]
    hidden = {name for names in SHOWN.values() for name in names} - set(SHOWN[source])
    if source is Source.model:
        pipeline = pipeline_in(bpy.path.abspath(settings.model_folder))
        hidden.add("prompt" if pipeline == PROMPTLESS else "motion_bucket")
    return tuple(hidden)


def _watch(layout: bpy.types.UILayout, clip: Path, text: str = "") -> None:
    """A button that plays a clip's film in the system's player."""
    film = clip.with_name("film.mp4")
    if film.is_file():
        layout.operator("wm.path_open", text=text, icon="PLAY").filepath = str(film)


def _draw_further(layout: bpy.types.UILayout, obj: bpy.types.Object) -> None:
    """The clips that the fit takes beside the reference motion."""
    kept = obj.sway.further_clips
    if all(clip.file != obj.sway.reference.file for clip in kept):
        layout.operator("sway.keep_clip", icon="PINNED")
    if not kept:
        return
    layout.label(text="The fit takes these as well:")
    column = layout.column(align=True)
    for number, clip in enumerate(kept, 1):
        line = column if is_narrow() else column.row(align=True)
        line.label(text=say(clip.name), icon="PINNED", translate=False)
        row = line.row(align=True)
        row.prop(clip, "same_motion", text="", icon="LINKED" if clip.same_motion else "UNLINKED")
        _watch(row, Path(clip.file))
        row.operator("sway.drop_clip", text="", icon="X").number = number


class SWAY_PT_reference(StepPanel, bpy.types.Panel):
    bl_label = "Reference Motion"
    step, operator, icon = "reference", "sway.make_reference", "FORCE_WIND"

    def hidden(self, context):
        return _hidden(context)

    def draw_settings(self, context, layout):
        StepPanel.draw_settings(self, context, layout)
        settings = context.scene.sway.reference
        if settings.source == Source.model.name:
            pipeline = pipeline_in(bpy.path.abspath(settings.model_folder))
            if title := title_of(pipeline):
                layout.label(text=title, icon="CHECKMARK")
            elif settings.model_folder:
                draw_note(layout, "No video model in this folder", "ERROR")
            else:
                row = layout.row()
                row.enabled = queue.pending("video_model", 0) is None
                row.operator("sway.download_video_model", icon="IMPORT")

    def draw_button(self, context, layout):
        StepPanel.draw_button(self, context, layout)
        running = queue.running()
        if running and running.kind == "video_model":
            draw_running(layout, running)

    def lines(self, found):
        lines = [f"{found['frames']} frames, tip sways at {found['frequency_hz']:.2f} Hz"]
        if found.get("camera_px", 0) > 0.2:
            lines.append(f"The camera moved by {found['camera_px']:.1f} px and was held still")
        return lines

    def draw_state(self, context, obj, layout):
        StepPanel.draw_state(self, context, obj, layout)
        candidates, file = steps.summary(obj, "reference").get("candidates", []), obj.sway.reference.file
        if candidates and file:
            self._draw_candidates(layout, candidates, file)
        elif file:
            _watch(layout, Path(file), "Watch")
        if file:
            _draw_further(layout, obj)

    def _draw_candidates(self, layout, candidates, file):
        layout.label(text="Pick one:")
        columns = 1 if is_narrow() else 2
        grid = layout.grid_flow(columns=columns, even_columns=True, row_major=True)
        for number, candidate in enumerate(candidates, 1):
            clip = candidate_file(file, number)
            cell = grid.column(align=True)
            draw_picture(cell, str(clip.with_name("pick.png")), columns)
            text = f"Seed {candidate['seed']}, {candidate['frequency_hz']:.2f} Hz"
            row = cell.row(align=True)
            row.operator("sway.pick_reference", text=say(text), depress=Path(file) == clip).number = number
            _watch(row, clip)


class SWAY_PT_reference_advanced(AdvancedPanel, bpy.types.Panel):
    bl_parent_id, step = "SWAY_PT_reference", "reference"

    def hidden(self, context):
        return _hidden(context)


CLASSES = (SWAY_PT_reference, SWAY_PT_reference_advanced)
