"""Every rule on the way out, for one sentence of an answer and the passages that it cites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.answering.checks.entailment import Entailment
from core.answering.checks.facts import Fact, FactKind
from core.answering.checks.findings import Action, Finding, Severity, stops
from core.answering.checks.sources import MARKER
from core.answering.checks.support import SUPPORTED_FROM, Examination, SupportChecker
from core.gateway.privacy.identifiers import find_emails
from core.gateway.privacy.urls import find_urls
from core.types import Passage

_LINK_DRESS = re.compile(r"^(?:https?://)?(?:www\.)?|/$", re.IGNORECASE)

_SAYS = {
    FactKind.NUMBER: "The number {} does not stand in the cited source.",
    FactKind.DATE: "The date or time {} does not stand in the cited source.",
    FactKind.NAME: "The name {} does not stand in the cited source.",
    FactKind.CODE: "{} does not stand in the cited source.",
}


class Found(Protocol):
    """Where personal data was found."""

    @property
    def start(self) -> int:
        """The first character."""
        ...

    @property
    def end(self) -> int:
        """Behind the last character."""
        ...


FindPersonalData = Callable[[str], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence of an answer as the model wrote it, with the space and the citations behind it.

    `cited` are the passages' numbers, from 1; `score` in [0, 1] is how well they support it. Shown is
    what has no finding but notes.
    """

    text: str
    cited: tuple[int, ...]
    score: float
    findings: tuple[Finding, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether it may be shown."""
        return not stops(self.findings)


class SentenceChecker:
    """Judges sentences. `find_personal_data` and `entailment` are asked only for what is not quoted."""

    def __init__(
        self,
        support: SupportChecker,
        find_personal_data: FindPersonalData | None = None,
        entailment: Entailment | None = None,
        supported_from: float = SUPPORTED_FROM,
    ) -> None:
        self._support = support
        self._find_personal_data = find_personal_data
        self._entailment = entailment
        self._supported_from = supported_from

    def advised_by(self, opinion: Entailment) -> SentenceChecker:
        """The same checks, with another second opinion where words cannot tell."""
        return SentenceChecker(self._support, self._find_personal_data, opinion, self._supported_from)

    def judge(self, text: str, passages: Sequence[Passage]) -> Judged:
        """Check one sentence, its `[n]` included, against the passages that were retrieved."""
        numbers = [int(n) for listed in MARKER.findall(text) for n in re.split(r"[,;]", listed)]
        numbers = list(dict.fromkeys(numbers))
        said = MARKER.sub("", text)
        if not re.search(r"\w", said):
            return Judged(text, tuple(numbers), 1.0)
        unknown = [n for n in numbers if not 1 <= n <= len(passages)]
        if unknown:
            findings = [_finding("unknown-citation", Severity.HIGH, "It cites a source that was not found.")]
            return Judged(text, tuple(numbers), 0.0, tuple(findings))
        if not numbers:
            return self._uncited(text, said, passages)
        return self._cited(text, said, numbers, passages)

    def _cited(self, text: str, said: str, numbers: Sequence[int], passages: Sequence[Passage]) -> Judged:
        cited = [passages[n - 1] for n in numbers]
        seen = self._support.examine(said, cited)
        score, findings = seen.score, list(_about_facts(seen))
        if not seen.quoted:
            score = self._second_opinion(said, cited, score) if not findings else score
            findings += self._about_sources(said, passages, cited)
            if score < self._supported_from and not findings:
                findings.append(
                    _finding("unsupported", Severity.MEDIUM, "The cited source does not say this.")
                )
        return Judged(text, tuple(numbers), score, tuple(findings))

    def _uncited(self, text: str, said: str, passages: Sequence[Passage]) -> Judged:
        """A sentence without a citation gets that of the passage which supports it; without one it fails."""
        scores = [self._support.score(said, [passage]) for passage in passages]
        best = max(range(len(scores)), key=lambda i: scores[i], default=None)
        if best is not None and scores[best] >= self._supported_from:
            space = text[len(text.rstrip()) :]
            judged = self._cited(f"{text.rstrip()} [{best + 1}]{space}", said, [best + 1], passages)
            note = _finding(
                "citation-added", Severity.LOW, "The citation of this sentence was added.", action=Action.NOTE
            )
            return Judged(judged.text, judged.cited, judged.score, (*judged.findings, note))
        return Judged(
            text, (), 0.0, (_finding("uncited", Severity.MEDIUM, "This sentence names no source."),)
        )

    def _second_opinion(self, said: str, cited: Sequence[Passage], score: float) -> float:
        if self._entailment is None:
            return score
        return max(self._entailment.probability(passage.chunk.text, said) for passage in cited)

    def _about_sources(
        self, said: str, passages: Sequence[Passage], cited: Sequence[Passage]
    ) -> Iterator[Finding]:
        held = {_bare(p.chunk.text[s.start : s.end]) for p in cited for s in find_urls(p.chunk.text)}
        held |= {_bare(p.chunk.text[s.start : s.end]) for p in cited for s in find_emails(p.chunk.text)}
        for span in (*find_urls(said), *find_emails(said)):
            if _bare(said[span.start : span.end]) not in held:
                yield _finding(
                    "link",
                    Severity.HIGH,
                    "This link or address does not stand in the cited source.",
                    (span.start, span.end),
                )
        if self._find_personal_data is None:
            return
        readable = " ".join(" ".join(f"{p.chunk.title} {p.chunk.text}".split()) for p in passages).casefold()
        for found in self._find_personal_data(said):
            if " ".join(said[found.start : found.end].split()).casefold() not in readable:
                yield _finding(
                    "personal-data",
                    Severity.HIGH,
                    "This personal data does not stand in your sources.",
                    (found.start, found.end),
                )


def _about_facts(seen: Examination) -> Iterator[Finding]:
    for fact in seen.missing:
        yield _about(fact, f"{fact.kind.value}", _SAYS[fact.kind].format(f"“{fact.shown}”"))
    for fact in seen.wrong_units:
        yield _about(fact, "unit", f"“{fact.shown}” has another unit in the cited source.")
    for fact in seen.elsewhere:
        yield _about(fact, "misplaced", f"In the cited source “{fact.shown}” belongs to something else.")
    if seen.conflict is not None and not seen.missing:
        said, source = seen.conflict.said, seen.conflict.source
        sentence = (
            f"It says “{said}” where the cited source says “{source}”."
            if said and source
            else f"It adds “{said}” to what the cited source says."
            if said
            else f"It leaves out “{source}” of what the cited source says."
        )
        yield _finding("changed", Severity.HIGH, sentence)


def _about(fact: Fact, rule: str, sentence: str) -> Finding:
    return _finding(rule, Severity.HIGH, sentence, (fact.start, fact.end))


def _finding(
    rule: str,
    severity: Severity,
    sentence: str,
    span: tuple[int, int] | None = None,
    action: Action = Action.FLAG,
) -> Finding:
    return Finding(rule, severity, action, sentence, span)


def _bare(link: str) -> str:
    return _LINK_DRESS.sub("", link.strip()).casefold()
