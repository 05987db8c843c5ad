"""Damage to splat files, drawn by Hypothesis: what a broken disk, a broken program or a hostile one could make."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = 200
"""Bytes at the start where counts and sizes are: half of the damage goes there."""
TEXT = 4096
"""Numbers written as text are looked for so far into a file [bytes]."""
WORDS = [b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0" * 4, b"\0\0\0\x80", b"\0\0\xc0\x7f", b"\0\0\x80\xff", b"\xff" * 8]
"""Largest, negative, none, NaN and infinite, in little endian."""
NUMBERS = [b"0", b"-1", b"1e999", b"99999999", b"4294967296", b"9" * 30, b"NaN", b""]


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """A copy cut off, with bytes changed, with extreme numbers, with parts missing, doubled or in another place."""
    copy = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        if not copy:
            break
        at = draw(st.integers(0, min(len(copy), HEAD) - 1) | st.integers(0, len(copy) - 1))
        match draw(st.sampled_from(["cut", "byte", "word", "number", "remove", "double"])):
            case "cut":
                del copy[at:]
            case "byte":
                copy[at] = draw(st.integers(0, 255))
            case "word":
                word = draw(st.sampled_from(WORDS))
                copy[at : at + len(word)] = word
            case "number":
                found = list(re.finditer(rb"-?\d+", copy[:TEXT]))
                if found:
                    start, end = draw(st.sampled_from(found)).span()
                    copy[start:end] = draw(st.sampled_from(NUMBERS))
            case "remove":
                del copy[at : at + draw(st.integers(1, 100))]
            case "double":
                start = draw(st.integers(0, len(copy) - 1))
                copy[at:at] = copy[start : start + draw(st.integers(1, 100))]
    return bytes(copy)


def each_damaged(content: bytes, count: int, check: Callable[[bytes], None]) -> None:
    """Calls `check` with so many damaged copies, the same ones in every run; the smallest that fails is shown."""

    @settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(content))
    def checked(copy: bytes) -> None:
        check(copy)

    checked()
