"""Get a video model from huggingface.co: only the files that the adapter reads, and on from where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .folder import INDEX, PICKLES, ModelFolder, inspect

SETTINGS = {".json", ".txt", ".model", ".jinja"}
"""Suffixes of settings and vocabularies."""
HALF = re.compile(r"\.fp16[.-]")
"""In the names of weights that are there in 16 bits as well."""
ROOM = 1.02
"""Over the download's size, to be free on the disk."""
PART = ".part"
"""Added to the names of files that are not whole yet."""
REVISION = ".revision"
"""File that names the state of the repository."""
PIECE = 1 << 24
"""Bytes read at once for a checksum."""
Progress = Callable[[int, int], None]
"""Called with the bytes that are there and those in all; may raise to stop, and the next call goes on from there."""


def download(repository: str, folder: Path, progress: Progress, endpoint: str | None = None) -> ModelFolder:
    """Fetch a model into a folder.

    endpoint: another address than huggingface.co's. Raises ValueError with one sentence where it cannot be had, and
    what `progress` raises.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
    from huggingface_hub.utils import httpx

    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = HfApi(endpoint=endpoint).model_info(repository, revision=_revision(folder), files_metadata=True)
        (folder / REVISION).write_text(str(found.sha), encoding="utf-8")
        files = {entry.rfilename: entry for entry in found.siblings or []}
        fetch = _Fetch(repository, str(found.sha), folder, endpoint, progress)
        fetch.total = files[INDEX].size if INDEX in files else 0
        index = fetch(INDEX, fetch.total, "") if INDEX in files else None
        if index is None:
            raise ValueError(f"{repository} holds no model in diffusers' layout.")
        wanted = wanted_files(files, index.read_text(encoding="utf-8"))
        fetch.total, fetch.before = sum(files[name].size or 0 for name in wanted), 0
        _refuse_full(folder, fetch.total - sum(_there(folder, name) for name in wanted))
        for name in wanted:
            lfs = files[name].lfs
            fetch(name, files[name].size or 0, lfs.sha256 if lfs else "")
    except GatedRepoError as error:
        raise ValueError(
            f"The makers of {repository} want to know who downloads it: accept its licence on its page, run "
            "'hf auth login' in a terminal, and try again."
        ) from error
    except RepositoryNotFoundError as error:
        raise ValueError(f"There is no model {repository} to download, or it is not open to you.") from error
    except (httpx.HTTPError, OSError) as error:
        raise ValueError(
            f"{repository} could not be downloaded ({str(error).splitlines()[0][:120]}); try again, it goes on where "
            "it stopped."
        ) from error
    return inspect(folder)


def _revision(folder: Path) -> str | None:
    """The state of the repository that an earlier attempt fetched from: its pieces must fit together."""
    file = folder / REVISION
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def wanted_files(names: Iterable[str], index: str) -> list[str]:
    """The files of a repository that the adapter reads: settings and safetensors of the model's parts, of weights that
    are there twice those in 16 bits.

    index: the text of model_index.json.
    """
    parts = {name for name, entry in json.loads(index).items() if isinstance(entry, list) and entry[-1] is not None}
    paths = [PurePosixPath(name) for name in names]
    inside = [p for p in paths if len(p.parts) == 2 and p.parts[0] in parts and p.suffix not in PICKLES]
    weights = [p for p in inside if ".safetensors" in p.name]
    halved = {p.parts[0] for p in weights if HALF.search(p.name)}
    # All or none: diffusers loads one variant of the whole model, and plain weights where a part has no other.
    chosen = [p for p in weights if bool(HALF.search(p.name)) == (p.parts[0] in halved)]
    settings = [p for p in inside if p.suffix in SETTINGS and p not in weights]
    return [INDEX, *sorted(str(p) for p in [*settings, *chosen])]


def _there(folder: Path, name: str) -> int:
    return sum(file.stat().st_size for file in (folder / name, folder / (name + PART)) if file.is_file())


def _refuse_full(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed * ROOM > free:
        raise ValueError(
            f"The download needs {needed / 1e9:.0f} GB and {free / 1e9:.0f} GB are free in {folder}; choose another "
            "Cache Folder in the preferences."
        )


@dataclass
class _Fetch:
    """Fetches one file after the other; a half one stays beside its final name, and is completed the next time.

    The hub's own download begins such a file anew.
    """

    repository: str
    revision: str
    folder: Path
    endpoint: str | None
    progress: Progress
    total: int = 0
    """Bytes of all files."""
    before: int = 0
    """Bytes of the files that are done."""

    def __call__(self, name: str, size: int, sha256: str) -> Path:
        """Fetch a file of `size` bytes. Raises ValueError where it arrives with another checksum."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers

        target, part = self.folder / name, self.folder / (name + PART)
        if not (target.is_file() and target.stat().st_size == size):
            target.parent.mkdir(parents=True, exist_ok=True)
            had = part.stat().st_size if part.is_file() else 0
            if had != size or not size:
                url = hf_hub_url(self.repository, name, revision=self.revision, endpoint=self.endpoint)
                with part.open("ab") as stream:
                    http_get(
                        url,
                        stream,
                        resume_size=had,
                        headers=build_hf_headers(),
                        expected_size=size,
                        tqdm_class=self._bar(had, size),
                    )
            if sha256 and self._sha256(part) != sha256:
                part.unlink()
                raise ValueError(f"{name} of {self.repository} arrived damaged; try again.")
            os.replace(part, target)
        self.before += size
        self.progress(self.before, self.total)
        return target

    def _bar(self, had: int, size: int) -> type:
        """A class of progress bars that count here instead of drawing."""
        from tqdm import tqdm

        fetch = self

        class Bar(tqdm):
            def __init__(self, *given: Any, **named: Any) -> None:
                named.pop("name", None)
                super().__init__(*given, **{**named, "disable": True})
                self.there = had

            def update(self, n: float | None = 1) -> None:
                self.there += int(n or 0)
                fetch.progress(fetch.before + min(self.there, size), fetch.total)

        return Bar

    def _sha256(self, file: Path) -> str:
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
                self.progress(self.before + file.stat().st_size, self.total)
        return digest.hexdigest()
