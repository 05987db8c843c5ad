"""Films in files: round trip, clocks, folders, real captures, refusals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from backend.video.files import fit_picture, read_clip, write_mp4


def _gradients(count: int, height: int, width: int) -> np.ndarray:
    """Smooth coloured frames [T, H, W, 3] whose brightness tells their number."""
    y, x = np.mgrid[:height, :width]
    base = np.stack([x / width, y / height, 0.5 + 0 * x], -1) * 0.4
    return (base + np.linspace(0, 0.5, count)[:, None, None, None]).astype(np.float32)


def _uneven_film(path, stamps: list[int]) -> None:
    """A film at nominally 10 frames per second whose picture i, of grey level 20 i, comes on at stamps[i] / 10 s."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for i, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 20 * i, np.uint8), format="rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_written_film_reads_back(tmp_path):
    """Odd sizes, rate and colours survive H.264; no half-written file stays behind."""
    frames = _gradients(6, 45, 61)
    path = write_mp4(tmp_path / "film.mp4", frames, 23.976)
    clip = read_clip(path, 62, 46, 6)
    assert clip.fps == pytest.approx(24000 / 1001, rel=1e-5)
    padded = np.pad(frames, ((0, 0), (0, 1), (0, 1), (0, 0)), "edge")
    # Levels of 1/219 per channel give 0.5 % on average; another colour matrix gives 1.2 %.
    assert np.abs(clip.frames - padded).mean() < 0.008
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_uneven_frame_rates_go_by_the_clock(tmp_path):
    """Each tick of the nominal rate gets the picture that a player would show then."""
    _uneven_film(tmp_path / "uneven.avi", [0, 1, 4, 5, 9, 10])
    clip = read_clip(tmp_path / "uneven.avi", 32, 32, 5, start=1, step=2)
    assert clip.fps == 5
    # Ticks 1, 3, 5, 7, 9 show pictures 1, 1, 3, 3, 4.
    assert (clip.frames.mean((1, 2, 3)) * 255 / 20).round().tolist() == [1, 1, 3, 3, 4]


def test_film_of_a_turned_phone_stands_upright(tmp_path):
    """A display matrix of a quarter turn in the file turns the pictures."""
    frames = _gradients(3, 32, 64)
    path = write_mp4(tmp_path / "phone.mp4", frames, 24)
    content = path.read_bytes()
    identity = b"".join(v.to_bytes(4, "big") for v in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30))
    at = content.index(identity, content.index(b"tkhd"))
    # Columns a b u, c d v: (x, y) -> (-y, x), as phones held upright write it.
    quarter = b"".join((v % (1 << 32)).to_bytes(4, "big") for v in (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30))
    path.write_bytes(content[:at] + quarter + content[at + len(quarter) :])
    upright = read_clip(path, 32, 64, 3).frames
    assert np.abs(upright - np.rot90(frames, -1, (1, 2))).mean() < 0.008


def test_folder_is_read_in_natural_order(tmp_path):
    """Picture 10 comes after picture 9, other files are passed over, 16-bit pictures keep their range."""
    import cv2

    for i in range(12):
        cv2.imwrite(str(tmp_path / f"view{i}.png"), np.full((20, 30, 3), 5000 * i, np.uint16))
    (tmp_path / "notes.txt").write_text("wind from the left")
    clip = read_clip(tmp_path, 30, 20, 3, start=7, step=2, folder_fps=30)
    np.testing.assert_allclose(clip.frames.mean((1, 2, 3)) * 65535, [35000, 45000, 55000], rtol=1e-5)
    assert clip.fps == 15


def test_picture_is_cropped_around_its_centre_and_averaged():
    """A wide picture loses its sides only, in RGB order; shrinking averages."""
    picture = np.zeros((4, 12, 3), np.uint8)
    picture[:, 4:8] = (255, 0, 0)
    picture[::2, 4:8] = (0, 0, 255)
    np.testing.assert_allclose(fit_picture(picture, 2, 2), np.broadcast_to([0.5, 0, 0.5], (2, 2, 3)), atol=1e-6)


def test_real_tree_film(data_file):
    """An old camera's film, 68 pictures spread over 30 s of a 15 Hz clock, plays at the speed it was taken."""
    clip = read_clip(data_file("videos/opencv_tree/opencv_tree.avi"), 64, 48, 24, step=18)
    assert clip.fps == pytest.approx(15 / 18, rel=1e-4)
    assert clip.frames.std(0).mean() > 0.01
    # No two pictures are more than 8 ticks apart, so none of the 24 repeats.
    assert all((a != b).any() for a, b in zip(clip.frames, clip.frames[1:], strict=False))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.mp4", b"this is no video", "notes.mp4 is not a video that can be read"),
        ("empty.mp4", b"", "empty.mp4 is not a video that can be read"),
    ],
)
def test_what_is_no_video_is_refused_by_name(tmp_path, name, content, words):
    """The refusal names the file and the cause."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_clip(tmp_path / name, 32, 32, 14)


def test_too_short_missing_and_empty_are_told_apart(tmp_path):
    """A film too short says how much it has; nothing there is a FileNotFoundError; a folder without images says so."""
    _uneven_film(tmp_path / "short.avi", list(range(10)))
    with pytest.raises(ValueError, match="short.avi has pictures for 10 of the 14 frames"):
        read_clip(tmp_path / "short.avi", 32, 32, 14)
    with pytest.raises(FileNotFoundError, match="no video or folder"):
        read_clip(tmp_path / "missing.mp4", 32, 32, 14)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="folder holds no images"):
        read_clip(tmp_path / "folder", 32, 32, 14)


def test_folder_of_unequal_or_broken_images_is_refused(tmp_path):
    """The first image that does not fit is named."""
    import cv2

    cv2.imwrite(str(tmp_path / "a1.png"), np.zeros((20, 30, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "a2.png"), np.zeros((20, 31, 3), np.uint8))
    with pytest.raises(ValueError, match="a2.png differs in size"):
        read_clip(tmp_path, 30, 20, 2)
    (tmp_path / "a2.png").write_bytes(b"broken")
    with pytest.raises(ValueError, match="a2.png is not an image"):
        read_clip(tmp_path, 30, 20, 2)
