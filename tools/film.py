"""From the demo's rendered frames: sway.mp4 and sheet.png (8 frames side by side and a heat map of the motion).

Runs in the worker's environment: `python -m tools.film OUT`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from backend.video.files import write_mp4

SCENE_FPS = 24


def main(out: Path) -> None:
    files = sorted((out / "frames").glob("*.png"))
    frames = np.stack([np.asarray(cv2.imread(str(file)))[..., ::-1] for file in files]).astype(np.float32) / 255
    numbers = [int(file.stem) for file in files]
    write_mp4(out / "sway.mp4", frames, SCENE_FPS / (numbers[1] - numbers[0]))
    chosen = frames[np.linspace(0, len(frames) - 1, 8).round().astype(int)]
    sheet = np.concatenate([*chosen, motion_heat_map(frames)], 1)
    cv2.imwrite(str(out / "sheet.png"), np.round(sheet[..., ::-1] * 255).astype(np.uint8))
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    print(f"Wrote {out / 'sway.mp4'} and {out / 'sheet.png'}; {report['seconds']['total']:.0f} s in all")


def motion_heat_map(frames: np.ndarray) -> np.ndarray:
    """How much each pixel changes: the standard deviation over frames [T, H, W, 3] as a colour map [H, W, 3]."""
    change = frames.std(0).mean(-1)
    scaled = np.round(255 * np.clip(change / max(np.quantile(change, 0.995), 1e-6), 0, 1)).astype(np.uint8)
    return cv2.applyColorMap(scaled, cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32) / 255


if __name__ == "__main__":
    main(Path(sys.argv[1]))
