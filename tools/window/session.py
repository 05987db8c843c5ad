"""Run by Blender: drives a story, a generator of waits, from a timer, and writes down how it ended.

    blender --enable-event-simulate --python tools/window/session.py -- request.json

The request names the story's module; its `tell(hand, request)` returns the findings to report.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.window.hand import Hand  # noqa: E402

FIRST = 2.0
"""Seconds until Blender's window stands."""


def main(request: dict) -> None:
    hand = Hand()
    story = importlib.import_module(request["story"]).tell(hand, request)

    def tick() -> float | None:
        try:
            return next(story)
        except StopIteration as end:
            report = {"found": end.value or {}, "error": ""}
        except Exception as error:
            traceback.print_exc()
            report = {"found": {}, "error": f"{type(error).__name__}: {error}"}
            if request["screen"]:
                shutil.copy(request["screen"], Path(request["folder"]) / "failed.xwd")
        Path(request["report"]).write_text(json.dumps({**report, "clicks": hand.clicks}), encoding="utf-8")
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(tick, first_interval=FIRST, persistent=True)


main(json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8")))
