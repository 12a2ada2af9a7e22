"""Masked copies of texts for the record. There is no way back from them: the map is thrown away."""

from __future__ import annotations

import logging
from typing import Any

from core.errors import MaskingFailed
from core.gateway.privacy.masking import Finder, Mask

log = logging.getLogger(__name__)

MAX_CHARS = 4_000


class Redactor:
    """Masks one text at a time, every kind of personal data, with placeholders that begin anew each time.

    At most `max_chars` characters of the masked text are kept.
    """

    def __init__(self, analyser: Finder, max_chars: int = MAX_CHARS) -> None:
        self._analyser = analyser
        self._max_chars = max_chars

    def __call__(self, text: str) -> dict[str, Any]:
        """`text` masked, and `text_cut_from`, its length in characters, where the end is missing.

        When it cannot be masked, `text_left_out` says so in its place: never the text itself.
        """
        # Twice as much is read as is kept, so that a value at the cut is whole when it is looked for.
        read = text[: 2 * self._max_chars]
        try:
            masked = Mask(self._analyser).mask(read)
        except MaskingFailed as exc:
            log.warning("a text is left out of the journal: %s", exc)
            return {"text_left_out": "it could not be masked"}
        if len(text) <= len(read) and len(masked) <= self._max_chars:
            return {"text": masked}
        return {"text": masked[: self._max_chars], "text_cut_from": len(text)}
