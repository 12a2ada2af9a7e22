"""Words that are nobody's name: those the language model met, and what English makes of them.

The small model met few words of a trade: `backup`, but not `backups`, and no `calibration`. Its dictionary
(the lemmas of WordNet: Miller, 1995) has them, beside the names of the famous, all in small letters. So a
noun of the dictionary counts only with an ending that family names do not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache

_ABSTRACT = re.compile(
    r"\w{2,}(?:tions?|sions?|ity|ities|ware|ments?|ness|nesses|[ae]nc(?:e|es|y|ies)|isms?|ists|ics|"
    r"log(?:y|ies|ical|ist)|graph(?:y|ic)?|met(?:er|re|ry|ric)s?|odes?|gens?|ships?|tudes?|hoods?|"
    r"[ai]ble|ives?|ous|ful|less|ary|aries|atory|ical|ators?|[iy][sz]ers?|ures?|ings?|ectors?|utors?|icants?)"
)
_PREFIX = re.compile(
    r"(?:cyber|micro|multi|anti|non|meta|tele|inter|counter|trans|ultra|hyper|semi|mega|nano|geo|auto|photo|electro)"
    r"(?P<rest>\w{4,})"
)
_COMPOUND = re.compile(
    r"(?P<first>\w{3,})(?:wares?|books?|lists?|sheets?|sets?|points?|keeping|boards?|boarding|codes?|logs?|files?|"
    r"mails?|sites?|offs?|pages?|desks?|names?|screens?|flows?|holders?|sharing|space|spaces|printing)"
)
_REMEMBERED = 20_000


class CommonWords:
    """A container of words: as they are in `met`, or in small letters and made of a known word.

    `lemmas` are the dictionary's by part of speech, such as `noun` and `verb`, in small letters, and
    `foreign` everyday words of other languages.
    """

    def __init__(
        self, met: Set[str], lemmas: Mapping[str, Set[str]], foreign: Set[str] = frozenset()
    ) -> None:
        self._met = met
        self._foreign = foreign
        self._nouns = lemmas.get("noun", frozenset())
        self._verbs = lemmas.get("verb", frozenset())
        self._qualities = lemmas.get("adj", frozenset()) | lemmas.get("adv", frozenset())
        self._is_made = lru_cache(_REMEMBERED)(self._made)

    def __contains__(self, word: object) -> bool:
        if not isinstance(word, str):
            return False
        return word in self._met or (word.islower() and self._is_made(word))

    def _made(self, word: str) -> bool:
        if word in self._foreign or word in self._verbs or word in self._qualities:
            return True
        if word in self._nouns and _ABSTRACT.fullmatch(word):
            return True
        if any(one in self._met or one in self._nouns for one in _singulars(word)):
            return True
        if any(base in self._verbs for base in _bases(word)):
            return True
        if (match := _PREFIX.fullmatch(word)) is not None:
            return match["rest"] in self._met or match["rest"] in self._nouns
        match = _COMPOUND.fullmatch(word)
        return match is not None and match["first"] in self._met


def _singulars(word: str) -> Iterator[str]:
    """What the word may be the plural of; not of short words, which may be names such as `Banks`."""
    if len(word) < 6 or not word.endswith("s") or word.endswith("ss"):
        return
    yield word[:-1]
    if word.endswith("ies"):
        yield word[:-3] + "y"
    elif word.endswith("es"):
        yield word[:-2]


def _bases(word: str) -> Iterator[str]:
    """The verbs that it may be a form of, or the doer of."""
    for ending in ("ing", "ed", "er", "ers", "or", "ors", "able"):
        base = word.removesuffix(ending)
        if base != word and len(base) >= 4:
            yield base
            yield base + "e"
            if base[-1] == base[-2]:
                yield base[:-1]
