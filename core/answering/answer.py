"""An answer, with everything that a person may want to know about where it came from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from core.answering.citations import Citation
from core.types import DataClass


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    NOT_FOUND = "not_found"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker gets.

    `question` is the stand-alone form that was searched for; `evidence` the probability, judged
    before a model was asked, that the passages answer it. `failed` says which deployments were
    tried in vain; `model` is empty where none was called. `data_class` is how sensitive the text is that
    question and answer were made from.
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

    def to_json(self) -> dict[str, Any]:
        """A form that JSON can hold; the text is stored beside it."""
        data = asdict(self)
        del data["text"]
        return data | {"citations": [citation.to_json() for citation in self.citations]}

    @classmethod
    def from_json(cls, text: str, data: dict[str, Any]) -> Answer:
        """The inverse of `to_json`."""
        return cls(
            **{
                **data,
                "text": text,
                "outcome": Outcome(data["outcome"]),
                "citations": tuple(Citation.from_json(c) for c in data["citations"]),
                "failed": tuple(data["failed"]),
                "data_class": DataClass(data.get("data_class", DataClass.INTERNAL)),
            }
        )
