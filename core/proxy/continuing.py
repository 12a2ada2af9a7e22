"""Streams for clients that cannot take back what they were sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.errors import FailureKind, ModelUnavailable
from core.gateway.messages import Finish, Piece, Restart, ToolPiece
from core.proxy.completion import Event


def continued(events: Iterable[Event]) -> Iterator[Piece | Finish]:
    """The events without any Restart.

    After one the new answer must begin with what was sent; that part is left out. Raises
    ModelUnavailable where it does not, which is better than two halves of two answers.
    """
    sent: dict[int, str] = {}
    missing: dict[int, str] = {}
    called = False
    for event in events:
        if isinstance(event, Restart):
            missing = dict(sent)
            if called:
                raise _two_halves()
        elif isinstance(event, Finish):
            if any(missing.values()):
                raise _two_halves()
            yield event
        elif isinstance(event, ToolPiece):
            called = True
            yield event
        else:
            text, missing[event.choice] = _after(event.text, missing.get(event.choice, ""))
            sent[event.choice] = sent.get(event.choice, "") + text
            if text:
                yield Piece(text, event.choice)


def _after(text: str, expected: str) -> tuple[str, str]:
    """What of the text is new, and what of the expected text is still missing."""
    length = min(len(text), len(expected))
    if text[:length] != expected[:length]:
        raise _two_halves()
    return text[length:], expected[length:]


def _two_halves() -> ModelUnavailable:
    return ModelUnavailable(
        "The model broke off in the middle of its answer, and another one answers differently. Ask again.",
        kind=FailureKind.PROTOCOL,
    )
