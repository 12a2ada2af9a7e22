"""Puts values back into the answers to one request, each answer and each call of a tool by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from core.gateway.messages import Piece, ToolPiece
from core.gateway.privacy.masking import Mask
from core.gateway.privacy.restoring import StreamRestorer


class Undisguise:
    """For one attempt: the pieces of its answers in, the same with values in place of placeholders out.

    Text waits for no more than a begun placeholder. The arguments of a call are kept until they are
    whole where anything was masked, because a placeholder may stand for a number, which has no
    quotation marks around it.
    """

    def __init__(self, mask: Mask, in_json: bool) -> None:
        self._mask = mask
        self._in_json = in_json
        self._texts: dict[int, StreamRestorer] = {}
        self._calls: dict[tuple[int, int], ToolPiece] = {}

    def piece(self, piece: Piece) -> Iterator[Piece]:
        """What can be shown of it by now."""
        if isinstance(piece, ToolPiece):
            yield from self._call(piece)
        elif text := self._text(piece.choice).feed(piece.text):
            yield Piece(text, piece.choice)

    def rest(self) -> Iterator[Piece]:
        """What was kept back when the answers ended."""
        for choice, restorer in self._texts.items():
            if text := restorer.finish():
                yield Piece(text, choice)
        for call in self._calls.values():
            yield self._whole(call)
        self._calls.clear()

    def _text(self, choice: int) -> StreamRestorer:
        if choice not in self._texts:
            self._texts[choice] = self._mask.restorer(self._in_json)
        return self._texts[choice]

    def _call(self, piece: ToolPiece) -> Iterator[Piece]:
        if self._mask.is_empty:
            yield piece
            return
        key = (piece.choice, piece.tool)
        begun = self._calls.get(key)
        if begun is None:
            self._calls[key] = piece
            return
        self._calls[key] = replace(
            begun,
            id=begun.id or piece.id,
            name=begun.name or piece.name,
            arguments=begun.arguments + piece.arguments,
        )

    def _whole(self, call: ToolPiece) -> ToolPiece:
        try:
            restored = self._mask.restore_json(json.loads(call.arguments))
            arguments = json.dumps(restored, ensure_ascii=False)
        except ValueError:
            # A model may write what is no JSON: its text comes back all the same.
            restorer = self._mask.restorer(in_json=True)
            arguments = restorer.feed(call.arguments) + restorer.finish()
        return replace(call, text=call.name + arguments, arguments=arguments)
