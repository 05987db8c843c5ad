"""Modes of a video: against a clip whose modes are known, and against a real flower measured by hand."""

from __future__ import annotations

import numpy as np
import pytest

from backend.api.video_modes import VideoModesParams
from backend.context import JobContext
from backend.jobs import video_modes as job
from backend.spectral.mode_pictures import mode_picture, spectrum_plot
from backend.spectral.motion_texture import Stroke
from backend.spectral.power_spectrum import amplitude_at, find_peaks, power_spectrum
from backend.spectral.video_modes import measure, mode_shape, mode_volume, rest_frame
from backend.spectral.warp import animate
from backend.spectral_volume import SpectralVolume

HEIGHT, WIDTH, FRAMES, FPS = 112, 144, 96, 24.0
MODES = (1.65, 2.9)
"""Hertz, both between the bins of 0.25 Hz."""
HAND_HZ = 13 / (136 - 11.6) * 30
"""First mode of carnations_0.mp4 by eye: the calyx is farthest right at frames 11.6 and 136, 13 swings apart, at 30
frames a second (positions of a patch around (187, 152) found by correlation with frame 60, not by optical flow)."""


def _texture(seed: int) -> np.ndarray:
    """Smooth random colours [H, W, 3], features of some 4 pixels."""
    import cv2

    noise = np.random.default_rng(seed).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2)
    return (blurred - blurred.min()) / np.ptp(blurred)


@pytest.fixture(scope="module")
def clip():
    """Two textured stems, each in a mode of its own, before a still wall: film, true shapes [2, H, W, 2], matte."""
    matte = np.zeros((HEIGHT, WIDTH), np.float32)
    matte[14:100, 30:52] = matte[26:100, 92:116] = 1
    plate = _texture(1) * [0.2, 0.3, 0.4] + [0.1, 0.3, 0.6]
    image = np.where(matte[..., None] > 0, _texture(2) * [0.6, 0.5, 0.2] + [0.3, 0.2, 0], plate)
    shapes = np.zeros((2, HEIGHT, WIDTH, 2), np.complex64)
    for k, (x, top, amplitude, phase) in enumerate(((41.0, 14.0, 2.2, 0.3), (104.0, 26.0, 1.4, 1.9))):
        stroke = Stroke(np.array([[x, 100.0], [x, top]]), MODES[k], 1.0)
        side = np.zeros((HEIGHT, WIDTH, 1))
        side[:, (0 if k == 0 else 72) : (72 if k == 0 else WIDTH)] = 1
        shapes[k] = stroke.field(HEIGHT, WIDTH) * side * amplitude * np.exp(1j * phase)
    volume = SpectralVolume(shapes, np.array(MODES), FRAMES / FPS, matte)
    motion = np.stack([volume.displacement(t / FPS) for t in range(FRAMES)])
    frames = animate(image.astype(np.float32), plate.astype(np.float32), matte, motion)
    noisy = frames + np.random.default_rng(3).normal(0, 0.008, frames.shape)  # two grey levels, as of a good camera
    return np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8), shapes, matte


@pytest.fixture(scope="module")
def measured(clip):
    return measure(clip[0], FPS)


def _alike(found: np.ndarray, true: np.ndarray, where: np.ndarray) -> float:
    """Correlation of two complex shapes where a mask is set, blind to their common phase."""
    a, b = found[where].ravel(), true[where].ravel()
    return abs(np.vdot(a, b)) / (np.linalg.norm(a) * np.linalg.norm(b))


def test_known_modes_are_found(clip, measured):
    """Both peaks within half a bin, and their shapes correlate by 0.95 and more with the truth."""
    _film, shapes, matte = clip
    peaks = find_peaks(measured.spectrum(), 4, 0.3, 0.5)
    assert len(peaks) == 2
    assert np.abs(np.sort(peaks) - MODES).max() <= FPS / FRAMES / 2
    volume = mode_volume(measured, peaks)
    assert all(_alike(volume.coefficients[k], shapes[k], matte > 0) >= 0.95 for k in range(2))
    # Block matching blends a stem 22 pixels wide with the still wall beside it: a fifth of the motion is lost.
    strongest = np.abs(volume.coefficients).max((1, 2, 3))
    assert np.allclose(strongest, np.abs(shapes * matte[..., None]).max((1, 2, 3)), rtol=0.25)


def test_still_background_stays_still(clip, measured):
    """Nothing of the wall moves by 0.05 px: the mask found from the motion follows the stems' outlines."""
    _film, _shapes, matte = clip
    volume = mode_volume(measured, np.array(MODES))
    moved = np.sqrt((np.abs(volume.coefficients) ** 2).sum((0, 3))) * volume.mask
    import cv2

    wall = cv2.dilate(matte, np.ones((5, 5))) == 0  # two pixels off: the mask's edge is soft
    assert moved[wall].mean() < 0.05 and np.quantile(moved[wall], 0.99) < 0.05
    overlap = ((volume.mask > 0.5) & (matte > 0)).sum() / ((volume.mask > 0.5) | (matte > 0)).sum()
    assert overlap > 0.65  # the stems' lowest quarter moves by less than the least share


def test_phase_measures_a_hundredth_of_a_pixel(clip):
    """A wall that sways sideways by 0.04 px: its mode has that within a tenth, and next to nothing up and down."""
    wall = _texture(1)[:64, :64].mean(-1) * 255
    shift = 0.04 * np.sin(2 * np.pi * np.arange(32) / 16)
    turns = np.exp(-2j * np.pi * np.fft.fftfreq(64) * shift[:, None, None])
    film = np.fft.ifft(np.fft.fft(wall) * turns).real
    film = np.repeat(np.round(np.clip(film, 0, 255)).astype(np.uint8)[..., None], 3, -1)
    measured = measure(film, 16.0, by_phase=True)
    # The centre: the filters see the picture as periodic, which at the rim it is not.
    found = np.abs(mode_shape(measured, 1.0))[16:48, 16:48]
    assert np.median(found[..., 0]) == pytest.approx(0.04, rel=0.1)
    assert np.median(found[..., 1]) < 0.004


def test_amplitudes_are_exact_for_pure_sways():
    """Any frequency, on top of an offset and a drift, comes back with its amplitude and phase."""
    t = np.arange(96) / FPS
    wave = (1.5 * np.exp(0.7j) * np.exp(2j * np.pi * 2.17 * t)).real + 4 - 0.5 * t
    motion = np.stack([wave, 0 * wave], -1)[:, None, None].astype(np.float32)
    # Left over: the Hann window's far sidelobes of the mirrored frequency, 17 bins away: below 1e-3.
    assert amplitude_at(motion, FPS, 2.17)[0, 0, 0] == pytest.approx(1.5 * np.exp(0.7j), abs=2e-3)
    peaks = find_peaks(power_spectrum(motion + _noise(motion), FPS, np.ones((1, 1))), 1, 0.3)
    assert peaks == pytest.approx([2.17], abs=FPS / 96 / 10)


def _noise(motion: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.01, motion.shape)


def test_shaking_camera_is_removed_and_moving_camera_refused(clip):
    """A shake of half a pixel leaves the wall still; a pan is refused in one sentence."""
    import cv2

    film, _shapes, matte = clip
    shake = 0.5 * np.sin(2 * np.pi * 2.2 * np.arange(FRAMES) / FPS)

    def shifted(by):
        moves = [np.array([[1, 0, s], [0, 1, 0]]) for s in by]
        size = (WIDTH, HEIGHT)
        return np.stack(
            [cv2.warpAffine(f, m, size, borderMode=cv2.BORDER_REPLICATE) for f, m in zip(film, moves, strict=True)]
        )

    held = measure(shifted(shake)[:48], FPS, mask=matte)
    wall = cv2.dilate(matte, np.ones((25, 25))) == 0
    assert np.abs(mode_shape(held, 2.2))[wall].mean() < 0.1
    with pytest.raises(ValueError, match="The camera moves by"):
        measure(shifted(np.linspace(0, 12, FRAMES))[::3], FPS / 3)


def test_rest_frame_is_the_one_nearest_the_middle(clip):
    """The frame chosen as rest shows the stems nearer to their true rest than most others do."""
    film, shapes, _matte = clip
    volume = SpectralVolume(shapes, np.array(MODES), FRAMES / FPS, np.ones((HEIGHT, WIDTH), np.float32))
    away = [np.abs(volume.displacement(t / FPS)).mean() for t in range(FRAMES)]
    assert away[rest_frame(film)] < np.quantile(away, 0.2)


def test_pictures_show_phase_and_peaks(clip, measured):
    """Opposite phases get opposite hues; the plot has the declared size and marks a peak."""
    shape = np.zeros((1, 40, 40, 2), np.complex64)
    shape[0, 5:35, 5:20, 0], shape[0, 5:35, 20:35, 0] = 2, -2
    picture = mode_picture(SpectralVolume(shape, np.array([1.0]), 4.0, np.ones((40, 40), np.float32)), 0)
    left, right = picture[10, 10], picture[10, 30]
    assert left.argmax() != right.argmax() and picture[1, 1].max() == 0
    spectrum = measured.spectrum()
    with_peak, without = (spectrum_plot(spectrum, np.array(p)) for p in ([1.65], []))
    assert with_peak.shape == without.shape and (with_peak != without).any()


def _run(tmp_path, **params):
    context = JobContext("test", tmp_path, lambda message: None)
    tmp_path.mkdir(exist_ok=True)
    return job.run(VideoModesParams(**params), {}, context)


def _folder(tmp_path, film):
    import cv2

    folder = tmp_path / "film"
    folder.mkdir()
    for k, frame in enumerate(film):
        cv2.imwrite(str(folder / f"{k}.png"), frame[..., ::-1])
    return str(folder)


def test_job_hands_out_modes_and_pictures(clip, tmp_path):
    """From a folder of images to files: the modes asked for, in the order asked for, each with its picture."""
    path = _folder(tmp_path, clip[0])
    outputs, found = _run(tmp_path / "job", path=path, frequencies="2.9, 1.65")
    assert found["frequencies_hz"] == [2.9, 1.65] and found["frames"] == FRAMES
    assert {"spectrum", "still", "mode_1", "mode_2"} <= outputs.keys()
    assert all(file.is_file() for file in outputs.values())
    assert SpectralVolume.load(outputs["volume"]).frequencies.tolist() == [1.65, 2.9]


@pytest.mark.parametrize(
    ("count", "params", "words"),
    [
        (1, {}, "holds 1 picture"),
        (20, {"frequencies": "fast"}, "separated by commas"),
        (20, {"frequencies": "13"}, "cannot be seen"),
        (20, {"start": 40}, "choose an earlier start"),
        (0, {}, "holds no images"),
    ],
)
def test_bad_clips_are_refused_in_one_sentence(clip, tmp_path, count, params, words):
    """What cannot be measured is said in words that tell what to do."""
    path = _folder(tmp_path, clip[0][:count])
    with pytest.raises(ValueError, match=words):
        _run(tmp_path / "job", path=path, **params)


def test_a_still_clip_has_no_modes(clip, tmp_path):
    """The same picture again and again, with a camera's noise: refused, no mode made of noise."""
    noise = np.random.default_rng(4).normal(0, 2, (32, HEIGHT, WIDTH, 3))
    film = np.clip(clip[0][0] + noise, 0, 255).astype(np.uint8)
    with pytest.raises(ValueError, match=r"Nothing in the clip|above the noise"):
        _run(tmp_path / "job", path=_folder(tmp_path, film))


def test_carnation_sways_as_measured_by_hand(data_file, tmp_path):
    """Real clip: the first mode within 5 % of the hand-measured track, on flower and stem, not on curtain or pot."""
    path = str(data_file("videos/physdreamer_real_capture/carnations_0.mp4"))
    outputs, found = _run(tmp_path / "job", path=path, resolution=256)
    assert found["frequencies_hz"][0] == pytest.approx(HAND_HZ, rel=0.05)
    volume = SpectralVolume.load(outputs["volume"])
    first = int(np.abs(volume.frequencies - found["frequencies_hz"][0]).argmin())
    amplitude = np.sqrt((np.abs(volume.coefficients[first]) ** 2).sum(-1))
    scale = 256 / 464
    # The strongest motion within four pixels: the stem is four pixels wide here.
    flower, stem, curtain, pot = (
        amplitude[int(y * scale) - 2 : int(y * scale) + 3, int(x * scale) - 2 : int(x * scale) + 3].max()
        for x, y in ((150, 120), (218, 220), (300, 60), (200, 430))
    )
    assert flower > 0.5 and stem > 0.1 and curtain == 0 and pot == 0
