"""What operators on pictures do alike: find the picture, write it for the worker, use what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import bpy

from ... import preferences
from ...backend.api.picture import Outcome, PictureParams
from ...backend.api.wire import to_jsonable
from ...jobs import queue
from ...properties.from_params import override, read
from ...scene.pictures import picture_document
from ..worker_operator import WorkerOperator, subject_of, submit


def picture_image(context: bpy.types.Context, name: str = "") -> bpy.types.Image | None:
    """The picture to work on: the named one, or what the image editor shows; of a preview the photograph behind it."""
    image = bpy.data.images.get(name)
    if image is None and not name and context.space_data is not None and context.space_data.type == "IMAGE_EDITOR":
        image = context.space_data.image
    if image is not None and image.sway.photo is not None:
        return image.sway.photo
    return image


def required_image(context: bpy.types.Context, name: str) -> bpy.types.Image:
    """As `picture_image`; raises ValueError with one sentence where there is none."""
    image = picture_image(context, name)
    if image is None:
        raise ValueError(f"There is no image named {name}." if name else "Open a photograph in the image editor first.")
    return image


def picture_by_id(session_uid: int) -> bpy.types.Image:
    """The picture that a job was for. Raises ValueError when it is gone."""
    image = next((i for i in bpy.data.images if i.session_uid == session_uid), None)
    if image is None:
        raise ValueError("The picture is gone; what was made of it was not used.")
    return image


class OnPicture:
    """Mixin of operators on the image editor's picture; greyed out without one."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        space = context.space_data
        if space is not None and space.type == "IMAGE_EDITOR" and picture_image(context) is None:
            cls.poll_message_set("Open a photograph in the image editor first")  # type: ignore[attr-defined]
            return False
        return True


class AnimateOperator(OnPicture, WorkerOperator):
    """Mixin: runs the animate job on the picture; `take_in` uses what it made."""

    OUTCOME: ClassVar[Outcome]

    _image: int

    def take_in(self, context: bpy.types.Context, image: bpy.types.Image) -> str:
        """Use the finished job's outputs; return one sentence about the result."""
        raise NotImplementedError

    def begin(self, context: bpy.types.Context) -> queue.Job:
        image = required_image(context, self.image)  # type: ignore[attr-defined]
        override(image.sway.settings, self, PictureParams)  # type: ignore[arg-type]
        self._image = image.session_uid
        return begin_animation(context, image, self.OUTCOME, self.bl_label)  # type: ignore[attr-defined]

    def apply(self, context: bpy.types.Context) -> str:
        return self.take_in(context, picture_by_id(self._image))


def begin_animation(context: bpy.types.Context, image: bpy.types.Image, outcome: Outcome, label: str) -> queue.Job:
    """Write the picture and submit the animate job."""
    settings = read(image.sway.settings, PictureParams)
    params: dict[str, Any] = {**to_jsonable(settings), "outcome": outcome.name}
    picture = picture_document.picture_of(image, settings)
    job = queue.Job("animate", label, preferences.job_folder(image.name, outcome.name), *subject_of(image))
    fps = picture_document.scene_fps(context.scene)
    name = Path(image.name).stem
    submit(job, params, {"picture": picture_document.write(picture, job.folder / "picture.npz", fps, name)})
    return job


def files_of(outputs: dict[str, str], name: str) -> list[Path]:
    """Numbered outputs NAME_1, NAME_2... in order."""
    found = []
    while (key := f"{name}_{len(found) + 1}") in outputs:
        found.append(Path(outputs[key]))
    return found
