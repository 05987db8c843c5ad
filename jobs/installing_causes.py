"""What pip and the system say when an installation breaks off, as one sentence that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_CAUSES: tuple[tuple[str, Callable[[re.Match], str]], ...] = (
    (
        r"No matching distribution found for (\S+)",
        lambda m: f"There is no {m[1]} for this system and Python; choose another Python or another folder of wheels",
    ),
    (r"No space left on device|Errno 28", lambda _m: "The disk is full; free some room and press Resume"),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|Temporary failure in name resolution|getaddrinfo|"
        r"Network is unreachable|Connection (?:refused|reset|aborted|broken)",
        lambda _m: "The package index could not be reached; check the network and press Resume",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        lambda _m: "The connection is not trusted; set PIP_CERT to your network's certificates, or use wheels",
    ),
    (r"Permission denied|Errno 13|WinError 5", lambda m: "A file may not be written; choose another folder"),
    (r"WinError 206|File name too long", lambda _m: "The folder's path is too long; choose a shorter one"),
    (r"conflicting dependencies|ResolutionImpossible", lambda _m: "The packages do not fit together"),
)


def explained(said: list[str], log: Path) -> str:
    """pip's last words as one sentence that a person can act on."""
    text = "\n".join(said)
    for pattern, sentence in _CAUSES:
        if match := re.search(pattern, text):
            return f"{sentence(match)}. Details: {log}."
    last = next(
        (line for line in reversed(said) if line.lower().startswith("error")), said[-1] if said else "no reason"
    )
    return f"The installation stopped: {last[:200]}. Details: {log}."


def of_system(error: OSError) -> str:
    if error.errno == 28:
        return "The disk is full; free some room and press Resume."
    return f"{error.filename or 'The folder'} could not be used: {error.strerror}; choose another folder."
