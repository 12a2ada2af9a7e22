"""Server-sent events: bytes in, the data of each event out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MOST_BYTES = 8_000_000
"""Longer than any event may be: what grows beyond it is no event stream."""


def events_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """The data of every event; comments, names, ids and an unfinished line are left out.

    Raises ValueError when a line grows beyond MOST_BYTES.
    """
    data: list[str] = []
    for line in _lines(chunks):
        if not line:
            if data:
                yield "\n".join(data)
            data = []
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    if data:
        yield "\n".join(data)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MOST_BYTES:
            raise ValueError("a line of the event stream has no end")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
