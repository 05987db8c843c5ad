"""`Canvas`: a picture of the generator while it is painted, and which segment each pixel belongs to."""

from __future__ import annotations

import numpy as np

FINE = 2
"""Canvas pixels along a picture's pixel."""
_SHIFT = 4
_FRACTION = 1 << _SHIFT


class Canvas:
    """Takes polygons in pixels of the picture (x, y), from back to front."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.pixels = np.zeros((height * FINE, width * FINE, 3), np.uint8)
        self.owners = np.zeros((height * FINE, width * FINE), np.uint16)
        """Number of the segment that is seen at each canvas pixel, 0 where it is still."""

    def polygon(self, points: np.ndarray, colour: np.ndarray, owner: int = 0) -> None:
        import cv2

        # Pixel centres are whole numbers for OpenCV.
        fixed = np.round((points * FINE - 0.5) * _FRACTION).astype(np.int32)
        bytes_ = tuple(float(c) for c in np.clip(colour * 255, 0, 255))
        cv2.fillPoly(self.pixels, [fixed], bytes_, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self.owners, [fixed], owner, cv2.LINE_8, _SHIFT)

    def line(self, start, end, colour: np.ndarray, width: float) -> None:
        start, end = np.asarray(start, float), np.asarray(end, float)
        along = (end - start) / (np.hypot(*(end - start)) + 1e-6)
        across = np.array([-along[1], along[0]]) * width / 2
        self.polygon(np.stack([start - across, start + across, end + across, end - across]), colour)

    def script(self, letters: str, place: np.ndarray, colour: np.ndarray, height: float) -> None:
        import cv2

        place = (int(place[0] * FINE), int(place[1] * FINE))
        bytes_ = tuple(float(c) for c in np.clip(colour * 255, 0, 255))
        scale, thick = height * FINE / 22, max(int(height * FINE / 12), 1)
        cv2.putText(self.pixels, letters, place, cv2.FONT_HERSHEY_SIMPLEX, scale, bytes_, thick, cv2.LINE_AA)
        hidden = np.zeros(self.owners.shape, np.uint8)
        cv2.putText(hidden, letters, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 1, thick, cv2.LINE_8)
        self.owners[hidden > 0] = 0

    def fill(self, colours: np.ndarray) -> None:
        """colours: anything that broadcasts to [h, w, 3], 0..1."""
        self.pixels[:] = np.clip(np.broadcast_to(colours, self.pixels.shape) * 255, 0, 255)

    def blend(self, colour: np.ndarray, share: np.ndarray) -> None:
        """Mix a colour in, as much as `share` [h, w] says."""
        share = share[..., None].astype(np.float32)
        self.pixels[:] = np.clip(self.pixels * (1 - share) + share * (255 * colour).astype(np.float32), 0, 255)

    def blur(self, sigma: float) -> None:
        """sigma: pixels of the picture."""
        import cv2

        if sigma > 0.1:
            self.pixels[:] = cv2.GaussianBlur(self.pixels, (0, 0), sigma * FINE)

    def picture(self) -> np.ndarray:
        """[height, width, 3] uint8."""
        import cv2

        return cv2.resize(self.pixels, (self.width, self.height), interpolation=cv2.INTER_AREA)

    def owner_map(self, cell: int) -> np.ndarray:
        """Owners on a grid `cell` times coarser than the picture [height // cell, width // cell], uint16.

        A place belongs to the segment that holds most of it among those that move, once these hold a third together.
        """
        side = cell * FINE
        blocks = self.owners.reshape(self.owners.shape[0] // side, side, -1, side).swapaxes(1, 2)
        blocks = blocks.reshape(*blocks.shape[:2], side * side)
        moving = (blocks > 0).sum(-1)
        found = np.zeros(blocks.shape[:2], np.uint16)
        rows, columns = np.nonzero(3 * moving >= side * side)
        chosen = blocks[rows, columns]
        votes = (chosen[:, :, None] == chosen[:, None]).sum(-1) * (chosen > 0)
        found[rows, columns] = chosen[np.arange(len(chosen)), votes.argmax(1)]
        return found
