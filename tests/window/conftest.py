"""A real Blender window: the built zip, the worker's Python, and a skip that says what lacks."""

from __future__ import annotations

import os

import pytest

import dev
from tools import environments
from tools.window import launch

STAGES = "SWAY_WINDOW_STAGES"
"""Environment variable with the stages of a story that are wanted, as "layers,export"; the check names the rest."""
LONGEST = 1200.0
"""Seconds until something hangs; software that draws on a busy machine takes minutes."""


@pytest.fixture(scope="session")
def tell(tmp_path_factory):
    """Has a story of `stories` told in a factory Blender; returns what it found. Skips where there is no window."""
    problem = launch.missing()
    if problem:
        pytest.skip(f"no real window: {problem}")
    package, worker = dev.build(), environments.WORKER.ensure()

    def told(story: str, **request) -> dict:
        folder = tmp_path_factory.mktemp(story)
        request = {"package": str(package), "worker": str(worker), "stages": os.environ.get(STAGES, ""), **request}
        return launch.tell(f"tests.window.stories.{story}", folder, LONGEST, **request)["found"]

    return told
