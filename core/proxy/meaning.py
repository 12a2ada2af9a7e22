"""The meaning tier of what is remembered: another wording of the same question, all else equal.

Equal must be the key, its department, the class of the text, the model, every turn before the last one,
the parameters, the tools, the facts of the last turn (numbers, dates, codes, negation, direction,
who is meant), and the kind of thing it asks for. Then the words and the embedding decide, as in the
company's own cache.

That one looks at what a question retrieves before it gives an answer again. Here nothing is retrieved and
so there is no second look: the dial stands at its strict notch, a word that is exchanged for another one
makes another question, and only short ones are compared. What brings a text along to be worked on, or
personal data, is found by its exact words or not at all.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.gateway.privacy.masking import Finder
from core.knowledge.embedding import Embedder
from core.proxy.asking import asked_for
from core.proxy.completion import Json
from core.proxy.forms import ChatForm
from core.proxy.questions import Asked, Questions
from core.proxy.replies import ReplyKind, digest_of
from core.proxy.visit import Visit
from core.semantic_cache import sameness
from core.semantic_cache.audiences import is_about_oneself
from core.semantic_cache.dial import DIAL
from core.semantic_cache.facts import signature
from core.semantic_cache.geometry import GROWTH, MOST, Geometry, fitted
from core.semantic_cache.wording import is_english, read

log = logging.getLogger(__name__)

NOTCH = "strict"
MOST_CHARS = 300
MOST_COMPARED = 200
_NEVER = -1.0
# A line end, a colon or a quotation mark: what follows may be a text that the question is about.
_BRINGS_TEXT = re.compile("[\n\r:;\"“”„«»`<>{}|\\[\\]]|(?:^|\\s)'|'(?:\\s|$)")


class Meaning:
    """Thread safe. A fault in it is a miss, never an error of the request."""

    def __init__(self, questions: Questions, embedder: Embedder, finder: Finder) -> None:
        self._questions = questions
        self._embedder = embedder
        self._finder = finder
        self._lock = threading.Lock()
        self._geometries: dict[str, Geometry] = {}

    def asked(self, form: ChatForm, said: Mapping[str, Any], visit: Visit) -> Asked | None:
        """What to compare of a request; None where only its exact words count.

        `said` is the request without what says how a reply is sent.
        """
        try:
            text = self._comparable(form)
            if text is None:
                return None
            vector = np.asarray(self._embedder.embed_query(text), np.float32)
            return Asked(self._scope(said, visit, text), text, vector)
        except Exception:
            log.exception("a request could not be compared by its meaning")
            return None

    def digest_like(self, asked: Asked, key_id: str) -> str | None:
        """Under which digest a reply to a question that means the same is kept; the most alike one's."""
        try:
            found = self._questions.like(key_id, ReplyKind.CACHE, asked.scope, MOST_COMPARED)
            if not found:
                return None
            geometry = self._geometry(key_id)
            placed = geometry.placed(np.stack([asked.vector, *(each.vector for each in found)]))
            scores = [
                (_score(asked.question, each.question, float(near)), each.digest)
                for each, near in zip(found, placed[1:] @ placed[0], strict=True)
            ]
            best, digest = max(scores)
            return digest if best >= DIAL[NOTCH].threshold else None
        except Exception:
            log.exception("what means the same could not be looked for")
            return None

    def may_be_kept(self, completion: Json) -> bool:
        """Whether a reply may be given to other words: whole, in words alone, without personal data."""
        try:
            return all(self._is_plain(choice) for choice in completion["choices"])
        except Exception:
            log.exception("it cannot be told whether a reply holds personal data")
            return False

    def _is_plain(self, choice: Mapping[str, Any]) -> bool:
        message = choice["message"]
        text = message["content"] or ""
        whole = choice["finish_reason"] == "stop" and bool(text.strip()) and not message.get("tool_calls")
        return whole and not self._finder.find(text)

    def _comparable(self, form: ChatForm) -> str | None:
        last = form.messages[-1]
        text = last.text().strip()
        if last.role != "user" or not text or len(text) > MOST_CHARS or _BRINGS_TEXT.search(text):
            return None
        if not is_english(text) or is_about_oneself(text) or self._finder.find(text):
            return None
        # What the model does not read of a text cannot be compared.
        return text if self._embedder.count_tokens([text])[0] <= self._embedder.max_tokens else None

    def _scope(self, said: Mapping[str, Any], visit: Visit, text: str) -> str:
        *before, last = said["messages"]
        around = {**said, "messages": before, "last": {**last, "content": None}}
        key, facts = visit.admitted, signature(read(text).facts)
        equal = visit.data_class.word, self._embedder.name, around, facts, asked_for(text)
        return digest_of(key.id, key.department, *equal)

    def _geometry(self, key_id: str) -> Geometry:
        """How near two questions are among those of this key."""
        with self._lock:
            known = self._geometries.get(key_id)
        count = min(MOST, self._questions.count(key_id, ReplyKind.CACHE))
        # Fitted anew also where much has run out since.
        if known is not None and known.size / GROWTH <= count < known.size * GROWTH:
            return known
        geometry = fitted(self._questions.vectors(key_id, ReplyKind.CACHE, MOST))
        with self._lock:
            self._geometries[key_id] = geometry
        return geometry


def _score(question: str, other: str, nearness: float) -> float:
    """What tells whether two questions are the same; below every notch where they may not be."""
    one, two = read(question), read(other)
    if not sameness.compatible(one, two):
        return _NEVER
    return tier_score(sameness.signs(one, two, nearness))


def tier_score(signs: sameness.Signs) -> float:
    """As the cache scores it, but for exchanged words, which are never the same.

    `annual leave` for `sick leave`: a second look would tell, and there is none.
    """
    return _NEVER if signs.one_exchanged or signs.in_place else sameness.score(signs)
