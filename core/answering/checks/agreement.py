"""Where a sentence nearly repeats its source, and what it changed: a number, a name, a denial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from core.answering.checks.numerals import numerals
from core.answering.checks.units import unit_of
from core.knowledge.terms import ENGLISH_STOP_WORDS

NEARLY = 0.6
"""The share of a sentence's words that must stand in a source sentence, in order, to compare the two."""

_SWAP = 4
"""What is longer than so many words was left out or told otherwise, not swapped."""
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W_]+(?:['’][^\W_]+)?|[€$£%]")
_NEGATIONS_TEXT = """
not no never none nobody nothing neither nor without cannot nowhere hardly
nicht kein keine keinen keiner keinem nie niemals ohne
ne pas jamais sans aucun aucune nunca sin ningún ninguna
non mai senza nessun nessuna
"""
_NEGATIONS = frozenset(_NEGATIONS_TEXT.split())
_LIMITS = frozenset({"only", "unless", "except", "solely"})
_CONTRARIES_TEXT = """
before after
until from after
minimum maximum
least most
more less fewer
above below
over under
may must
can must
allowed permitted forbidden prohibited
paid unpaid
include exclude
includes excludes
included excluded
including excluding
always never sometimes
all none some
every no
hourly daily weekly monthly quarterly yearly annually
working calendar
gross net
increase decrease
increases decreases
increased decreased
rises falls
internal external
with without
earlier later
required optional
mandatory voluntary
morning afternoon evening
higher lower
highest lowest
open closed
start end
starts ends
begins ends
accept reject
accepted rejected
approve reject
approved rejected
valid invalid
full part half
one two three four five six seven eight nine ten
first second third fourth fifth
once twice thrice
both neither
monday tuesday wednesday thursday friday saturday sunday
january february march april may june july august september october november december
"""
_CONTRARIES = tuple(frozenset(line.split()) for line in _CONTRARIES_TEXT.strip().splitlines())
_MONTHS = _CONTRARIES[-1]
"""A month is part of a date, and dates are compared as such."""
_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non")


@dataclass(frozen=True, slots=True)
class Conflict:
    """The words of the sentence (`said`) that stand where the source has others (`source`)."""

    said: str
    source: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """How much of a sentence repeats a source sentence, in [0, 1], and the first thing that it changed."""

    share: float
    conflict: Conflict | None


def tokens(text: str) -> list[str]:
    """Words, figures and signs of money and percent, as they are written."""
    return _TOKEN.findall(text)


def aligned(sentence: Sequence[str], source: Sequence[str]) -> Alignment:
    """Compare the tokens of a sentence with those of a source sentence."""
    said, held = [_folded(t) for t in sentence], [_folded(t) for t in source]
    matcher = SequenceMatcher(None, held, said, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    share = sum(block.size for block in blocks) / max(1, len(said))
    if share < NEARLY:
        return Alignment(share, None)
    # What the source says before and after is left out rightly, but for a word that denies what follows.
    first, last = blocks[0].a - 2, blocks[-1].a + blocks[-1].size
    changes = (
        (source[max(a, first) : min(b, last)] if tag == "delete" else source[a:b], sentence[c:d], c == 0)
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )
    conflicts = (
        Conflict(" ".join(ours), " ".join(theirs))
        for theirs, ours, opens in changes
        if _clash(theirs, ours, opens)
    )
    return Alignment(share, next(conflicts, None))


def best_conflict(sentence: str, sources: Sequence[Sequence[str]]) -> Conflict | None:
    """What the sentence changed of the source sentence that it repeats most.

    None when it repeats none, or one of those that it repeats as much without a change.
    """
    said = tokens(sentence)
    known = {_folded(token) for token in said}
    # Comparing is quadratic; most source sentences share too few words to be worth it.
    near = [s for s in sources if sum(_folded(t) in known for t in s) >= NEARLY * len(known) * 0.8]
    found = [alignment for source in near if (alignment := aligned(said, source)).share >= NEARLY]
    if not found:
        return None
    most = max(alignment.share for alignment in found)
    best = [alignment for alignment in found if alignment.share >= most - 1e-9]
    return None if any(a.conflict is None for a in best) else best[0].conflict


def negations(text: str) -> int:
    """How many words of a text deny."""
    return sum(_is_negation(token) for token in tokens(text))


def _clash(theirs: Sequence[str], ours: Sequence[str], opens: bool) -> bool:
    """Whether what was put in the place of the source's words says something else.

    A sentence that `opens` with these words has a capital there that may be no name.
    """
    if max(len(theirs), len(ours)) > _SWAP or _joined(theirs) == _joined(ours):
        return False
    return any(
        (
            _denials(theirs) != _denials(ours),
            bool(theirs and ours) and _differ(set(_numbers(theirs)), set(_numbers(ours))),
            bool(theirs and ours) and _differ(_units(theirs), _units(ours)),
            bool(theirs and _names(ours) - _names(theirs)) and (not opens or bool(_names(theirs))),
            any(_contrary(x.casefold(), y.casefold()) for x in theirs for y in ours),
        )
    )


def _differ(theirs: set[str], ours: set[str]) -> bool:
    return bool(theirs) and not ours <= theirs


def _denials(words: Sequence[str]) -> tuple[int, int]:
    return (
        sum(_is_negation(word) for word in words) % 2,
        sum(word.casefold() in _LIMITS for word in words),
    )


def _is_negation(word: str) -> bool:
    low = word.casefold().replace("’", "'")
    return low in _NEGATIONS or low.endswith("n't")


def _numbers(words: Sequence[str]) -> Iterator[str]:
    for numeral in numerals(" ".join(words)):
        yield from (f"{value:g}" for value in numeral.values)


def _units(words: Sequence[str]) -> set[str]:
    return {unit for word in words if (len(word) > 1 or not word.isalpha()) and (unit := unit_of(word))}


def _names(words: Sequence[str]) -> set[str]:
    return {
        low
        for word in words
        if word[:1].isupper() and (low := word.casefold()) not in ENGLISH_STOP_WORDS | _MONTHS
    }


def _contrary(x: str, y: str) -> bool:
    if x == y:
        return False
    if any(x in group and y in group for group in _CONTRARIES):
        return not {x, y} <= {"allowed", "permitted"} and not {x, y} <= {"forbidden", "prohibited"}
    return any(x == prefix + y or y == prefix + x for prefix in _PREFIXES)


def _joined(words: Sequence[str]) -> str:
    return re.sub(r"\W", "", "".join(words)).casefold()


def _folded(token: str) -> str:
    return token.casefold().replace("’", "'")
