"""Image-to-video models behind the adapter: real pipelines at toy width, folders that are refused, memory, presets."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from backend.context import Cancelled
from backend.video.generation import folder as folders
from backend.video.generation.families import READERS, family_of
from backend.video.generation.family import STILL_CAMERA, Family, Request
from backend.video.generation.folder import inspect
from backend.video.generation.framing import Framing
from backend.video.generation.memory import Hardware, Placement, place
from backend.video.generation.model import VideoModel
from backend.video.generation.preview import look
from backend.video.generation.wan import NEGATIVE, STILLNESS
from tests.backend.toy_video_models import SIDE, TOYS, save

PLAIN = Placement("cpu", "float32", "none", False, 8)
ENDS = {"wan_21_flf2v", "wan_22_a14b", "ltx_condition", "ltx_2"}
"""Models that can be told their last frame."""


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Makes and saves each toy model once; returns its folder."""
    root = tmp_path_factory.mktemp("models")

    def toy(name: str):
        return root / name if (root / name).is_dir() else save(name, root)

    return toy


@pytest.fixture
def copy(toys, tmp_path):
    """A toy's folder that may be damaged."""

    def make(name: str = "ltx"):
        return shutil.copytree(toys(name), tmp_path / name)

    return make


def _request(family: Family, **changes) -> Request:
    frames = family.fixed_frames or {1: 3, 4: 5, 8: 9}[family.frames_unit]
    picture = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    request = Request(
        picture=picture,
        prompt="A plant sways.",
        frames=frames,
        fps=family.fps,
        steps=2,
        seed=1,
        hold_end=True,
        motion=6,
        chunk=8,
    )
    return replace(request, **changes)


@pytest.mark.parametrize("name", TOYS)
def test_every_family_makes_videos_and_stops_within_a_step(toys, name):
    """Loaded from its folder a model reports each step with a picture, gives the frames asked for, and obeys a cancel.

    A last frame is used where the family says that it is, and changes nothing where it says that it is not.
    """
    folder = inspect(toys(name))
    family = family_of(folder)
    model = VideoModel.load(folder, PLAIN)
    request = _request(family)
    seen = []
    clip = model.make(request, lambda done, rough: seen.append((done, rough)))
    assert clip.frames.shape == (request.frames, SIDE, SIDE, 3) and clip.fps == family.fps
    assert clip.frames.min() >= 0 and clip.frames.max() <= 1 and clip.frames.std() > 0.01
    assert [done for done, _rough in seen] == [1, 2]
    assert all(rough is not None and rough.ndim == 3 for _done, rough in seen)

    steps = []

    def cancel(done, _rough):
        steps.append(done)
        raise Cancelled

    with pytest.raises(Cancelled):
        model.make(request, cancel)
    assert steps == [1]  # no further step was taken

    free = model.make(replace(request, hold_end=False))
    assert family.ends_where_told == (name in ENDS)
    # The first-and-last-frame model makes nothing without a last frame, so it is always told one.
    told = family.ends_where_told and name != "wan_21_flf2v"
    assert np.array_equal(free.frames, clip.frames) != told


def test_seeds_and_the_dial_for_motion_count(toys):
    """The same seed gives the same video to the bit, another seed or motion bucket another."""
    folder = inspect(toys("svd"))
    model = VideoModel.load(folder, PLAIN)
    request = _request(model.family)
    first, again = model.make(request), model.make(request)
    assert np.array_equal(first.frames, again.frames)
    for change in ({"seed": 2}, {"motion": 200}):
        assert not np.array_equal(model.make(replace(request, **change)).frames, first.frames)


@pytest.mark.parametrize(
    ("name", "changes", "tolerance"),
    [
        ("ltx", {"offload": "model", "tiled": True}, 1e-5),
        ("wan_21", {"offload": "layer", "tiled": True}, 1e-5),
        ("svd", {"tiled": True}, 1e-5),  # its decoder knows no tiles
        # 8 bits of mantissa through a few layers; the decoder of Wan stays in 32 bits.
        ("wan_22_ti2v_5b", {"dtype": "bfloat16"}, 0.1),
    ],
)
def test_memory_modes_give_the_same_video(toys, name, changes, tolerance):
    """Parts that take turns, as a whole or by layers, tiles larger than the picture, and 16 bits change nothing."""
    folder = inspect(toys(name))
    plain = VideoModel.load(folder, PLAIN)
    request = _request(plain.family)
    wanted = plain.make(request).frames
    frugal = VideoModel.load(folder, replace(PLAIN, **changes))
    np.testing.assert_allclose(frugal.make(request).frames, wanted, atol=tolerance)


def test_a_closed_model_has_given_its_weights_back(toys):
    """After `close` no part holds memory."""
    model = VideoModel.load(inspect(toys("ltx")), PLAIN)
    model.close()
    assert all(p.is_meta for p in model.pipeline.transformer.parameters())


def test_the_table_and_the_folder_check_know_the_same_names():
    """What `inspect` lets through has a reader."""
    assert set(READERS) == folders.IMAGE_TO_VIDEO


def test_prompts_ask_for_a_still_camera_and_wan_is_not_told_to_avoid_stillness(toys):
    """The camera's sentence comes first; Wan's stock list of what to avoid has lost its words for stillness."""
    family = family_of(inspect(toys("wan_21")))
    given = family.arguments(_request(family))
    assert given["prompt"].startswith(STILL_CAMERA) and given["prompt"].endswith("A plant sways.")
    words = NEGATIVE.split("，")
    assert not set(STILLNESS) & set(words) and "最差质量" in words and "zoom" in words[-1]


def test_sizes_and_lengths_that_a_family_takes(toys):
    """Multiples that the networks need, about the trained area, k times the unit and one frames, fixed ones of old."""
    wan, svd, cog = (family_of(inspect(toys(name))) for name in ("wan_22_ti2v_5b", "svd", "cogvideox"))
    width, height = wan.size_for(16 / 9)
    assert width % 32 == height % 32 == 0 and abs(width * height / wan.area - 1) < 0.1
    assert wan.size_for(1.0, 96) == (96, 96)
    assert wan.frames_for(24) == 49 and wan.frames_for(50) == 53
    assert svd.frames_for(2) == 4 and svd.frames_for(24) == 24
    assert cog.size_for(2.0) == (SIDE, SIDE) and cog.frames_for(24) == 9


def test_pictures_come_back_from_the_models_size(toys):
    """A wide view in a square picture: mirrored above and below, and cut out again."""
    y, x = np.mgrid[:18, :32] / 32
    view = np.stack([x, y, 0.5 + 0 * x], -1)
    framing = Framing((32, 18), (64, 64))
    outer = framing.enlarge(view)
    assert outer.shape == (64, 64, 3) and framing.inner == (64, 36)
    back = framing.cut(outer[None] / 255.0)
    # Eight bits, and cubic enlarging of a linear ramp whose border is cut off: below 1 % but for the border.
    assert np.abs(back[0] - view)[1:-1, 1:-1].max() < 0.01


def test_rough_looks_have_the_pictures_colours(toys):
    """Latents that are a linear map of known pictures are coloured as those pictures, in each layout."""
    import torch

    rng = np.random.default_rng(0)
    pictures = rng.random((3, 4, 4, 3))
    latents = pictures @ rng.normal(size=(3, 6)) + 0.3
    picture = np.repeat(np.repeat(pictures[0], 8, 0), 8, 1)
    family = replace(family_of(inspect(toys("ltx"))), compression=(8, 4))
    tensor = torch.tensor(latents)[None]
    layouts = (tensor.permute(0, 4, 1, 2, 3), tensor.permute(0, 1, 4, 2, 3), tensor.reshape(1, -1, 6))
    looks = [look(layout, np.round(picture * 255).astype(np.uint8), family, 9) for layout in layouts]
    assert all(np.allclose(looks[0], other) for other in looks[1:])
    centres = looks[0][20:160:40, 20:480:40]  # of the latents' places, of three frames side by side
    # The map is found but for its ridge, and cubic enlarging passes near its samples.
    expected = np.clip(np.concatenate(list(pictures), 1), 0, 1)
    assert np.abs(centres - expected).mean() < 0.1 and np.corrcoef(centres.ravel(), expected.ravel())[0, 1] > 0.9


def _break(folder, how: str) -> None:
    """Damage a model's folder in one of the ways that happen."""
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    index = json.loads((folder / "model_index.json").read_text())
    match how:
        case "no index":
            (folder / "model_index.json").unlink()
        case "broken index":
            (folder / "model_index.json").write_text('{"_class_name": "LTXPip')
        case "no part":
            shutil.rmtree(folder / "vae")
        case "no weights":
            weights.unlink()
        case "half a file":
            weights.write_bytes(weights.read_bytes()[:-100])
        case "no header":
            weights.write_bytes(b"\xff" * 64)
        case "no shard":
            shards = {"weight_map": {"a": "x-00001-of-00002.safetensors", "b": "x-00002-of-00002.safetensors"}}
            (weights.parent / (weights.name + ".index.json")).write_text(json.dumps(shards))
            weights.rename(weights.with_name("x-00001-of-00002.safetensors"))
        case "no settings":
            (folder / "vae" / "config.json").unlink()
        case "pickled":
            (folder / "text_encoder" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
        case "no video":
            index["_class_name"] = "StableDiffusionXLPipeline"
        case "text alone":
            index["_class_name"] = "WanPipeline"
        case "own code":
            index["transformer"] = ["my_transformer", "Transformer"]
    if how in ("no video", "text alone", "own code"):
        (folder / "model_index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("no index", "ltx is not a video model's folder: it has no model_index.json; choose"),
        ("broken index", "model_index.json is damaged; download the model again"),
        ("no part", "ltx is incomplete: its folder vae is missing; download"),
        ("no weights", "ltx is incomplete: transformer has no .safetensors weights; download"),
        ("half a file", "transformer/diffusion_pytorch_model.safetensors ends too early; download"),
        ("no header", "ltx is damaged: transformer/diffusion_pytorch_model.safetensors cannot be read"),
        ("no shard", "incomplete: transformer/x-00002-of-00002.safetensors is missing; download"),
        ("no settings", "ltx is incomplete: vae/config.json is missing; download"),
        ("pickled", r"pickled weights \(text_encoder/pytorch_model.bin\).*use a model saved as safetensors"),
        ("no video", "StableDiffusionXLPipeline, which does not make videos from a picture; choose"),
        ("text alone", r"makes videos from text alone \(WanPipeline\); choose a model that starts from a picture"),
        ("own code", r"ltx brings code of its own \(my_transformer\); choose a model without"),
    ],
)
def test_folders_that_cannot_serve_are_refused(copy, how, words):
    """One sentence that names the model and the file, before anything is loaded."""
    folder = copy()
    _break(folder, how)
    with pytest.raises(ValueError, match=words) as refusal:
        inspect(folder)
    assert str(refusal.value).rstrip(".").count(". ") == 0


def test_weights_in_16_bits_and_in_pieces_are_read(tmp_path):
    """A model published in a variant, its decoder in three files: named, loaded; refused where a piece is missing."""
    import torch

    TOYS["ltx"]().to(torch.float16).save_pretrained(tmp_path, variant="fp16", max_shard_size="100KB")
    folder = inspect(tmp_path)
    pieces = sorted((tmp_path / "vae").glob("*.safetensors"))
    assert len(pieces) > 1 and folder.variant == "fp16"
    assert folder.weights["vae"] == sum(piece.stat().st_size for piece in pieces)
    model = VideoModel.load(folder, PLAIN)
    assert np.isfinite(model.make(_request(model.family)).frames).all()
    pieces[1].unlink()
    with pytest.raises(ValueError, match=f"incomplete: vae/{pieces[1].name} is missing; download"):
        inspect(tmp_path)


def test_a_missing_folder_and_weights_of_another_shape_are_refused(copy, tmp_path):
    """A path to nothing; settings that do not fit the weights."""
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        inspect(tmp_path / "nowhere")
    folder = copy()
    settings = json.loads((folder / "transformer" / "config.json").read_text())
    settings["num_attention_heads"] = 8
    (folder / "transformer" / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="ltx could not be loaded as LTX-Video"):
        VideoModel.load(inspect(folder), PLAIN)


def test_placement_follows_what_is_free(toys):
    """All on a large card, parts in turn on a smaller one, layers in turn on a small one; refused without room."""
    folder = inspect(toys("wan_22_a14b"))
    family = family_of(folder)
    gib = 2**30
    folder = replace(folder, weights={"transformer": 28 * gib, "transformer_2": 28 * gib, "text_encoder": 11 * gib})

    def at(free: float, memory: float = 128, device: str = "cuda") -> Placement:
        # Toy weights are stored in 32 bits, so 16-bit copies take half.
        half = "" if device == "cpu" else "bfloat16"
        return place(folder, family, Hardware(device, int(free * gib), int(memory * gib), half), 10_000_000)

    assert [at(free).offload for free in (80, 24, 12)] == ["none", "model", "layer"]
    assert at(12).tiled and at(12).chunk < at(80).chunk and not at(80).tiled
    assert at(80, memory=16).offload == "none"  # read straight to the card
    assert at(128, device="cpu") == Placement("cpu", "float32", "none", False, 8)
    assert at(64, memory=64, device="cpu").dtype == "bfloat16"  # 74 GB in 32 bits
    with pytest.raises(ValueError, match=r"needs 37 GB of memory and 32 GB are free; close"):
        at(32, memory=32, device="cpu")
    assert (
        place(folder, replace(family, half="float16"), Hardware("cuda", 90 * gib, 90 * gib, "bfloat16"), 1).dtype
        == "float16"
    )
    assert place(folder, family, Hardware("cuda", 90 * gib, 90 * gib, "float16"), 1).dtype == "float16"  # an old card
