"""Is a sentence supported by the passages that it cites? By words, facts and denials; no model is called.

The signs are shares of words and pairs of words (the token overlap that Honovich et al., TRUE, 2022, and
Dziri et al., BEGIN, 2022, take as baselines), and what the sentence has that no passage has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

from core.answering.checks.agreement import Conflict, best_conflict, negations
from core.answering.checks.facts import Analyse, Fact, facts
from core.answering.checks.misplacing import misplaced
from core.answering.checks.numerals import in_figures
from core.answering.checks.sources import MARKER, ReadSource, SourceReader, SourceSentence, quotes
from core.types import Passage

SUPPORTED_FROM = 0.5
"""From this score on a sentence counts as supported."""
MOST_NOVEL = 5
LONG_TERMS = 20
SCORE_OF_A_CONFLICT = 0.05
"""The most that a sentence gets which contradicts its source in a fact or a denial."""

_OPINION = re.compile(r"\b(?:i|i['’]m|i['’]ve|i['’]d|my|me|mine)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:yes[,.:]|in short[,:]|according to (?:the |this |your )?(?:company(?:['’]s)? )?"
    r"(?:documents?|polic(?:y|ies)|passages?|sources?|guidelines?|rules?),)\s+",
    re.IGNORECASE,
)
"""What introduces a statement and states nothing."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against a sentence.

    `words` and `pairs` are the shares of its index terms, and of neighbouring two, that the passages
    hold; `closest` the share that a single sentence of them holds; `held` the share of its facts; all
    in [0, 1]. `novel` is how many terms are new, up to 5; `denial` is 1 when only one of the sentence and
    its closest source sentence denies; `opinion` 1 when it says "I"; `asks` 1 for a question; `length`
    is up to 1.
    """

    words: float
    pairs: float
    closest: float
    held: float
    novel: float
    denial: float
    opinion: float
    asks: float
    length: float


WEIGHTS = Signs(1.74, 0.84, 2.61, 0.95, -0.7, -0.29, -2.29, -3.15, 0.67)
INTERCEPT = -2.62
"""Of a logistic function, fitted by `python -m tests.bench support --data ../shared/datasets`."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was seen when a sentence was compared with passages.

    `score` in [0, 1]; `quoted` when a passage holds it word for word (then nothing else was looked at);
    `missing` facts are in no passage, `wrong_units` have another unit there, `elsewhere` belong to
    another row or sentence; `conflict` is what was changed of a sentence that is nearly repeated.
    """

    score: float
    quoted: bool = False
    missing: tuple[Fact, ...] = ()
    wrong_units: tuple[Fact, ...] = ()
    elsewhere: tuple[Fact, ...] = ()
    conflict: Conflict | None = None

    @property
    def sound(self) -> bool:
        """Whether no fact and no denial is wrong; the score may still be low."""
        return not (self.missing or self.wrong_units or self.elsewhere or self.conflict)


class SupportChecker:
    """Scores sentences against passages; any number of threads may share one.

    `analyse` gives index terms (core.knowledge.terms.TermAnalyzer).
    """

    def __init__(self, analyse: Analyse, reader: SourceReader | None = None) -> None:
        self._analyse = analyse
        self._reader = reader or SourceReader(analyse)

    def score(self, sentence: str, passages: Sequence[Passage]) -> float:
        """In [0, 1]; 1 for a quotation, 0 without passages."""
        return self.examine(sentence, passages).score

    def examine(self, sentence: str, passages: Sequence[Passage]) -> Examination:
        """Compare a sentence, its citations aside, with the passages that it cites."""
        said = _LEAD.sub("", MARKER.sub("", sentence).strip(), count=1)
        sources = [self._reader.read(passage) for passage in passages]
        if not sources:
            return Examination(0.0)
        if quotes(said, sources):
            return Examination(1.0, quoted=True)
        inner = [part for source in sources for part in source.sentences]
        found = facts(said, self._analyse)
        missing = tuple(f for f in found if not any(s.sheet.holds(f) for s in sources))
        examination = Examination(
            probability(self.signs(said, sources)),
            missing=missing,
            wrong_units=tuple(f for f in found if _wrong_unit(f, sources)),
            elsewhere=tuple(misplaced(self._analyse(in_figures(said)), found, inner)),
            conflict=best_conflict(said, [part.tokens for part in inner]),
        )
        if examination.sound:
            return examination
        return _capped(examination)

    def signs(self, sentence: str, sources: Sequence[ReadSource]) -> Signs:
        """The signs of a sentence without citations."""
        terms = self._analyse(in_figures(sentence))
        known = frozenset[str]().union(*(source.terms for source in sources))
        pairs = list(pairwise(terms))
        closest = _closest(frozenset(terms), [part for source in sources for part in source.sentences])
        found = facts(sentence, self._analyse)
        held = [any(source.sheet.holds(fact) for source in sources) for fact in found]
        return Signs(
            words=_share([term in known for term in terms], 0.0),
            pairs=_share([any(pair in source.pairs for source in sources) for pair in pairs], 0.0),
            closest=_overlap(frozenset(terms), closest) if closest else 0.0,
            held=_share(held, 1.0),
            novel=min(MOST_NOVEL, len(set(terms) - known)),
            denial=float(closest is not None and negations(sentence) % 2 != closest.denials % 2),
            opinion=float(bool(_OPINION.search(sentence))),
            asks=float("?" in sentence),
            length=min(len(terms), LONG_TERMS) / LONG_TERMS,
        )


def probability(signs: Signs) -> float:
    """That a sentence with these signs is supported, in [0, 1]."""
    pairs = zip(astuple(WEIGHTS), astuple(signs), strict=True)
    return 1 / (1 + math.exp(-sum(weight * sign for weight, sign in pairs) - INTERCEPT))


def _capped(e: Examination) -> Examination:
    score = min(e.score, SCORE_OF_A_CONFLICT)
    return Examination(score, e.quoted, e.missing, e.wrong_units, e.elsewhere, e.conflict)


def _wrong_unit(fact: Fact, sources: Sequence[ReadSource]) -> bool:
    holding = [source for source in sources if source.sheet.holds(fact)]
    return bool(holding) and all(source.sheet.wrong_unit(fact) for source in holding)


def _closest(terms: frozenset[str], sentences: Sequence[SourceSentence]) -> SourceSentence | None:
    return max(sentences, key=lambda sentence: len(terms & sentence.terms), default=None)


def _overlap(terms: frozenset[str], sentence: SourceSentence) -> float:
    return len(terms & sentence.terms) / max(1, len(terms))


def _share(values: Sequence[bool], empty: float) -> float:
    return sum(values) / len(values) if values else empty
