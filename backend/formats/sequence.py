"""Sequences of splat files, numbered, one for each frame: which files belong together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
"""What a name has before its last number, the number, and what follows."""


def files_of(path: Path, suffixes: Iterable[str]) -> list[Path]:
    """The files of a sequence in the order of their numbers: all of a folder, or those from its first file `path` on.

    They differ in their number alone; gaps are passed over. `suffixes` are those of files that can be read.
    Raises ValueError where there are no two such files, or several sequences in the folder.
    """
    folder = path if path.is_dir() else path.parent
    sequences: dict[tuple[str, str], list[tuple[int, Path]]] = defaultdict(list)
    for file in sorted(folder.iterdir()):
        match = NUMBERED.fullmatch(file.name)
        if match and file.suffix.lower() in suffixes and file.is_file():
            sequences[match[1], match[3]].append((int(match[2]), file))
    match = NUMBERED.fullmatch(path.name)
    if path != folder:
        numbered = sequences.get((match[1], match[3]), []) if match else []
        numbered = [(number, file) for number, file in numbered if match and number >= int(match[2])]
    else:
        several = [files for files in sequences.values() if len(files) > 1]
        if len(several) > 1:
            raise ValueError(f"{path.name} holds {len(several)} sequences of splat files; choose the first file of one")
        numbered = several[0] if several else []
    if len(numbered) < 2:
        raise ValueError(
            f"{path.name} is not the beginning of a sequence; choose a file with a number in its name, such as "
            "walk_0001.ply, that others follow"
        )
    return [file for _, file in sorted(numbered)]


def title_of(file: Path) -> str:
    """What all files of a sequence are called: a name without its number and what joins the two."""
    match = NUMBERED.fullmatch(file.name)
    return (match[1].rstrip(" _-.") if match else "") or file.stem
