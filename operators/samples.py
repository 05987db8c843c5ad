"""Add > Sway: sample scenes that move at once."""

from __future__ import annotations

import bpy
import numpy as np

from .. import preferences
from ..backend import arrays
from ..properties import steps
from ..scene import look, viewport
from ..scene.pictures import picture_plane
from ..scene.samples import picture_sample, splat_samples
from ..scene.splats import is_splats
from ..scene.subject import scene_fps
from ..translations import say

PICTURE = "picture"
KINDS = (
    ("plant", "Potted Plant", "A houseplant in light wind, for ever", "OUTLINER_OB_CURVES"),
    ("flag", "Flag", "A small flag on its pole, for ever", "MOD_CLOTH"),
    ("jelly", "Jelly", "A jelly on a plate that is pushed and comes to rest", "MOD_SOFT"),
    ("sand", "Sand Pile", "A column of sand that collapses", "MOD_PHYSICS"),
    (PICTURE, "Sample Picture", "A painted meadow whose reeds sway, as planes and in the image editor", "IMAGE_DATA"),
)


class SWAY_OT_add_sample(bpy.types.Operator):
    """Add a subject that moves at once, to play with: every step of the sidebar works on it"""

    bl_idname = "sway.add_sample"
    bl_label = "Add Sample"
    bl_options = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(
        name="Sample",
        description="What to add",
        items=[(name, label, doc, icon, number) for number, (name, label, doc, icon) in enumerate(KINDS)],
    )
    play: bpy.props.BoolProperty(
        name="Play", description="Show it from near and play the timeline", default=False, options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return bpy.app.translations.pgettext_tip(next(doc for name, _, doc, _ in KINDS if name == properties.kind))  # type: ignore[attr-defined]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        fps = scene_fps(context.scene)
        try:
            if self.kind == PICTURE:
                folder = preferences.job_folder(picture_sample.NAME, "sample")
                parent, _image = picture_sample.add(context, folder, fps)
                change = picture_plane.prepare_view(context.scene)
                _select(context, parent)
                made = f"{len(picture_plane.layers_of(parent))} layers sway; the image {_image.name} has their lines"
                notes = [change] if change else []
            else:
                made = self._splats(context, fps)
                notes = look.prepare_scene(context.scene)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, say(str(error)))
            return {"CANCELLED"}
        if self.play and context.window is not None:
            notes += _show(context)
        for sentence in notes:
            self.report({"INFO"}, say(sentence))
        self.report({"INFO"}, say(made))
        return {"FINISHED"}

    def _splats(self, context: bpy.types.Context, fps: float) -> str:
        """Add the splats and note their steps as done, so that the sidebar goes on from there."""
        scene = context.scene
        obj, sample, trajectory, found = splat_samples.add(context, self.kind, fps)
        obj.sway.material.preset = sample.material
        moving = int((sample.parts > 0).sum())
        steps.finish(
            obj,
            "parts",
            steps.origin(scene, obj, "parts"),
            found={"moving": moving, "holding": len(sample.parts) - moving},
        )
        folder = preferences.job_folder(obj.name, "sample")
        file = arrays.save(folder / "trajectory.npz", trajectory.to_arrays())
        tip = float(((trajectory.positions - trajectory.rest) ** 2).sum(-1).max() ** 0.5)
        frames = len(trajectory)
        simulated = {"frames": frames, "tip_amplitude_m": tip, "dominant_frequency_hz": _frequency(trajectory)}
        steps.finish(obj, "simulate", steps.origin(scene, obj, "simulate"), str(file), simulated)
        first = scene.frame_start
        baked = {**found, "frame_start": first, "frame_end": first + frames - 1}
        steps.finish(obj, "bake", steps.origin(scene, obj, "bake"), found=baked)
        return f"{len(sample.gaussians):,} splats, {moving:,} of them move; play the timeline"


class SWAY_MT_samples(bpy.types.Menu):
    bl_label = "Sway"

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.operator_context = "EXEC_REGION_WIN"
        for name, label, _doc, icon in KINDS:
            entry = self.layout.operator("sway.add_sample", text=label, icon=icon)  # type: ignore[arg-type]
            entry.kind, entry.play = name, True


def menu(self, _context: bpy.types.Context) -> None:
    """Entry of Add."""
    self.layout.menu("SWAY_MT_samples", icon="FORCE_WIND")


def _frequency(trajectory) -> float:
    """The strongest frequency [Hz] of the particle that moves most."""
    moved = trajectory.positions - trajectory.positions.mean(0)
    most = np.abs(moved).max((0, 2)).argmax()
    power = (np.abs(np.fft.rfft(moved[:, most], axis=0)) ** 2).sum(1)
    return float(np.fft.rfftfreq(len(moved), 1 / trajectory.fps)[1 + power[1:].argmax()])


def _select(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    for other in context.selected_objects:
        other.select_set(False)
    for part in (obj, *obj.children):
        part.select_set(True)
    context.view_layer.objects.active = obj


def _show(context: bpy.types.Context) -> list[str]:
    """Look at what was added, drawn as splats, with the timeline playing; a sentence for what else changed."""
    viewport.prepare_viewports(context)
    context.scene.frame_set(context.scene.frame_start)
    obj, changes = context.view_layer.objects.active, []
    if is_splats(obj):
        changes = viewport.frame(context, obj)
    elif context.area is not None and context.area.type == "VIEW_3D":
        bpy.ops.view3d.view_selected()
    if not context.screen.is_animation_playing:
        bpy.ops.screen.animation_play()
    return changes


CLASSES = (SWAY_OT_add_sample, SWAY_MT_samples)
