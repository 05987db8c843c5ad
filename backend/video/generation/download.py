"""Get a video model from huggingface.co: only the files that the adapter reads, and on from where it stopped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from .folder import INDEX, PICKLES, ModelFolder, inspect

SETTINGS = {".json", ".txt", ".model", ".jinja"}
"""Suffixes of settings and vocabularies."""
HALF = ".fp16."
"""In the names of weights that are there in 16 bits as well."""
ROOM = 1.02
"""Over the download's size, to be free on the disk."""
Progress = Callable[[int, int], None]
"""Called with the bytes that are there and those in all; may raise to stop, and the next call goes on from there."""


def download(repository: str, folder: Path, progress: Progress, endpoint: str | None = None) -> ModelFolder:
    """Fetch a model into a folder.

    endpoint: another address than huggingface.co's. Raises ValueError with one sentence where it cannot be had, and
    what `progress` raises.
    """
    # The plain protocol reports each piece and goes on with half a file.
    os.environ["HF_HUB_DISABLE_XET"] = "1"
    from huggingface_hub import HfApi, constants, hf_hub_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    constants.HF_HUB_DISABLE_XET = True
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = HfApi(endpoint=endpoint).model_info(repository, files_metadata=True)
        sizes = {entry.rfilename: entry.size or 0 for entry in found.siblings or []}
        index = Path(hf_hub_download(repository, INDEX, revision=found.sha, local_dir=folder, endpoint=endpoint))
        wanted = wanted_files(sizes, index.read_text(encoding="utf-8"))
        counted = _Counted(sum(sizes[name] for name in wanted), progress)
        _refuse_full(folder, counted.total, sum(_there(folder, name) for name in wanted))
        for name in wanted:
            counted.begin(sizes[name])
            hf_hub_download(
                repository, name, revision=found.sha, local_dir=folder, endpoint=endpoint, tqdm_class=counted.bar()
            )
            counted.end()
    except GatedRepoError as error:
        raise ValueError(
            f"The makers of {repository} want to know who downloads it: accept its licence on its page, run "
            "'hf auth login' in a terminal, and try again."
        ) from error
    except RepositoryNotFoundError as error:
        raise ValueError(f"There is no model {repository} to download, or it is not open to you.") from error
    except (HfHubHTTPError, OSError) as error:
        raise ValueError(
            f"{repository} could not be downloaded ({str(error).splitlines()[0][:120]}); try again, it goes on where "
            "it stopped."
        ) from error
    return inspect(folder)


def wanted_files(names: Iterable[str], index: str) -> list[str]:
    """The files of a repository that the adapter reads: settings and safetensors of the model's parts, of weights that
    are there twice those in 16 bits.

    index: the text of model_index.json.
    """
    import json

    parts = {name for name, entry in json.loads(index).items() if isinstance(entry, list) and entry[-1] is not None}
    paths = [PurePosixPath(name) for name in names]
    inside = [p for p in paths if len(p.parts) == 2 and p.parts[0] in parts and p.suffix not in PICKLES]
    weights = [p for p in inside if ".safetensors" in p.name]
    halved = {p.parts[0] for p in weights if HALF in p.name}
    # All or none: diffusers loads one variant of the whole model, and plain weights where a part has no other.
    chosen = [p for p in weights if (HALF in p.name) == (p.parts[0] in halved)]
    settings = [p for p in inside if p.suffix in SETTINGS and p not in weights]
    return [INDEX, *sorted(str(p) for p in [*settings, *chosen])]


def _there(folder: Path, name: str) -> int:
    file = folder / name
    return file.stat().st_size if file.is_file() else 0


def _refuse_full(folder: Path, total: int, there: int) -> None:
    free, needed = shutil.disk_usage(folder).free, (total - there) * ROOM
    if needed > free:
        raise ValueError(
            f"The download needs {needed / 1e9:.0f} GB and {free / 1e9:.0f} GB are free in {folder}; choose another "
            "Cache Folder in the preferences."
        )


class _Counted:
    """Bytes of all files together."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total, self._progress = total, progress
        self._before = self._size = 0

    def begin(self, size: int) -> None:
        self._size = size
        self._progress(self._before, self.total)

    def end(self) -> None:
        self._before += self._size
        self._progress(self._before, self.total)

    def bar(self) -> type:
        """A class of progress bars that count here instead of drawing."""
        from tqdm import tqdm

        counted = self

        class Bar(tqdm):
            def __init__(self, *given, **named) -> None:
                named.pop("name", None)
                named["disable"] = True
                super().__init__(*given, **named)
                self._there = int(named.get("initial") or 0)

            def update(self, n: float | None = 1) -> None:
                self._there += int(n or 0)
                counted._progress(counted._before + min(self._there, counted._size), counted.total)

        return Bar
