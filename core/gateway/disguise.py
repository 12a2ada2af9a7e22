"""What each deployment may see of one request, and the way back for what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from core.gateway.messages import Finish, ModelRequest, Numbers, Piece, Restart
from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.masking import Finder, Mask
from core.gateway.tool_masking import masked_message, masked_options
from core.gateway.undisguise import Undisguise


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

        Tools, calls of tools and their results are masked with the messages. Raises MaskingFailed,
        and then nothing may be sent. Without kinds only what looks like a placeholder is masked, so
        that the way back cannot take it for one.
        """
        key = frozenset(kinds)
        known = self._made.get(key)
        if known is not None:
            return known[0], None
        counts: Counter[str] = Counter()
        messages = []
        for message in request.messages:
            mask = self._mask if self._together else Mask(self._analyser)
            messages.append(masked_message(mask, message, key))
            if not self._together:
                counts.update(mask.counts())
        options = masked_options(self._mask, request.options, key)
        if self._together:
            counts.update(self._mask.counts())
        self._made[key] = replace(request, messages=tuple(messages), options=options), counts
        return self._made[key]

    def restored(
        self, events: Iterable[Piece | Restart | Finish], in_json: bool = False
    ) -> Iterator[Piece | Restart | Finish]:
        """The events with values in place of placeholders, of which one may arrive in pieces.

        `in_json`: the answers are JSON, which a restored value must not break.
        """
        way_back = Undisguise(self._mask, in_json)
        for event in events:
            if isinstance(event, Piece) and not isinstance(event, Numbers):
                yield from way_back.piece(event)
                continue
            if isinstance(event, Restart):
                way_back = Undisguise(self._mask, in_json)
            else:
                yield from way_back.rest()
            yield event
