"""All checks of a question's path behind one door: on the way in, around the prompt, on the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.answering.checks.contradictions import ContradictionFinder
from core.answering.checks.entailment import Entailment
from core.answering.checks.facts import Analyse
from core.answering.checks.findings import Action, Finding, Severity, blocks, stops
from core.answering.checks.gate import SentenceGate, Spotted
from core.answering.checks.injection import InstructionDetector
from core.answering.checks.outgoing import FindPersonalData, SentenceChecker
from core.answering.checks.policy import Policy, read_policy
from core.answering.checks.sources import SourceReader
from core.answering.checks.support import SupportChecker
from core.types import Passage, Person, Readership


@dataclass(frozen=True, slots=True)
class Admission:
    """What is known of a question before anything is done with it.

    `notices` must be shown with whatever answer it gets. Blocked: it is not answered, and `reason` is what
    its asker is told. Flagged: it is answered, and a person looks at the answer before the asker does.
    """

    findings: tuple[Finding, ...]
    notices: tuple[str, ...]

    @property
    def blocked(self) -> bool:
        """Whether it goes no further."""
        return blocks(self.findings)

    @property
    def flagged(self) -> bool:
        """Whether a person must see the answer first."""
        return stops(self.findings) and not self.blocked

    @property
    def reason(self) -> str:
        """The sentence of the first finding that is more than a note; empty where there is none."""
        return next((found.sentence for found in self.findings if stops([found])), "")


@dataclass(frozen=True, slots=True)
class Screened:
    """The passages that may go into a prompt, best first, and what was found in all that were looked at.

    `findings` are by chunk id. A passage whose finding blocks is not among `passages`; one that is
    flagged is, and a sentence that cites it does not pass the gate.
    """

    passages: tuple[Passage, ...]
    findings: Mapping[int, Finding]

    @property
    def left_out(self) -> tuple[int, ...]:
        """The chunk ids of the passages that no model sees."""
        return tuple(chunk for chunk, found in self.findings.items() if found.action is Action.BLOCK)

    @property
    def flagged(self) -> dict[int, Finding]:
        """The findings by the passages' numbers in the prompt, from 1."""
        return {
            number: self.findings[passage.chunk.id]
            for number, passage in enumerate(self.passages, start=1)
            if passage.chunk.id in self.findings
        }


class Guardrails:
    """The checks at work; any number of threads may share one, and no model is called but `entailment`."""

    def __init__(
        self,
        policy: Policy,
        detector: InstructionDetector,
        checker: SentenceChecker,
        contradictions: ContradictionFinder,
    ) -> None:
        self._policy = policy
        self._detector = detector
        self._checker = checker
        self._contradictions = contradictions

    def incoming(self, question: str, department: str) -> Admission:
        """Check a question, as it was typed, of somebody in this department."""
        policy = self._policy.find(question, department)
        findings = [*self._detector.in_question(question), *(found.finding for found in policy)]
        notices = dict.fromkeys(found.notice for found in policy if found.notice)
        return Admission(tuple(findings), tuple(notices))

    def screen(self, passages: Sequence[Passage], person: Person) -> Screened:
        """Leave out what is meant to steer the model, and what this person may not read."""
        found = {passage.chunk.id: self._about(passage, person) for passage in passages}
        findings = {chunk: finding for chunk, finding in found.items() if finding is not None}
        kept = [p for p in passages if p.chunk.id not in findings or not blocks([findings[p.chunk.id]])]
        return Screened(tuple(kept), findings)

    def gate(self, screened: Screened, opinion: Entailment | None = None) -> SentenceGate:
        """What one answer from these passages goes through; a restarted answer needs a new one.

        `opinion` is asked, in place of the entailment model, where words cannot tell.
        """
        checker = self._checker if opinion is None else self._checker.advised_by(opinion)
        return SentenceGate(checker, screened.passages, screened.flagged)

    def contradictions(
        self, answer: str, cited: Sequence[Passage], retrieved: Sequence[Passage]
    ) -> list[Finding]:
        """Notes on other values that retrieved passages give for what the answer says from the cited ones."""
        return self._contradictions.find(answer, cited, retrieved)

    def edited(self, text: str, evidence: Sequence[Passage]) -> list[Spotted]:
        """Check a reviewer's own words, which cite `evidence` as `[n]`, counted from 1."""
        gate = SentenceGate(self._checker, evidence)
        gate.feed(text)
        gate.finish()
        return gate.spotted

    def warm_up(self) -> None:
        """Read the rules and compile them now instead of at the first question."""
        self._detector.warm_up()

    def _about(self, passage: Passage, person: Person) -> Finding | None:
        chunk = passage.chunk
        if not Readership.from_key(chunk.readers).admits(person):
            return Finding(
                "unreadable", Severity.HIGH, Action.BLOCK, "A source that this person may not read was found."
            )
        head = "\n".join([chunk.title, *chunk.heading_path])
        return _worst(filter(None, map(self._detector.suspicious, (chunk.text, head))))


def build_guardrails(
    analyse: Analyse,
    policy_file: Path,
    find_personal_data: FindPersonalData | None = None,
    entailment: Entailment | None = None,
    dated: Callable[[int], date | None] = lambda version_id: None,
) -> Guardrails:
    """The checks, connected. Raises ConfigurationError that names the line of a bad policy file.

    `analyse` gives index terms; `find_personal_data` the spans of personal data in a text; `dated` the
    date of a document version by its id.
    """
    reader = SourceReader(analyse)
    return Guardrails(
        read_policy(policy_file, analyse),
        InstructionDetector(analyse),
        SentenceChecker(SupportChecker(analyse, reader), find_personal_data, entailment),
        ContradictionFinder(analyse, dated),
    )


def _worst(findings: Iterable[Finding]) -> Finding | None:
    found = list(findings)
    return next((finding for finding in found if blocks([finding])), found[0] if found else None)
