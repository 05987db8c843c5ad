"""Pictures that sway: how exact the synthesis and the interaction are, and how long a frame takes.

Frames are of the real dandelion enlarged to 1920 x 1080, or of a drawn plant where the data is absent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backend.picture import Kind, Layer, Line, Picture, Wind
from backend.spectral import matting
from backend.spectral.interaction import Interaction, Modes, Pin
from backend.spectral.layer_motion import Controls
from backend.spectral.oscillator import loop_response, wind_coefficients
from backend.spectral.picture import Prepared, animate, layer_volumes, prepare, renderer
from backend.spectral.pixel_motion import Grid
from backend.spectral.splatting import softmax_splat

from .figures import DATA, best_time, row

PHOTO = DATA / "photos/dandelion_seeding/dandelion_seeding.jpg"
WIDTH, HEIGHT = 1920, 1080
FRAMES, FPS = 96, 24.0
PREVIEW = 512


def run(_options: dict) -> list[dict]:
    """Rows of figure, value and unit. The best of several runs each: a shared machine only ever adds time."""
    rows = [row("Synthesis against the time-domain ODE: correlation", _ode_correlation(), "")]
    prepared = prepare(_dandelion())
    drawn = renderer(prepared, FRAMES, FPS)
    rows.append(row("Loop closes to", _loop_gap(prepared), "px"))
    for fps in (1, 240):
        rows.append(row(f"Interaction at {fps} fps: energy grows by", _energy_growth(fps), ""))
    rows.append(row("Interaction: a pin is off by", _pin_error(), "px"))
    rows.append(row("Layered frame, 1080p", 1e3 * best_time(_next_frame(drawn)), "ms"))
    small = renderer(prepare(_dandelion(), PREVIEW), FRAMES, FPS)
    rows.append(row(f"Layered preview, {PREVIEW} px", 1e3 * best_time(_next_frame(small)), "ms"))
    rows.append(row("Softmax splatting, 1024 x 576", 1e3 * best_time(_splat()), "ms"))
    rows.append(row("Pixels of still parts that change", _changed(drawn), "px"))
    rows.append(row("Memory of 480 frames over that of 48", _memory_growth(small), "MB"))
    return rows


def _next_frame(drawn) -> Callable[[], object]:
    numbers = iter(range(0, 10**6, 7))
    return lambda: drawn.frame(next(numbers) % FRAMES)


def _dandelion() -> Picture:
    """The flower with its stem, 28 % of the picture; or a disc on a stem of that size."""
    import cv2

    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    head = ((x - 564) / 308) ** 2 + ((y - 342) / 267) ** 2
    stem = np.abs(x - 562) < 22
    if PHOTO.exists():
        image = cv2.imdecode(np.fromfile(PHOTO, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        image = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        inside = (head < 0.55) | (stem & (np.abs(x - 562) < 12) & (y > 560))
        mask = matting.soft_mask(image, inside, (head > 1.22) & ~((np.abs(x - 562) < 45) & (y > 560)))
    else:
        image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        mask = cv2.GaussianBlur(((head < 1) | (stem & (y > 342))).astype(np.float32), (0, 0), 2)
    line = Line(np.array([[556.0, 1095.0], [561, 840], [567, 600], [567, 90]]))
    return Picture(np.ascontiguousarray(image), (Layer(Kind.plant, mask, (line,), amplitude=3.0),), Wind(seed=1))


def _ode_correlation() -> float:
    """Chuang et al. 2005, eq. 2, against d'' + 2 z w d' + w^2 d = w^2 force by Runge and Kutta's classical method."""
    natural, damping, duration, steps, loops = 0.8, 0.1, 8.0, 4000, 6
    frequencies = np.arange(1, 33) / duration
    force = wind_coefficients(frequencies, 3.0, np.random.default_rng(0))
    spectral = loop_response(force, frequencies, natural, damping)
    w, step = 2 * np.pi * natural, duration / steps
    half = np.arange(2 * steps * loops + 1) * step / 2
    push = (np.exp(2j * np.pi * np.outer(half % duration, frequencies)) @ force).real

    def slope(state: np.ndarray, f: float) -> np.ndarray:
        return np.array([state[1], w * w * (f - state[0]) - 2 * damping * w * state[1]])

    state, course = np.zeros(2), []
    for i in range(steps * loops):
        course.append(state[0])
        f0, f1, f2 = push[2 * i : 2 * i + 3]
        a = slope(state, f0)
        b = slope(state + step / 2 * a, f1)
        c = slope(state + step / 2 * b, f1)
        d = slope(state + step * c, f2)
        state = state + step / 6 * (a + 2 * b + 2 * c + d)
    times = np.arange(steps) * step
    expected = (np.exp(2j * np.pi * np.outer(times, frequencies)) @ spectral).real
    return float(np.corrcoef(course[-steps:], expected)[0, 1])


def _loop_gap(prepared: Prepared) -> float:
    """Largest difference between the displacements at the loop's end and at its beginning, summed afresh."""
    ((_title, volume),) = layer_volumes(prepared, FRAMES, FPS)
    return float(np.abs(volume.displacement(FRAMES / FPS) - volume.displacement(0.0)).max())


def _changed(drawn) -> int:
    """Pixels that differ from the photograph in some frame, farther from the mask than the layer is moved."""
    import cv2

    layer = drawn.prepared.picture.layers[0]
    reach = int(np.ceil(layer.amplitude / 100 * HEIGHT)) + 4
    near = cv2.dilate((layer.mask > 0).astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    image = drawn.prepared.picture.image
    return sum(int((drawn.frame(i) != image).any(-1)[~near].sum()) for i in range(0, FRAMES, 8))


def _toy() -> Interaction:
    random = np.random.default_rng(0)
    shapes = random.normal(size=(8, 9, 16, 2)) + 1j * random.normal(size=(8, 9, 16, 2))
    return Interaction(Modes(shapes, np.geomspace(0.2, 9, 8), np.linspace(0, 0.3, 8), Grid(0, 0, 160, 90, 9, 16)))


def _energy_growth(fps: float) -> float:
    """Largest relative growth of the energy over a step in 100 s after a poke, pinned half of the time."""
    hand = _toy()
    hand.poke(80, 40, 5, 3)
    first = before = hand.energy
    growth = 0.0
    for i in range(int(100 * fps)):
        hand.step(1 / fps, (Pin(30, 30),) if i < 50 * fps else ())
        growth, before = max(growth, (hand.energy - before) / first), hand.energy
    return growth


def _pin_error() -> float:
    hand = _toy()
    pin = Pin(70, 50, 6.0, -4.0)
    errors = []
    for _ in range(48):
        hand.step(1 / 24, (pin,))
        errors.append(float(np.abs(hand.at(pin.x, pin.y) - (pin.dx, pin.dy)).max()))
    return max(errors)


def _splat() -> Callable[[], object]:
    import cv2

    random = np.random.default_rng(0)
    image = random.random((576, 1024, 3)).astype(np.float32)
    coarse = random.normal(size=(8, 12, 2)).astype(np.float32) * 6
    shift = cv2.resize(coarse, (1024, 576), interpolation=cv2.INTER_CUBIC)
    importance = np.linalg.norm(shift, axis=-1)
    return lambda: softmax_splat(image, shift, importance)


def _memory_growth(drawn) -> float:
    """Growth of the process' memory from the 48th to the 480th frame drawn one after the other."""
    import psutil

    used = psutil.Process().memory_info
    before = largest = 0
    for i, _frame in enumerate(animate(drawn.prepared, 480, FPS, Controls())):
        if i == 48:
            before = used().rss
        largest = max(largest, used().rss)
    return max(largest - before, 0) / 2**20
