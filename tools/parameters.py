"""docs/parameters.md from the parameters' declarations: `python -m tools.parameters`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from backend.api.acting import ActingParams
from backend.api.bake import BakeParams
from backend.api.fit import FitParams
from backend.api.materials import MaterialParams
from backend.api.param import label_of, specs
from backend.api.picture import LayerParams, PictureParams
from backend.api.picture_find import PictureFindParams
from backend.api.picture_predict import PicturePredictParams
from backend.api.reference import ReferenceParams
from backend.api.simulate import SimulateParams
from backend.api.swing import SwingParams
from backend.api.video_model import VideoModelParams
from backend.api.video_modes import VideoModesParams

PAGE = Path(__file__).resolve().parents[1] / "docs" / "parameters.md"
STEPS = {
    "Reference Motion": ("make_reference", ReferenceParams),
    "Download Video Model": ("download_video_model", VideoModelParams),
    "Fit Material": ("fit_material", FitParams),
    "Simulate": ("simulate", SimulateParams),
    "Material (`object.sway.material` with the preset Custom)": ("simulate", MaterialParams),
    "Acting on Splats (`object.sway.acting`)": ("add_acting", ActingParams),
    "Pull by Hand": ("drag", SwingParams),
    "Bake": ("bake", BakeParams),
    "Find What Moves": ("picture_find", PictureFindParams),
    "Animate Picture": ("picture_predict", PicturePredictParams),
    "Preview and Export of a Picture": ("animate_picture", PictureParams),
    "Layer of a Picture": ("add_picture_layer", LayerParams),
    "Modes from Video": ("find_video_modes", VideoModesParams),
}


def page() -> str:
    """The manual's tables, one a step."""
    lines = ["# Parameters", "", "Made from the declarations in `backend/api/` by `python -m tools.parameters`.", ""]
    for title, (operator, cls) in STEPS.items():
        lines += [f"## {title} (`bpy.ops.sway.{operator}`)", "", "| name | label | default | range | what it does |"]
        lines += ["|---|---|---|---|---|"]
        for name, _hint, default, spec in specs(cls):
            shown = f'"{default.name}"' if isinstance(default, Enum) else repr(default)
            unit = f" {spec.unit}" if spec.unit else ""
            lines.append(
                f"| `{name}` | {label_of(name, spec)} | {shown}{unit} | {_range(default, spec)} | {spec.doc} |"
            )
        lines.append("")
    return "\n".join(lines)


def _range(default: object, spec) -> str:
    if isinstance(default, Enum):
        return ", ".join(f'"{member.name}"' for member in type(default))
    if spec.min is None and spec.max is None:
        return ""
    return f"{'' if spec.min is None else f'{spec.min:g}'} to {'' if spec.max is None else f'{spec.max:g}'}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
