"""What each deployment may see of one request, and the way back for what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from core.gateway.messages import Finish, Message, ModelRequest, Numbers, Piece, Restart
from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.masking import Finder, Mask


class Disguise:
    """One request in the forms that its deployments may see: each form is made once, when it is needed.

    Deployments may be cleared for different kinds of personal data, so that failover needs another
    text. A value has the same placeholder in all of them, and one map leads back from all. For one
    request and one thread.

    With `together` false each message is masked as if it were alone: then its masked form does not
    depend on its neighbours, which vectors need.
    """

    def __init__(self, analyser: Finder, together: bool = True) -> None:
        self._analyser = analyser
        self._mask = Mask(analyser)
        self._together = together
        self._made: dict[frozenset[Kind], tuple[ModelRequest, Counter[str]]] = {}

    def of(self, request: ModelRequest, kinds: Set[Kind]) -> tuple[ModelRequest, Counter[str] | None]:
        """The request with these kinds masked, and how many values of each kind when it is made anew.

        Raises MaskingFailed, and then nothing may be sent. Without kinds only what looks like a
        placeholder is masked, so that the way back cannot take it for one.
        """
        key = frozenset(kinds)
        known = self._made.get(key)
        if known is not None:
            return known[0], None
        counts: Counter[str] = Counter()
        messages = tuple(self._masked(message, key, counts) for message in request.messages)
        if self._together:
            counts.update(self._mask.counts())
        self._made[key] = replace(request, messages=messages), counts
        return self._made[key]

    def restored(self, events: Iterable[Piece | Restart | Finish]) -> Iterator[Piece | Restart | Finish]:
        """The events with values in place of placeholders, of which one may arrive in pieces."""
        restorer = self._mask.restorer()
        for event in events:
            if isinstance(event, Piece) and not isinstance(event, Numbers):
                if text := restorer.feed(event.text):
                    yield Piece(text)
                continue
            if isinstance(event, Restart):
                restorer = self._mask.restorer()
            elif rest := restorer.finish():
                yield Piece(rest)
            yield event

    def _masked(self, message: Message, kinds: frozenset[Kind], counts: Counter[str]) -> Message:
        mask = self._mask if self._together else Mask(self._analyser)
        masked = replace(message, content=mask.mask(message.content, kinds))
        if not self._together:
            counts.update(mask.counts())
        return masked
