"""Starts a real Blender window with a fresh user folder, has a story told in it, and returns what it found."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIZE = (900, 1200)
"""Of the window, pixels: narrow, so that software draws the viewport fast; tall, so that the sidebar has room."""


class Failed(Exception):
    """The story ended with an error, or Blender did."""


def missing() -> str:
    """What lacks for a window, as a sentence; empty where nothing does."""
    if not _blender():
        return "no Blender: SWAY_BLENDER names no executable, and there is no blender on the PATH"
    if not os.environ.get("DISPLAY") and sys.platform == "linux" and not shutil.which("Xvfb"):
        return "no screen: DISPLAY is not set, and there is no Xvfb"
    return ""


def tell(story: str, folder: Path, seconds: float, screen: Path | None = None, size: tuple = SIZE, **request) -> dict:
    """Have a story told in a Blender as it comes from the factory; return its report.

    story: module with `tell(hand, request)`. folder: scratch, holds the user folder, the log and the report.
    screen: folder in which an X server of its own keeps its picture (see `picture`). Raises Failed.
    """
    asked, report, log = (folder / name for name in ("request.json", "report.json", "blender.log"))
    request = {**request, "story": story, "report": str(report), "folder": str(folder)}
    request["screen"] = str(screen / "Xvfb_screen0") if screen else ""
    asked.write_text(json.dumps(request), encoding="utf-8")
    variables = {**os.environ, "BLENDER_USER_RESOURCES": str(folder / "user"), "PYTHONDONTWRITEBYTECODE": "1"}
    with _display(screen, size) as display, log.open("w") as out:
        if display:
            variables |= {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"}
        arguments = ["--window-geometry", "0", "0", *map(str, size), "--enable-event-simulate"]
        script = ["--python", str(ROOT / "tools/window/session.py"), "--", str(asked)]
        command = [_blender(), *arguments, *script]
        with subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=variables) as blender:
            try:
                blender.wait(seconds)
            except subprocess.TimeoutExpired:
                blender.terminate()
    if not report.exists():
        raise Failed(f"Blender ended after {story} without a report:\n" + log.read_text(errors="replace")[-3000:])
    told = json.loads(report.read_text(encoding="utf-8"))
    if told["error"]:
        raise Failed(f"{told['error']}\n" + log.read_text(errors="replace")[-3000:])
    return told


def _blender() -> str | None:
    return os.environ.get("SWAY_BLENDER") or shutil.which("blender")


@contextlib.contextmanager
def _display(screen: Path | None, size: tuple) -> Iterator[str]:
    """A screen to draw on: the one there is ("", nothing to be set), else an X server of its own without monitor."""
    if sys.platform != "linux" or (os.environ.get("DISPLAY") and screen is None):
        yield ""
        return
    reader, writer = os.pipe()
    keeps = ["-fbdir", str(screen)] if screen else []
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        f"{size[0]}x{size[1]}x24",
        "+extension",
        "GLX",
        *keeps,
    ]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        try:
            with os.fdopen(reader) as lines:
                yield f":{lines.readline().strip()}"
        finally:
            server.terminate()
