"""Soft masks from rough marks: GrabCut for what belongs together, closed-form matting for its hair and leaves.

Rother et al. 2004 (GrabCut); Levin, Lischinski and Weiss 2008 (A Closed-Form Solution to Natural Image Matting),
eq. 12; He, Sun and Tang 2013 (Guided Image Filtering), for pictures larger than the linear system that is solved.
"""

from __future__ import annotations

import numpy as np

SOLVED = 260_000
"""Pixels of the picture that the linear systems are set up on; memory and time grow with it."""
EPSILON = 1e-5
"""Of eq. 12: how far the colours of a window may lie from a line."""
HELD = 100.0
"""Weight of the marks against the smoothness."""
STEPS = 120
"""Of conjugate gradients on each level of the pyramid."""
COARSEST = 24
"""Pixels: a level's shorter side, at least."""
BAND = 0.012
"""Of the picture's longer side: half the band around a binary mask's edge in which the matte is soft."""
GRABCUT = 120_000
"""Pixels of the picture that GrabCut works on."""
NEAR = 0.12
"""Of the picture's longer side: what lies this near to the marks may belong to them."""
MAIN = 4
"""Colours that marks are told apart by."""
IN_FOCUS, OUT_OF_FOCUS = 0.25, 0.08
"""Sharpness of the marks from which on blurred parts cannot belong to them, and what counts as blurred."""


def matte(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """Opacity of the foreground [H, W] float32 in 0..1.

    image [H, W, 3], uint8 or float32; trimap [H, W]: 1 foreground, 0 background, anything between unknown.
    """
    import cv2

    if image.shape[:2] != trimap.shape:
        raise ValueError("the trimap and the picture differ in size; make it from this picture")
    if not (trimap >= 1).any():
        raise ValueError("nothing is marked as foreground; mark what should move")
    if not (trimap <= 0).any():
        return np.ones(trimap.shape, np.float32)
    colours = _floats(image)
    scale = min(1.0, (SOLVED / trimap.size) ** 0.5)
    if scale == 1:
        return _closed_form(colours, trimap)
    size = max(round(trimap.shape[1] * scale), 3), max(round(trimap.shape[0] * scale), 3)
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    known = [cv2.resize(side.astype(np.float32), size, interpolation=cv2.INTER_AREA) for side in _sides(trimap)]
    rough = np.where(known[0] > 0.999, 1.0, np.where(known[1] > 0.999, 0.0, 0.5))
    solved = _closed_form(small, rough)
    slope, offset = _guided(small, solved, 2, 1e-4)
    slope = cv2.resize(slope, trimap.shape[::-1], interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(offset, trimap.shape[::-1], interpolation=cv2.INTER_LINEAR)
    alpha = np.clip((slope * colours).sum(-1) + offset, 0, 1).astype(np.float32)
    return np.where(trimap >= 1, np.float32(1), np.where(trimap <= 0, np.float32(0), alpha))


def soft_mask(image: np.ndarray, inside: np.ndarray, outside: np.ndarray | None = None) -> np.ndarray:
    """Matte [H, W] of what a rough scribble marks.

    inside, outside [H, W], bool: strokes over what belongs to it and over what does not. Without the latter, the
    picture's border far from `inside` counts as outside.
    """
    return refine(image, cut_out(image, inside, outside) | inside, inside)


def without(image: np.ndarray, mask: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """A matte [H, W] less what, around the marks `outside`, looks more like them than like those `inside` (bool).

    Nothing is added: where GrabCut would, the matte stays as it was.
    """
    import cv2

    scale = min(1.0, (GRABCUT / mask.size) ** 0.5)
    size = max(round(mask.shape[1] * scale), 3), max(round(mask.shape[0] * scale), 3)
    small = np.round(cv2.resize(_floats(image), size, interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)
    likely, sure, wrong = (
        cv2.resize(m.astype(np.float32), size, interpolation=cv2.INTER_AREA) for m in (mask, inside, outside)
    )
    likely, wrong = likely > 0.5, wrong > 0.1
    sure = (sure > 0.2) & ~wrong
    if not (wrong & likely).any():
        return mask
    if not (likely & ~wrong).any():
        return np.zeros_like(mask)
    # Which of the two the colours are nearer to; by GrabCut alone the marks are few against the mask that was wrong.
    own = sure if sure.any() else likely & ~wrong
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2Lab).astype(np.float32)
    nearer = _to_colours(lab, lab[own]) <= _to_colours(lab, lab[wrong])
    labels = np.where(likely, np.where(nearer, cv2.GC_PR_FGD, cv2.GC_PR_BGD), cv2.GC_BGD).astype(np.uint8)
    labels[sure], labels[wrong] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(0)
    models = np.zeros((2, 1, 65))
    cv2.grabCut(small, labels, None, models[0], models[1], 5, cv2.GC_INIT_WITH_MASK)
    # Only what hangs together with the marks: the rest of the picture's background may look like the layer elsewhere.
    _count, parts = cv2.connectedComponents((likely & np.isin(labels, (cv2.GC_BGD, cv2.GC_PR_BGD))).astype(np.uint8))
    kept = (likely & ~np.isin(parts, np.setdiff1d(parts[wrong], 0))).astype(np.float32)
    kept = cv2.resize(kept, mask.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    return np.minimum(mask, refine(image, kept & ~outside, inside & ~outside))


def _to_colours(lab: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Distance of each colour [h, w, 3] to the nearest of the main ones [n, 3] that are marked: [h, w]."""
    import cv2

    count = min(MAIN, len(marked))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    cv2.setRNGSeed(0)
    _error, _labels, centres = cv2.kmeans(marked, count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return np.linalg.norm(lab[..., None, :] - centres, axis=-1).min(-1)


def far_border(inside: np.ndarray) -> np.ndarray:
    """The picture's border [H, W] (bool) as far as it lies away from what is marked."""
    import cv2

    size = max(inside.shape)
    border = np.ones(inside.shape, bool)
    edge = max(size // 200, 2)
    border[edge:-edge, edge:-edge] = False
    reach = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5)
    return border & (reach > 0.1 * size)


def refine(image: np.ndarray, mask: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """A binary mask [H, W] with a matte in a band along its edge; `inside` [H, W] is sure to belong to it."""
    import cv2

    radius = max(round(BAND * max(mask.shape)), 2)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    binary = (mask > 0.5).astype(np.uint8)
    possible = cv2.dilate(binary, kernel)
    # The band is narrower along what is thin: of a stem the middle half is sure.
    depth = cv2.distanceTransform(np.pad(binary, 1, mode="edge"), cv2.DIST_L2, 5)[1:-1, 1:-1]
    sure = (depth >= np.minimum(radius, 0.5 * cv2.dilate(depth, kernel))) & (binary > 0)
    if inside is not None:
        sure |= inside
    trimap = np.where(sure, 1.0, np.where(possible == 0, 0.0, 0.5))
    return matte(image, trimap)


def sharpness(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """How much fine detail lies around each pixel of the picture reduced to `size` (width, height): [h, w], 0..1."""
    import cv2

    grey = cv2.cvtColor(_floats(image), cv2.COLOR_RGB2GRAY)
    # Detail of one to three pixels of a picture of 640: what lies in front of or behind the focus has none.
    grey = cv2.resize(grey, (640, max(round(640 * grey.shape[0] / grey.shape[1]), 3)), interpolation=cv2.INTER_AREA)
    detail = np.abs(cv2.GaussianBlur(grey, (0, 0), 1.0) - cv2.GaussianBlur(grey, (0, 0), 3.0))
    spread = cv2.GaussianBlur(cv2.dilate(detail, np.ones((5, 5))), (0, 0), 3)
    # What is framed by detail is in focus too, however smooth: petals.
    spread = cv2.morphologyEx(spread, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (75, 75)))
    spread = cv2.resize(spread, size, interpolation=cv2.INTER_AREA)
    return np.clip(spread / max(float(np.quantile(spread, 0.98)), 0.004), 0, 1)


def cut_out(image: np.ndarray, inside: np.ndarray, outside: np.ndarray | None = None) -> np.ndarray:
    """Binary mask [H, W] bool of what belongs to the marks, by GrabCut at a bounded size."""
    import cv2

    if not inside.any():
        raise ValueError("nothing is marked as foreground; mark what should move")
    scale = min(1.0, (GRABCUT / inside.size) ** 0.5)
    size = max(round(inside.shape[1] * scale), 3), max(round(inside.shape[0] * scale), 3)
    small = np.round(cv2.resize(_floats(image), size, interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)
    sure = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.2
    if not sure.any():
        sure = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    marks = np.full(sure.shape, cv2.GC_PR_BGD, np.uint8)
    reach = cv2.distanceTransform((~sure).astype(np.uint8), cv2.DIST_L2, 5)
    marks[reach < NEAR * max(sure.shape)] = cv2.GC_PR_FGD
    if outside is None:
        border = np.zeros_like(sure)
        border[:2] = border[-2:] = border[:, :2] = border[:, -2:] = True
        marks[border & (reach > 0.1 * max(sure.shape))] = cv2.GC_BGD
    else:
        marks[cv2.resize(outside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.2] = cv2.GC_BGD
    focus = sharpness(image, size)
    if np.median(focus[sure]) > IN_FOCUS:
        # Not near the marks: a smooth petal has no detail either.
        marks[(focus < OUT_OF_FOCUS) & (reach >= NEAR * max(sure.shape))] = cv2.GC_BGD
    marks[sure] = cv2.GC_FGD
    if not np.isin(marks, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return np.ones(inside.shape, bool)
    cv2.setRNGSeed(0)
    models = np.zeros((2, 1, 65))
    cv2.grabCut(small, marks, None, models[0], models[1], 5, cv2.GC_INIT_WITH_MASK)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    _count, labels = cv2.connectedComponents(found.astype(np.uint8))
    found = np.isin(labels, np.unique(labels[sure & found]))
    return cv2.resize(found.astype(np.float32), inside.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5


def _floats(image: np.ndarray) -> np.ndarray:
    """RGB [H, W, 3] float32 in 0..1."""
    rgb = image[..., :3]
    return rgb.astype(np.float32) / 255 if rgb.dtype == np.uint8 else rgb


def _sides(trimap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return trimap >= 1, trimap <= 0


def _closed_form(colours: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """Eq. 12 and 15 solved by conjugate gradients on the pixels around the unknown ones."""
    import cv2
    from scipy.sparse import coo_matrix, diags
    from scipy.sparse.linalg import cg

    height, width = trimap.shape
    unknown = (trimap > 0) & (trimap < 1)
    if not unknown.any() or min(height, width) < 3:
        return np.clip(trimap, 0, 1).astype(np.float32)
    # Windows that hold an unknown pixel, by their middle.
    touched = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touched[[0, -1]] = touched[:, [0, -1]] = False
    rows, columns = np.nonzero(touched)
    offsets = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    members = (rows[:, None] + offsets[:, 0]) * width + columns[:, None] + offsets[:, 1]  # [W, 9]
    window = colours.reshape(-1, 3)[members].astype(np.float64)
    centred = window - window.mean(1, keepdims=True)
    covariance = np.einsum("wni,wnj->wij", centred, centred) / 9 + EPSILON / 9 * np.eye(3)
    affinity = (1 + np.einsum("wni,wij,wmj->wnm", centred, np.linalg.inv(covariance), centred)) / 9
    values = np.eye(9) - affinity

    used, index = np.unique(members, return_inverse=True)
    index = index.reshape(members.shape)
    i = np.repeat(index, 9, axis=1).ravel()
    j = np.tile(index, (1, 9)).ravel()
    laplacian = coo_matrix((values.ravel(), (i, j)), shape=(len(used), len(used))).tocsr()
    flat = trimap.ravel()[used]
    held = HELD * ((flat <= 0) | (flat >= 1))
    system = laplacian + diags(held)
    start = _first_guess(colours, trimap).ravel()[used].astype(float)
    inverse = diags(1 / system.diagonal())
    solution, _info = cg(system, held * np.clip(flat, 0, 1), x0=start, rtol=1e-4, maxiter=STEPS, M=inverse)
    alpha = np.clip(trimap, 0, 1).astype(np.float32).ravel()
    alpha[used] = np.clip(solution, 0, 1)
    alpha = alpha.reshape(height, width)
    return np.where(unknown, alpha, np.clip(trimap, 0, 1)).astype(np.float32)


def _first_guess(colours: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """The matte of the picture at half its size, enlarged: gradients alone spread the marks by a pixel a step."""
    import cv2

    if min(trimap.shape) < 2 * COARSEST:
        return np.clip(trimap, 0, 1)
    size = trimap.shape[1] // 2, trimap.shape[0] // 2
    sides = [cv2.resize(side.astype(np.float32), size, interpolation=cv2.INTER_AREA) for side in _sides(trimap)]
    rough = np.where(sides[0] > 0.999, 1.0, np.where(sides[1] > 0.999, 0.0, 0.5))
    small = _closed_form(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), rough)
    return cv2.resize(small, trimap.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _guided(colours: np.ndarray, target: np.ndarray, radius: int, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Linear model of `target` [h, w] in the colours around each pixel: slope [h, w, 3] and offset [h, w]."""
    import cv2

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values.astype(np.float32), (2 * radius + 1, 2 * radius + 1))

    average, level = mean(colours), mean(target)
    products = colours[..., :, None] * colours[..., None, :]
    spread = mean(products.reshape(*target.shape, 9)[..., :4]), mean(products.reshape(*target.shape, 9)[..., 4:8])
    last = mean(products[..., 2, 2])
    covariance = np.concatenate([*spread, last[..., None]], -1).reshape(*target.shape, 3, 3)
    covariance = covariance - average[..., :, None] * average[..., None, :] + epsilon * np.eye(3)
    together = mean(colours * target[..., None]) - average * level[..., None]
    slope = np.linalg.solve(covariance, together[..., None])[..., 0].astype(np.float32)
    offset = level - (slope * average).sum(-1)
    return mean(slope), mean(offset)
