"""What moves in a clip, and how far: dense flow from the first frame, tracks, and the camera's own motion.

Flow is DIS (Kroeger et al. 2016, "Fast Optical Flow using Dense Inverse Search"), always from frame 0, so that errors
do not add up over time as they do from frame to frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

UPSAMPLING = 2
"""Flow is estimated at this many times the size: halves the error of small pictures."""
TEXTURE = 1e-4
"""Smallest eigenvalue of the image gradient's covariance (display-referred values) where flow has something to hold."""
AGREES = 0.8
"""Pixels within which a background point moves with the rest."""


def optical_flow(frames: np.ndarray, *, reverse: bool = False) -> np.ndarray:
    """Displacement of each pixel of frame 0 in every frame [T, H, W, 2], float32, pixels (x right, y down).

    frames [T, H, W, 3], display-referred, 0..1. With `reverse`, of each pixel of every frame t back to frame 0.
    """
    import cv2

    height, width = frames.shape[1:3]
    size = (width * UPSAMPLING, height * UPSAMPLING)
    grey = [cv2.resize(_grey(frame), size, interpolation=cv2.INTER_CUBIC) for frame in frames]
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = np.zeros((len(frames), height, width, 2), np.float32)
    previous = None
    for t in range(1, len(frames)):
        pair = (grey[t], grey[0]) if reverse else (grey[0], grey[t])
        # DIS starts from what it found in the frame before; it writes into the array that it is given.
        previous = search.calc(*pair, None if previous is None else previous.copy())
        flow[t] = cv2.resize(previous, (width, height), interpolation=cv2.INTER_AREA) / UPSAMPLING
    return flow


def flow_from_rest(grey: np.ndarray, rest: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (t, displacement of each pixel of frame `rest` in frame t [H, W, 2], float32), every t once.

    grey [T, H, W], uint8, at its own size. Goes from the rest frame to the end and then back to the beginning, so that
    each search starts from the frame beside it.
    """
    import cv2

    for order in (range(rest, len(grey)), range(rest - 1, -1, -1)):
        search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        search.setFinestScale(0)  # the preset stops at half the size, where a stem is too narrow
        previous = np.zeros((*grey.shape[1:], 2), np.float32)
        for t in order:
            if t != rest:
                previous = search.calc(grey[rest], grey[t], previous.copy())
            yield t, previous


def sample_tracks(flow: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Flow [T, H, W, C] at places [M, 2] of frame 0, bilinear: [T, M, C]. Pixel (0, 0) has its centre at (0.5, 0.5)."""
    return np.stack([_bilinear(field, pixels) for field in flow])


def track_confidence(flow: np.ndarray, reverse_flow: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """How far each track can be trusted [T, M], 0..1: whether the way back leads to where the track began.

    flow and reverse_flow [T, H, W, 2] as from `optical_flow`; pixels [M, 2] in frame 0. A Gaussian of the distance from
    the beginning, whose variance grows with the motion as in Sundaram et al. 2010, eq. (5). 0 outside the picture.
    """
    height, width = flow.shape[1:3]
    confidence = np.empty((len(flow), len(pixels)), np.float32)
    for t, (forth, back) in enumerate(zip(flow, reverse_flow, strict=True)):
        there = _bilinear(forth, pixels)
        landed = pixels + there
        return_way = _bilinear(back, landed)
        gap = ((there + return_way) ** 2).sum(-1)
        variance = 0.01 * ((there**2).sum(-1) + (return_way**2).sum(-1)) + 0.25
        inside = ((landed >= 0) & (landed <= (width, height))).all(-1)
        confidence[t] = np.exp(-gap / (2 * variance)) * inside
    return confidence


def background_similarity(flow: np.ndarray, still: np.ndarray, picture: np.ndarray, margin: int = 6) -> np.ndarray:
    """Rotation, zoom and shift of the background since frame 0, as matrices on pixel positions [T, 2, 3].

    flow [T, H, W, 2]; still [H, W]: True where nothing moves by itself; picture [H, W, 3]: frame 0. Only textured still
    pixels `margin` away from moving ones count (flow leaks over edges); a robust fit (RANSAC). Identity where the still
    part has too little texture to tell.
    """
    return background_fit(flow, still, picture, margin)[0]


def background_fit(
    flow: np.ndarray, still: np.ndarray, picture: np.ndarray, margin: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    """As `background_similarity`, and the share of the background that moves so in each frame [T], 0..1.

    The share is small where the camera went around things (parallax), where the flow lost its hold, or where the
    picture is another one; 1 where there is too little texture to tell.
    """
    import cv2

    still = cv2.erode(still.astype(np.uint8), np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)) > 0
    grey = _grey(picture).astype(np.float32) / 255
    rows, columns = np.nonzero(still & (cv2.cornerMinEigenVal(grey, 5) > TEXTURE))
    matrices, agreement = np.tile(np.eye(2, 3), (len(flow), 1, 1)), np.ones(len(flow))
    if len(rows) < 16:
        return matrices, agreement
    here = np.stack([columns, rows], 1) + 0.5
    for t, field in enumerate(flow):
        there = here + field[rows, columns]
        fitted, _inliers = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=0.5)
        if fitted is not None:
            matrices[t] = fitted
            off = np.linalg.norm(here @ fitted[:, :2].T + fitted[:, 2] - there, axis=1)
            agreement[t] = (off < AGREES).mean()
        else:
            agreement[t] = 0
    return matrices, agreement


def camera_motion(flow: np.ndarray, still: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """How far the background has moved since frame 0 [T], pixels: the mean over the picture's corners and centre.

    Arguments as for `background_similarity`. Above about 1 % of the width the camera is not still enough.
    """
    return shift_of(background_similarity(flow, still, picture), flow.shape[2], flow.shape[1])


def shift_of(matrices: np.ndarray, width: int, height: int) -> np.ndarray:
    """How far similarities [T, 2, 3] move a picture [T], pixels: the mean over its corners and centre."""
    places = np.array([[0, 0], [width, 0], [0, height], [width, height], [width / 2, height / 2]])
    moved = places @ matrices[:, :, :2].swapaxes(1, 2) + matrices[:, None, :, 2]
    return np.linalg.norm(moved - places, axis=-1).mean(-1)


def _grey(frame: np.ndarray) -> np.ndarray:
    """Luma [H, W], uint8, the type that DIS works on."""
    import cv2

    return cv2.cvtColor((np.clip(frame, 0, 1) * 255 + 0.5).astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _bilinear(field: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Values [M, C] of a field [H, W, C] at pixels [M, 2]; edges are repeated."""
    height, width = field.shape[:2]
    place = np.clip(pixels - 0.5, 0, (width - 1, height - 1))
    first = np.minimum(place.astype(int), (max(width - 2, 0), max(height - 2, 0)))
    t = (place - first).astype(np.float32)
    (x, y), (tx, ty) = first.T, t.T[..., None]
    x1, y1 = np.minimum(x + 1, width - 1), np.minimum(y + 1, height - 1)
    return (1 - ty) * ((1 - tx) * field[y, x] + tx * field[y, x1]) + ty * ((1 - tx) * field[y1, x] + tx * field[y1, x1])
