"""A cache of frames that survives whatever kills its writer, and deletes nothing that is not its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from backend.baking.frame_cache import BakeItem, FrameCache, delete
from tests.conftest import ROOT

ITEM = BakeItem(77, "1", "Geometry")
FRAMES = range(1, 61)
WRITER = """
import sys, time
from pathlib import Path
from backend.baking.frame_cache import BakeItem, FrameCache
from tests.backend.test_frame_cache import FRAMES, ITEM, frame_of
cache = FrameCache(Path(sys.argv[1]), "motion", ITEM)
print("begun", flush=True)
for frame in cache.missing(FRAMES):
    cache.write(frame, frame_of(frame))
    time.sleep(float(sys.argv[2]))
"""


def frame_of(frame: int) -> dict[str, np.ndarray]:
    """Some splats at a frame."""
    rng = np.random.default_rng(frame)
    return {"position": rng.normal(size=(500, 3)), "rotation": rng.normal(size=(500, 4))}


def content(folder) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_a_killed_bake_resumes_and_ends_bit_equal(tmp_path):
    """Killed three times at moments that nobody chose, then finished: every byte is that of an uninterrupted bake."""
    whole, interrupted = tmp_path / "whole", tmp_path / "interrupted"
    subprocess.run([sys.executable, "-c", WRITER, str(whole), "0"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    rng = np.random.default_rng()
    done = []
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(interrupted), "0.02"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(rng.uniform(0.05, 0.35))
            writer.send_signal(signal.SIGKILL)
        done.append(len(FrameCache(interrupted, "motion", ITEM).frames()))
    assert done == sorted(done) and 0 < done[-1] < len(FRAMES)
    subprocess.run(
        [sys.executable, "-c", WRITER, str(interrupted), "0"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    left_over = {name for name in content(interrupted) if name.endswith(".part")}
    assert {name: data for name, data in content(interrupted).items() if name not in left_over} == content(whole)
    assert len(content(whole)) == 2 * len(FRAMES) + 1


def test_blobs_hold_what_the_metadata_say(tmp_path):
    """Each attribute lies where the metadata say, in Blender's types."""
    cache = FrameCache(tmp_path / "bake", "motion", ITEM)
    cache.write(12, frame_of(12))
    meta = json.loads((tmp_path / "bake/77/meta/00012_00000.json").read_text())
    points = meta["items"]["1"]["data"]["pointcloud"]
    assert meta["version"] == 3 and points["num_points"] == 500
    blob = (tmp_path / "bake/77/blobs/00012_00000.blob").read_bytes()
    for attribute in points["attributes"]:
        place, want = attribute["data"], frame_of(12)[attribute["name"]].astype(np.float32)
        read = np.frombuffer(blob[place["start"] : place["start"] + place["size"]], np.float32)
        np.testing.assert_array_equal(read.reshape(want.shape), want)
    assert [a["type"] for a in points["attributes"]] == ["FLOAT_VECTOR", "QUATERNION"]


def test_another_motion_is_not_mixed_in(tmp_path):
    """A folder of other frames is refused, and so is one that Sway did not write."""
    FrameCache(tmp_path / "bake", "one motion", ITEM)
    with pytest.raises(ValueError, match="holds another bake"):
        FrameCache(tmp_path / "bake", "another motion", ITEM)
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday/photo.jpg").write_bytes(b"x")
    with pytest.raises(ValueError, match="holds another bake"):
        FrameCache(tmp_path / "holiday", "one motion", ITEM)


def test_only_own_files_are_deleted(tmp_path):
    """A stranger's file in the folder stays, with the folders it is in; a foreign folder is not touched at all."""
    cache = FrameCache(tmp_path / "bakes/bake", "motion", ITEM)
    cache.write(1, frame_of(1))
    stranger = tmp_path / "bakes/bake/77/notes.txt"
    stranger.write_text("mine")
    delete(tmp_path / "bakes/bake")
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [stranger]
    delete(tmp_path / "bakes/bake")
    assert stranger.exists()
    stranger.unlink()
    empty = FrameCache(tmp_path / "bakes/other", "motion", ITEM)
    empty.write(1, frame_of(1))
    delete(tmp_path / "bakes/other")
    assert not (tmp_path / "bakes/other").exists()
