"""An answer, with everything that a person may want to know about where it came from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from core.answering.citations import Citation
from core.answering.confidence import Signs
from core.types import DataClass


class Outcome(StrEnum):
    """How a question ended. WAITING: a person will answer; REFUSED: a rule of the company forbids it.

    FAILED may go well in a moment; NO_MODEL will not, because money or a setting is missing. COURTESY:
    nothing was asked, the person said hello or thanks.
    """

    ANSWERED = "answered"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    NO_MODEL = "no_model"
    WAITING = "waiting"
    REFUSED = "refused"
    COURTESY = "courtesy"


@dataclass(frozen=True, slots=True)
class Reuse:
    """An answer that was given before: which entry of the cache, since when (ISO), and what it saved.

    `how` is "exact" for the same words and "meaning" for the same question in others.
    """

    entry_id: int
    how: str
    answered_at: str
    saved_microusd: int
    saved_ms: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A person's decision about an answer: in which task, how, who, and when (ISO)."""

    task: int | None
    verdict: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Related:
    """A question like the one asked that a person has answered: who, and when (ISO)."""

    question: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker gets.

    `question` is the stand-alone form that was searched for; `evidence` the probability, judged
    before a model was asked, that the passages answer it; `confidence` that the answer is right, None
    where that is not judged, and `signs` what it was made from. `failed` says which deployments were
    tried in vain; `model` is empty where none was called. `data_class` is how sensitive the text is that
    question and answer were made from. `notes` are sentences to show beside the answer; `partial` says
    that a part was held back. `related` is for its asker's eyes: others may not read those sources.
    """

    outcome: Outcome
    text: str
    citations: tuple[Citation, ...]
    question: str
    evidence: float
    model: str = ""
    provider: str = ""
    failed: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_microusd: int = 0
    seconds: float = 0.0
    data_class: DataClass = DataClass.INTERNAL
    confidence: float | None = None
    notes: tuple[str, ...] = ()
    partial: bool = False
    reuse: Reuse | None = None
    verified: Verified | None = None
    signs: Signs | None = None
    related: tuple[Related, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A form that JSON can hold; the text is stored beside it."""
        data = asdict(self)
        del data["text"]
        return data | {"citations": [citation.to_json() for citation in self.citations]}

    @classmethod
    def from_json(cls, text: str, data: dict[str, Any]) -> Answer:
        """The inverse of `to_json`; what others have added to it is left out."""
        known = {key: data[key] for key in _NAMES & data.keys()}
        reuse, verified, signs = (known.get(name) for name in ("reuse", "verified", "signs"))
        return cls(
            **{
                **known,
                "text": text,
                "outcome": Outcome(data["outcome"]),
                "citations": tuple(Citation.from_json(c) for c in data["citations"]),
                "failed": tuple(data["failed"]),
                "data_class": DataClass(data.get("data_class", DataClass.INTERNAL)),
                "notes": tuple(data.get("notes", ())),
                "reuse": None if reuse is None else Reuse(**reuse),
                "verified": None if verified is None else _verified(verified),
                "signs": None if signs is None else Signs(**signs),
                "related": tuple(Related(**each) for each in data.get("related", ())),
            }
        )


def _verified(data: dict[str, Any]) -> Verified:
    return Verified(data.get("task"), data["verdict"], data["by"], data["at"])


_NAMES = frozenset(field.name for field in fields(Answer)) - {"text"}
