"""Server-sent events: bytes in, the data of each event out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MOST_BYTES = 8_000_000
"""Longer than any event may be: what grows beyond it is no event stream."""


def batches_of(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The data of the events that end within each chunk, and last of what the end completes.

    Comments, names, ids and an unfinished line are left out. Raises ValueError when a line grows beyond
    MOST_BYTES.
    """
    data: list[str] = []
    for lines in _lines(chunks):
        batch: list[str] = []
        for line in lines:
            if not line:
                if data:
                    batch.append("\n".join(data))
                data = []
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
        if batch:
            yield batch
    if data:
        yield ["\n".join(data)]


def _lines(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The lines that end within each chunk."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MOST_BYTES:
            raise ValueError("a line of the event stream has no end")
        yield [line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines]
