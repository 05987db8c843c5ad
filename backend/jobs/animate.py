"""Animate a picture: a small film to look at, layers for Blender's planes, or files at full size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import arrays
from ..api.picture import FileFormat, Outcome, PictureParams
from ..context import JobContext
from ..picture import Picture
from ..picture_motion import PictureMotion
from ..spectral.basis import Combined, Fourier
from ..spectral.export import export, export_vectors
from ..spectral.layers import Sprite
from ..spectral.picture import Controls, Prepared, prepare, renderer
from ..spectral.picture_planes import continued, on_planes, plane_images, plane_motion
from ..spectral.pixel_motion import Grid, PixelMotion
from ..spectral.renderer import LayeredRenderer
from ..video.files import write_mp4

PARAMS = PictureParams
LARGEST_PLANE = 4096
"""Longer side of a plane's images, pixels."""
_SETTINGS = ("amplitude", "frequency", "damping", "flutter", "spin")
"""Of a layer: they change how it moves and not what it is."""
_prepared: dict[str, Prepared] = {}
"""The last pictures that were taken apart: a slider that moves needs no new mattes."""
REMEMBERED = 2
"""A preview's and the one at full size."""


def run(params: PictureParams, inputs: dict[str, str], ctx: JobContext) -> tuple[dict[str, Path], dict]:
    """Outputs: `film` (.mp4) of a preview; `plate`, `layer_1`..., `motion_1`... of planes; what was exported."""
    given = arrays.load(inputs["picture"])
    fps = float(given["fps"])
    picture = Picture.from_arrays(given)
    limits = {Outcome.preview: params.preview_size, Outcome.planes: LARGEST_PLANE, Outcome.export: None}
    with ctx.stage("Taking the picture apart", 0.0, 0.35):
        prepared = _taken_apart(picture, limits[params.outcome])
    exports = params.outcome is Outcome.export
    controls = Controls(
        magnify=params.strength,
        speed=params.speed,
        first_frame=params.photo_first,
        transparent=params.transparent and exports,
    )
    with ctx.stage("Making it move", 0.35, 0.45):
        drawn = renderer(prepared, params.frames, fps, controls)
        ctx.progress(1.0)
    for title, share in drawn.held_back.items():
        ctx.log(f"{_begun(title)} moves {share:.0%} as far as asked for: more would fold it over.")
    size = [prepared.picture.width, prepared.picture.height]
    results = {"frames": params.frames, "fps": fps, "size": size}
    make = {Outcome.preview: _preview, Outcome.planes: _planes, Outcome.export: _export}[params.outcome]
    with ctx.stage("Drawing frames", 0.45, 1.0):
        outputs = make(params, drawn, fps, ctx, Path(given["name"].item() if "name" in given else "picture").stem)
    return outputs, {**results, **({"written": str(outputs["written"])} if "written" in outputs else {})}


def _preview(params: PictureParams, drawn: LayeredRenderer, fps: float, ctx: JobContext, _name: str) -> dict[str, Path]:
    shape = drawn.prepared.image.shape
    film = np.empty((params.frames, *shape[:2], 3), np.uint8)
    for i in range(params.frames):
        film[i] = drawn.frame(i)[..., :3]
        ctx.progress(0.9 * i / params.frames)
    return {"film": write_mp4(ctx.output("film.mp4"), film, fps)}


def _planes(params: PictureParams, drawn: LayeredRenderer, fps: float, ctx: JobContext, _name: str) -> dict[str, Path]:
    prepared = drawn.prepared
    rate = fps / params.speed
    outputs = {"plate": _save_rgba(ctx.output("plate.png"), prepared.plate)}
    images = plane_images(prepared, params.mix_light)
    for sprite, motion, image in zip(prepared.sprites, drawn.motions, images, strict=True):
        number = len(outputs) // 2 + 1
        ctx.progress(number / (len(prepared.sprites) + 1))
        outputs[f"layer_{number}"] = _save_rgba(ctx.output(f"layer_{number}.png"), image)
        still = motion is None or not on_planes(sprite.layer.kind)
        if still and motion is not None:
            ctx.log(f"{_begun(sprite.layer.title)} stays still on planes.", "warning")
        if still:
            found = _at_rest(sprite, prepared, params.frames, rate)
        else:
            found = plane_motion(sprite, motion, prepared, params.frames, rate, params.photo_first)
        name = np.array(sprite.layer.name or sprite.layer.kind.value)
        outputs[f"motion_{number}"] = arrays.save(
            ctx.output(f"motion_{number}.npz"), {**found.to_arrays(), "name": name, "damping": sprite.layer.damping}
        )
    return outputs


def _export(params: PictureParams, drawn: LayeredRenderer, fps: float, ctx: JobContext, name: str) -> dict[str, Path]:
    if not params.directory:
        raise ValueError("Choose a folder to export to.")
    vectors = params.file_format is FileFormat.vectors
    draw = drawn.displacement if vectors else drawn.frame

    def frames() -> Iterator[np.ndarray]:
        for i in range(params.frames):
            ctx.progress(i / params.frames)
            yield draw(i)

    folder = Path(params.directory)
    if vectors:
        files = export_vectors(frames(), folder / f"{name}_vectors.exr")
    else:
        files = export(frames(), folder / f"{name}.{params.file_format.name}", fps)
    return {"written": files[0]}


def _at_rest(sprite: Sprite, prepared: Prepared, frames: int, fps: float) -> PictureMotion:
    """The motion of a layer that stays."""
    grid = Grid.over(sprite.box, max(max(prepared.image.shape[:2]) // 16, 1))
    still = Combined(np.zeros((1, 1)), Fourier(np.array([fps / frames]), frames / fps))
    return plane_motion(
        sprite, PixelMotion(np.zeros((1, *grid.shape, 2), np.float32), still, grid), prepared, frames, fps
    )


def _taken_apart(picture: Picture, limit: int | None) -> Prepared:
    """`prepare`, remembered for the last picture: only masks, lines, kinds and the size decide what comes out."""
    key = _identity(picture, limit)
    if key not in _prepared:
        volumes = [layer if layer.volume is None else replace(layer, volume=continued(layer.volume)) for layer in
                   picture.layers]  # fmt: skip
        while len(_prepared) >= REMEMBERED:
            del _prepared[next(iter(_prepared))]
        _prepared[key] = prepare(picture.with_layers(tuple(volumes)), limit)
    found = _prepared[key]
    settings = {layer.name: {name: getattr(layer, name) for name in _SETTINGS} for layer in picture.layers}
    sprites = tuple(replace(s, layer=replace(s.layer, **settings[s.layer.name])) for s in found.sprites)
    layers = tuple(replace(layer, **settings[layer.name]) for layer in found.picture.layers)
    now = replace(found.picture, layers=layers, wind=picture.wind)
    return replace(found, picture=now, sprites=sprites)


def _identity(picture: Picture, limit: int | None) -> str:
    digest = hashlib.sha1(repr((limit, [(layer.kind, layer.name) for layer in picture.layers])).encode())
    for name, array in picture.to_arrays().items():
        if name != "picture":
            digest.update(repr((name, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _save_rgba(path: Path, image: np.ndarray) -> Path:
    """An 8-bit PNG [H, W, 3 or 4], RGB order."""
    import cv2

    if image.dtype != np.uint8:
        image = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    order = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, order))[1].tobytes())
    return path


def _begun(title: str) -> str:
    """A layer's title at the beginning of a sentence."""
    return title[0].upper() + title[1:]
