"""Text to index terms: what the keyword index stores and what a question asks it for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import snowballstemmer

# Function words only: a word such as "system", "interest" or "name" may be what a question is about.
_STOP_WORDS = """
    a about above after again against all also am an and any are as at be because been before being
    below between both but by can could did do does doing down during each for from further had has
    have having he her here hers herself him himself his how i if in into is it its itself just may me
    might more most must my myself no nor not of off on once only or other our ours ourselves out over
    own same shall she should so some such than that the their theirs them themselves then there these
    they this those through to too under until up upon us very was we were what when where which while
    who whom whose why will with within would you your yours yourself yourselves
    ain aren arent couldn couldnt d didn didnt doesn doesnt don dont hadn hadnt hasn hasnt haven havent
    isn isnt ll m mustn mustnt re s shan shant shouldn shouldnt t ve wasn wasnt weren werent won wont
    wouldn wouldnt
"""
ENGLISH_STOP_WORDS = frozenset(_STOP_WORDS.split())

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Letters and digits held together by one joiner at a time: FW-210S, 401(k), first.last@example.org.
_COMPOUND = re.compile(r"[^\W_]+(?:[-‐‑–_./:'’&+@(][^\W_]+)*")
_JOINERS = re.compile(r"[-‐‑–_./:'’&+@(]")
_CLITIC = re.compile(r"['’](?:s|t|d|m|ll|re|ve)$")
# Scripts written without spaces between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


class TermAnalyzer:
    """Turns text into terms: case-folded, without accents and stop words, stemmed.

    A compound such as `FW-210S`, `401(k)` or `e-mail` yields its parts and, joined, the whole
    (`fw`, `210s`, `fw210s`), so it is found however it is spelled. Runs of a script without spaces
    yield their pairs of characters. The stems of at most `memo_size` words are remembered; any number
    of threads may share one analyzer.
    """

    def __init__(
        self,
        stop_words: frozenset[str] = ENGLISH_STOP_WORDS,
        language: str = "english",
        memo_size: int = 50_000,
    ) -> None:
        self._stop_words = stop_words
        self._language = language
        self._memo_size = memo_size
        self._memo: dict[str, str] = {}

    def __call__(self, text: str) -> list[str]:
        """The terms of the text in their order, repeats included; empty when nothing is worth indexing."""
        folded = _THOUSANDS.sub("", _fold(text))
        return [
            self._stem(word)
            for match in _COMPOUND.finditer(folded)
            for word in _words(match.group())
            if word not in self._stop_words
        ]

    def _stem(self, word: str) -> str:
        stem = self._memo.get(word)
        if stem is None:
            # A stemmer keeps the word it works on in itself, so threads cannot share one.
            stem = str(snowballstemmer.stemmer(self._language).stemWord(word)) if word.isalpha() else word
            if len(self._memo) >= self._memo_size:
                self._memo = {}
            self._memo[word] = stem
        return stem


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _words(compound: str) -> Iterator[str]:
    if not compound.isascii() and _UNSPACED.search(compound):
        yield from _character_pairs(compound)
        return
    compound = _CLITIC.sub("", compound)
    parts = _JOINERS.split(compound)
    yield from parts
    if len(parts) > 1:
        yield "".join(parts)


def _character_pairs(text: str) -> Iterator[str]:
    end = 0
    for run in _UNSPACED.finditer(text):
        yield from _COMPOUND.findall(text[end : run.start()])
        chars = run.group()
        yield from (chars[i : i + 2] for i in range(max(1, len(chars) - 1)))
        end = run.end()
    yield from _COMPOUND.findall(text[end:])
