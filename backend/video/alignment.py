"""Lay a clip's first frame over a view that shows the same: a shift, a zoom and a turn.

Found from feature points (SIFT, Lowe 2004; RANSAC), from the spectra (phase correlation) or from the middle, and
refined by the enhanced correlation coefficient (Evangelidis & Psarakis 2008), blind to brightness and contrast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .warping import compose, resample

LIKE = 0.5
"""Correlation of the details from which two pictures count as the same view; unrelated photographs stay below 0.2."""
LARGEST_ZOOM, LARGEST_TURN = 1.5, np.radians(20)
LEAST_COVER = 0.75
"""Share of the view that the clip must show."""
DETAIL = 0.06
"""Standard deviation of the blur that is taken off, of the height: a render's light and shade differ from a film's."""
ENOUGH_MATCHES = 10
GAINS = (0.6, 1.6)
"""Changes of contrast that exposure explains."""


class Misaligned(ValueError):
    """A clip cannot be laid on the view; says why in one sentence."""


@dataclass(frozen=True)
class Alignment:
    """Where a view's pixels lie in a clip's pictures."""

    matrix: np.ndarray
    """[2, 3], from pixel positions of the view to those of the clip."""
    correlation: float
    """Of the aligned details, -1..1."""
    covered: float
    """Share of the view that the clip shows."""

    @property
    def zoom(self) -> float:
        return float(np.sqrt(np.linalg.det(self.matrix[:, :2])))

    @property
    def turn(self) -> float:
        """Radians."""
        return float(np.arctan2(self.matrix[1, 0], self.matrix[0, 0]))


def centred(clip: tuple[int, int], view: tuple[int, int]) -> np.ndarray:
    """The map [2, 3] from a view of (width, height) to the largest piece of its shape in the middle of a clip's."""
    scale = min(clip[0] / view[0], clip[1] / view[1])
    return np.array([[scale, 0, (clip[0] - scale * view[0]) / 2], [0, scale, (clip[1] - scale * view[1]) / 2]])


def align(first: np.ndarray, still: np.ndarray, shown: np.ndarray | None = None) -> Alignment:
    """Find the view in a clip's first frame.

    first [h, w, 3], still [H, W, 3], display-referred, 0..1; shown [H, W]: True where the view shows something.
    Raises Misaligned with one sentence where they do not show the same, or from too different places.
    """
    height, width = still.shape[:2]
    shown = np.ones((height, width), bool) if shown is None else shown
    middle = centred((first.shape[1], first.shape[0]), (width, height))
    start = np.eye(2, 3)
    picture, _inside = resample(first, middle, width, height)
    wanted, given = _detail(still), _detail(picture)
    guesses = [start, _shifted(wanted, given, shown), *_matched(still, picture, shown)]
    refined = [_refined(wanted, given, shown, guess) for guess in _best(guesses, wanted, given, shown)]
    best = max(refined, key=lambda matrix: _likeness(matrix, wanted, given, shown))
    whole = compose(middle, best)
    _aligned, inside = resample(first, whole, width, height)
    found = Alignment(whole, _likeness(best, wanted, given, shown), float((inside > 0.5).mean()))
    _refuse(found, best)
    return found


def match_colours(frames: np.ndarray, still: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """A clip [T, H, W, 3] with brightness and contrast of each colour as in a view that its first frame lies on.

    still [H, W, 3]; shown [H, W]: True where both show the same. A gain and an offset for each colour, least squares.
    """
    out = np.empty_like(frames)
    for c in range(3):
        film, view = frames[0, shown, c].astype(float), still[shown, c].astype(float)
        spread = film.var()
        gain = ((film - film.mean()) * (view - view.mean())).mean() / spread if spread > 1e-5 else 1.0
        gain = float(np.clip(gain, *GAINS))
        out[..., c] = np.clip(gain * (frames[..., c] - film.mean()) + view.mean(), 0, 1)
    return out


def _refuse(found: Alignment, within: np.ndarray) -> None:
    zoom = float(np.sqrt(max(np.linalg.det(within[:, :2]), 1e-9)))
    if found.correlation < LIKE:
        raise Misaligned(
            "The clip's first frame does not show what the camera sees; put the camera where the clip was taken from, "
            "or render the first frame as a still and make the clip from that."
        )
    if not 1 / LARGEST_ZOOM <= zoom <= LARGEST_ZOOM or abs(found.turn) > LARGEST_TURN or found.covered < LEAST_COVER:
        raise Misaligned(
            f"The clip shows {found.covered:.0%} of the view, turned by {abs(np.degrees(found.turn)):.0f} degrees; "
            "bring the camera closer to where the clip was taken from."
        )


def _detail(picture: np.ndarray) -> np.ndarray:
    """Luma [H, W], float32, without its slow changes."""
    import cv2

    grey = cv2.cvtColor(np.asarray(picture, np.float32), cv2.COLOR_RGB2GRAY)
    grey = cv2.GaussianBlur(grey, (0, 0), 1.0)  # renders are smooth where films are noisy
    return grey - cv2.GaussianBlur(grey, (0, 0), DETAIL * len(grey))


def _likeness(matrix: np.ndarray, wanted: np.ndarray, given: np.ndarray, shown: np.ndarray) -> float:
    """Correlation of what the view shows with what the clip shows there."""
    warped, inside = _read(given, matrix)
    where = shown & (inside > 0.99)
    if where.sum() < 64:
        return -1.0
    a, b = wanted[where] - wanted[where].mean(), warped[where] - warped[where].mean()
    return float((a * b).sum() / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9))


def _read(grey: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture [H, W] read at matrix times each position, and where it had something to read."""
    import cv2

    index = matrix.copy()
    index[:, 2] += 0.5 * index[:, :2].sum(1) - 0.5
    size, flags = grey.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(grey, index, size, flags=flags), cv2.warpAffine(np.ones_like(grey), index, size, flags=flags)


def _shifted(wanted: np.ndarray, given: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """A guess by phase correlation: a shift alone."""
    import cv2

    window = cv2.createHanningWindow(wanted.shape[::-1], cv2.CV_32F)
    (x, y), _response = cv2.phaseCorrelate(wanted * shown, given * shown, window)
    return np.array([[1, 0, x], [0, 1, y]])


def _matched(still: np.ndarray, picture: np.ndarray, shown: np.ndarray) -> list[np.ndarray]:
    """A guess by feature points; none where too few agree."""
    import cv2

    sift = cv2.SIFT_create(nfeatures=2000, contrastThreshold=0.01)
    scale = max(1.0, 480 / len(still))  # small pictures have few points
    (ours, ours_are), (theirs, theirs_are) = (
        sift.detectAndCompute(cv2.resize(_eight_bit(p), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), mask)
        for p, mask in (
            (still, cv2.resize(shown.astype(np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)),
            (picture, None),
        )
    )
    if len(ours) < ENOUGH_MATCHES or len(theirs) < ENOUGH_MATCHES:
        return []
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(ours_are, theirs_are, k=2)
    good = [near for near, next_near in pairs if near.distance < 0.8 * next_near.distance]
    if len(good) < ENOUGH_MATCHES:
        return []
    here = np.array([ours[m.queryIdx].pt for m in good]) + 0.5
    there = np.array([theirs[m.trainIdx].pt for m in good]) + 0.5
    fitted, inliers = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=2.0 * scale)
    if fitted is None or inliers.sum() < ENOUGH_MATCHES:
        return []
    fitted[:, 2] /= scale
    return [fitted]


def _eight_bit(picture: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.cvtColor(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)


def _best(guesses: list[np.ndarray], wanted: np.ndarray, given: np.ndarray, shown: np.ndarray) -> list[np.ndarray]:
    """The two guesses that look most alike."""
    return sorted(guesses, key=lambda guess: _likeness(guess, wanted, given, shown), reverse=True)[:2]


def _refined(wanted: np.ndarray, given: np.ndarray, shown: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """The similarity near a guess at which the pictures correlate best; the guess where none is better."""
    import cv2

    index = np.array(guess, np.float32)
    index[:, 2] += 0.5 * index[:, :2].sum(1) - 0.5  # OpenCV counts from the centre of the first pixel
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-6)
    masks = (shown.astype(np.uint8), np.ones(given.shape, np.uint8))
    try:
        _score, index = cv2.findTransformECCWithMask(wanted, given, *masks, index, cv2.MOTION_AFFINE, stop, 5)
    except cv2.error:  # it does not converge
        return guess
    affine = np.asarray(index, float)
    affine[:, 2] -= 0.5 * affine[:, :2].sum(1) - 0.5
    if np.linalg.det(affine[:, :2]) < 0.1:
        return guess
    found = _nearest_similarity(affine, np.array(wanted.shape[::-1]) / 2)
    return max((guess, found), key=lambda matrix: _likeness(matrix, wanted, given, shown))


def _nearest_similarity(affine: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """The map [2, 3] with an affine one's mean zoom and turn that moves a point `middle` [2] alike."""
    zoom = np.sqrt(np.linalg.det(affine[:, :2]))
    turn = np.arctan2(affine[1, 0] - affine[0, 1], affine[0, 0] + affine[1, 1])
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = affine[:, :2] @ middle + affine[:, 2] - linear @ middle
    return np.concatenate([linear, shift[:, None]], 1)
