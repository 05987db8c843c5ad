"""A sheet of predictions to look at: pictures, where they really move, and where they are said to."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backend.spectral.diffusion.scores import Forecast

TILE = 168, 112
"""Width and height of a tile, pixels."""
LINE = 14


def shrunk(image: np.ndarray, longer: int) -> np.ndarray:
    import cv2

    scale = longer / max(image.shape[:2])
    # Even sides: forecasts have half as many.
    size = tuple(2 * max(round(side * scale / 2), 8) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image


def enlarged(motion: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A motion map [h, w] at another size (height, width)."""
    import cv2

    return cv2.resize(motion.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)


class Sheet:
    """Rows of tiles."""

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []
        self._names: list[str] = []
        self._private: set[int] = set()

    def add(
        self,
        image: np.ndarray,
        true: np.ndarray | None,
        forecasts: dict[str, Forecast],
        label: str = "",
        private: bool = False,
    ) -> None:
        """A picture, its true motion map [h, w] or None, and what was forecast. private: it must not be published."""
        if private:
            self._private.add(len(self._rows))
        self._names = ["", "truth", *forecasts]
        peak = true.max() if true is not None else max(float(f.motion.max()) for f in forecasts.values())
        tiles = [_picture(image, label), _heat(true, peak) if true is not None else _said("no ground truth")]
        # Each scaled to its own largest motion: strength is not in a picture.
        tiles += [_heat(f.motion, float(f.motion.max())) for f in forecasts.values()]
        self._rows.append(np.concatenate(tiles, 1))

    def write(self, folder: Path) -> None:
        """sheet.png with every row, published.jpg with those that may be."""
        import cv2

        folder.mkdir(parents=True, exist_ok=True)
        head = np.zeros((LINE, self._rows[0].shape[1], 3), np.uint8)
        for i, name in enumerate(self._names):
            cv2.putText(
                head, name, (4 + i * TILE[0], 11), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1, cv2.LINE_AA
            )
        public = [row for i, row in enumerate(self._rows) if i not in self._private]
        for name, rows in (("sheet.png", self._rows), ("published.jpg", public)):
            encoded = cv2.imencode(Path(name).suffix, np.concatenate([head, *rows])[..., ::-1])[1]
            (folder / name).write_bytes(encoded.tobytes())


def _picture(image: np.ndarray, label: str) -> np.ndarray:
    import cv2

    tile = _fitted(image)
    if label:
        cv2.putText(tile, label, (3, TILE[1] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (255, 255, 0), 1, cv2.LINE_AA)
    return tile


def _heat(motion: np.ndarray, peak: float) -> np.ndarray:
    import cv2

    shade = np.clip(255 * motion / max(peak, 1e-6), 0, 255).astype(np.uint8)
    return _fitted(cv2.applyColorMap(shade, cv2.COLORMAP_INFERNO)[..., ::-1])


def _said(text: str) -> np.ndarray:
    import cv2

    tile = np.zeros((TILE[1], TILE[0], 3), np.uint8)
    cv2.putText(tile, text, (20, TILE[1] // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (160, 160, 160), 1, cv2.LINE_AA)
    return tile


def _fitted(image: np.ndarray) -> np.ndarray:
    """A picture in the middle of a tile."""
    import cv2

    scale = min(TILE[0] / image.shape[1], TILE[1] / image.shape[0])
    small = cv2.resize(np.ascontiguousarray(image), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((TILE[1], TILE[0], 3), 24, np.uint8)
    top, left = (TILE[1] - small.shape[0]) // 2, (TILE[0] - small.shape[1]) // 2
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile
