"""Jobs without Blender: `python -m backend run`, `list` and `show`."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT


def backend(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "backend", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )


def test_jobs_of_files_run_one_after_another(tmp_path):
    """Ids and folders follow the files' names and places; each job ends with one `done`, and leaves its file."""
    for name in ("first", "second"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"kind": "check", "params": {"seconds": 0.0}}))
    done = backend("run", tmp_path / "first.json", tmp_path / "second.json")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    ended = [(m["job"], m["state"]) for m in messages if m["type"] == "done"]
    assert done.returncode == 0 and ended == [("first", "finished"), ("second", "finished")]
    assert json.loads((tmp_path / "first" / "job.json").read_text())["kind"] == "check"


def test_what_is_no_job_is_refused_in_one_sentence(tmp_path):
    """Unreadable, without a kind, of an unknown kind, with an unknown field: nothing runs, status 2."""
    for content, words in (
        ("{", "is not a job file"),
        ("{}", "names no job"),
        ('{"kind": "bogus"}', "There is no job of kind 'bogus'"),
        ('{"kind": "check", "colour": 1}', "no field colour"),
    ):
        (tmp_path / "job.json").write_text(content)
        done = backend("run", tmp_path / "job.json")
        assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr


def test_a_shown_job_file_runs_as_it_is(tmp_path):
    """`show` prints a template that `run` takes, and every parameter's sentence."""
    text = backend("show", "check").stdout
    template, sentences = text.split("\n\n")
    (tmp_path / "job.json").write_text(template)
    assert backend("run", tmp_path / "job.json").returncode == 0
    assert "How long to compute" in sentences
    assert "simulate" in backend("list").stdout.split()
