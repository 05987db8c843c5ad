"""Pictures from every kind of file, and frames into every kind of file."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from backend.spectral import export as export_module
from backend.spectral.export import export, export_vectors
from backend.spectral.reading import read_picture
from backend.srgb import to_linear

av = pytest.importorskip("av")
cv2 = pytest.importorskip("cv2")
SIZE = (9, 13)


def colours(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*SIZE, channels)).astype(np.uint8)


def test_pictures_of_every_kind_become_rgb(tmp_path):
    """8 and 16 bits, grey, palette, CMYK and alpha are read as what a person sees."""
    rgb = colours()
    Image.fromarray(rgb).save(tmp_path / "rgb.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "rgb.png"), rgb)
    rgba = colours(4)
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "rgba.png"), rgba)
    Image.fromarray(rgb[..., 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "grey.png"), np.repeat(rgb[..., :1], 3, -1))
    Image.fromarray(rgb).quantize(256).save(tmp_path / "palette.png")
    assert np.abs(read_picture(tmp_path / "palette.png").astype(int) - rgb).max() < 30
    deep = rgb.astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep[..., ::-1])
    read = read_picture(tmp_path / "deep.png")
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, rgb / 255, atol=1e-6)
    flat = np.full((16, 16, 4), (0, 200, 200, 30), np.uint8)
    Image.fromarray(flat, "CMYK").save(tmp_path / "print.jpg", quality=95)
    red = read_picture(tmp_path / "print.jpg")[8, 8].astype(int)
    # (255 - 0) (255 - 30) / 255 = 225 red, 48 of the others; profiles and JPEG differ by some levels.
    assert red[0] > 180 and red[1:].max() < 90
    sideways = Image.fromarray(rgb)
    exif = sideways.getexif()
    exif[0x0112] = 6
    sideways.save(tmp_path / "sideways.jpg", exif=exif)
    assert read_picture(tmp_path / "sideways.jpg").shape == (SIZE[1], SIZE[0], 3)


def test_what_is_no_picture_is_refused_by_name(tmp_path):
    """Missing, empty, text, and gigantic files are told apart."""
    with pytest.raises(FileNotFoundError, match="no picture at"):
        read_picture(tmp_path / "missing.png")
    for name, content in (("empty.png", b""), ("text.jpg", b"not a picture at all")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is not a picture"):
            read_picture(tmp_path / name)
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    with pytest.raises(ValueError, match="huge.png has 9000 x 9000 pixels"):
        read_picture(tmp_path / "huge.png")


def film(count: int = 5, channels: int = 4) -> list[np.ndarray]:
    """Odd-sized frames with a transparent corner, growing bluer."""
    frames = []
    for i in range(count):
        frame = np.full((31, 45, channels), 255, np.uint8)
        frame[..., :3] = (200, 40, 40 * i)
        if channels == 4:
            frame[:12, :12, 3] = 0
        frames.append(frame)
    return frames


def decoded(path, codec: str | None = None) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        if codec is None:
            return [frame.to_ndarray(format="rgba") for frame in container.decode(video=0)]
        decoder = av.CodecContext.create(codec, "r")
        frames = [f for packet in container.demux(video=0) for f in decoder.decode(packet if packet.size else None)]
        return [frame.to_ndarray(format="rgba") for frame in frames]


@pytest.mark.parametrize(
    ("suffix", "size", "off"), [("mp4", (32, 46), 12), ("webm", (32, 46), 12), ("gif", (31, 45), 8)]
)
def test_films_hold_every_frame(tmp_path, suffix, size, off):
    """As many frames as were given, in their colours, even sizes where the format needs them, and no partial file."""
    frames = film()
    (path,) = export(iter(frames), tmp_path / f"film.{suffix}", 24)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    seen = decoded(path)
    assert len(seen) == len(frames) and seen[0].shape[:2] == size
    # Chroma of half the resolution and a quantiser around 20, or the palette of the first frame.
    assert np.abs(seen[0][25, 30, :3].astype(int) - (200, 40, 0)).max() <= off


def test_gif_and_webm_keep_alpha(tmp_path):
    """The transparent corner stays transparent, the rest opaque."""
    (gif,) = export(iter(film()), tmp_path / "film.gif", 24)
    first = decoded(gif)[0]
    assert first[4, 4, 3] == 0 and first[25, 30, 3] == 255
    (webm,) = export(iter(film()), tmp_path / "film.webm", 24)
    first = decoded(webm, "libvpx-vp9")[0]
    assert first[3, 3, 3] < 30 and first[25, 30, 3] > 225


def test_sequences_are_numbered_and_exact(tmp_path):
    """PNG keeps every bit; EXR holds scene-linear, premultiplied half floats that FFmpeg reads."""
    frames = film(3)
    files = export(iter(frames), tmp_path / "loop.png", 24)
    assert [f.name for f in files] == ["loop_0001.png", "loop_0002.png", "loop_0003.png"]
    np.testing.assert_array_equal(cv2.imread(str(files[2]), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]], frames[2])
    exr = export(iter(film(1, 3)), tmp_path / "loop.exr", 24)[0]
    with av.open(str(exr)) as container:
        read = next(container.decode(video=0)).reformat(format="gbrpf32le").to_ndarray()
    # Half floats keep 11 bits; FFmpeg goes through 16-bit integers on the way to floats.
    np.testing.assert_allclose(read[25, 30], to_linear(np.array([200, 40, 0]) / 255), rtol=1e-3, atol=1e-4)


def test_vectors_are_floats_with_y_up(tmp_path):
    """Displacements come back exactly, x as R and y, upwards, as G; rows beyond one block of sixteen included."""
    field = np.random.default_rng(1).normal(size=(37, 21, 2)).astype(np.float32)
    (path,) = export_vectors([field], tmp_path / "vector.exr")
    with av.open(str(path)) as container:
        read = next(container.decode(video=0)).to_ndarray()
    np.testing.assert_array_equal(read[..., 0], field[..., 0])
    np.testing.assert_array_equal(read[..., 1], -field[..., 1])


def test_frames_are_taken_one_at_a_time(tmp_path, monkeypatch):
    """No more than the frame at hand is kept: each is written before the next is drawn."""
    written: list[int] = []
    monkeypatch.setattr(export_module, "_write_png", lambda path, frame: written.append(int(frame[0, 0, 0])))

    def drawn():
        for i in range(4):
            assert len(written) == i
            yield np.full((8, 8, 3), i, np.uint8)

    export(drawn(), tmp_path / "loop.png", 24)
    assert written == [0, 1, 2, 3]


def test_impossible_exports_are_refused(tmp_path):
    """Unknown endings and empty films are named."""
    with pytest.raises(ValueError, match="film.avi"):
        export(iter(film()), tmp_path / "film.avi", 24)
    with pytest.raises(ValueError, match="no frame"):
        export(iter([]), tmp_path / "film.mp4", 24)
