"""Everything the add-on registers with Blender, in one ordered list; `unregister` mirrors `register`."""

from __future__ import annotations

import bpy

from . import translations
from .gizmos import acting as acting_gizmos
from .gizmos import holding as holding_gizmos
from .gizmos import wind as wind_gizmos
from .jobs import queue
from .operators import (
    acting,
    asset_library,
    at_once,
    bake,
    drag,
    fit,
    further_clips,
    install,
    install_health,
    jobs,
    material_file,
    reference,
    reference_model,
    render_film,
    samples,
    simulate,
)
from .operators.pictures import (
    picture,
    picture_find,
    picture_modes,
    picture_poke,
    picture_predict,
    picture_volume,
)
from .operators.splats import (
    edit_splats,
    export_motion,
    export_splats,
    import_splats,
    look,
    paint_parts,
    painting_fields,
    parts,
    scale_to_size,
    select_splats,
)
from .panels import addon_preferences, picture_editor, pictures, simulation, splats
from .panels import bake as bake_panel
from .panels import fit as fit_panel
from .panels import jobs as jobs_panel
from .panels import reference as reference_panel
from .properties import groups, picture_groups
from .scene import material_assets, playback, selection_overlay
from .scene.fields import holding_dots, legend, overlay
from .scene.pictures import picture_mask

CLASSES = (
    *groups.CLASSES,
    *picture_groups.CLASSES,
    addon_preferences.SWAY_AP_Preferences,
    import_splats.SWAY_OT_import_splats,
    import_splats.SWAY_FH_splats,
    export_splats.SWAY_OT_export_splats,
    export_motion.SWAY_OT_export_motion,
    parts.SWAY_OT_guess_parts,
    *edit_splats.CLASSES,
    *select_splats.CLASSES,
    look.SWAY_OT_set_up_colours,
    paint_parts.SWAY_OT_paint_parts,
    *painting_fields.CLASSES,
    scale_to_size.SWAY_OT_scale_to_size,
    *reference.CLASSES,
    *reference_model.CLASSES,
    *further_clips.CLASSES,
    *fit.CLASSES,
    *material_file.CLASSES,
    simulate.SWAY_OT_simulate,
    *at_once.CLASSES,
    drag.SWAY_OT_drag,
    *acting.CLASSES,
    *asset_library.CLASSES,
    bake.SWAY_OT_bake,
    bake.SWAY_OT_pause_bake,
    bake.SWAY_OT_free_bake,
    render_film.SWAY_OT_render_film,
    *jobs.CLASSES,
    *samples.CLASSES,
    *install.CLASSES,
    *install_health.CLASSES,
    *jobs_panel.CLASSES,
    *splats.CLASSES,
    *reference_panel.CLASSES,
    *fit_panel.CLASSES,
    *simulation.CLASSES,
    *bake_panel.CLASSES,
    *picture_find.CLASSES,
    *picture_predict.CLASSES,
    *picture.CLASSES,
    *picture_modes.CLASSES,
    *picture_poke.CLASSES,
    *picture_volume.CLASSES,
    *picture_editor.CLASSES,
    *wind_gizmos.CLASSES,
    *acting_gizmos.CLASSES,
    *holding_gizmos.CLASSES,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    translations.register(CLASSES)
    bpy.types.Scene.sway = bpy.props.PointerProperty(type=groups.SWAY_PG_Scene)
    bpy.types.Object.sway = bpy.props.PointerProperty(type=groups.SWAY_PG_Object)
    picture_groups.register()
    bpy.types.VIEW3D_MT_add.append(samples.menu)
    bpy.types.TOPBAR_MT_file_import.append(import_splats.menu)
    for exporter in (export_splats, export_motion):
        bpy.types.TOPBAR_MT_file_export.append(exporter.menu)
    playback.register()
    selection_overlay.register()
    legend.register()
    overlay.register()
    material_assets.register()
    holding_dots.register()
    picture_mask.register()
    jobs_panel.register()


def unregister() -> None:
    picture_mask.unregister()
    holding_dots.unregister()
    material_assets.unregister()
    overlay.unregister()
    legend.unregister()
    selection_overlay.unregister()
    playback.unregister()
    install.unregister()
    jobs_panel.unregister()
    queue.stop_worker()
    pictures.unregister()
    for exporter in (export_splats, export_motion):
        bpy.types.TOPBAR_MT_file_export.remove(exporter.menu)
    bpy.types.TOPBAR_MT_file_import.remove(import_splats.menu)
    bpy.types.VIEW3D_MT_add.remove(samples.menu)
    picture_groups.unregister()
    del bpy.types.Object.sway
    del bpy.types.Scene.sway
    translations.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
