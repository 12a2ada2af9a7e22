"""A second opinion by a model of natural language inference, where one is configured."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Entailment(Protocol):
    """Tells whether a text says what a sentence claims."""

    def probability(self, text: str, sentence: str) -> float:
        """That the text entails the sentence, in [0, 1]."""
        ...


class CrossEncoderEntailment:
    """A sentence-transformers cross-encoder for inference, by folder or name, loaded on first use.

    Its label `entailment` is read; a model with one label gives the probability itself. Raises
    ConfigurationError when it cannot be loaded or has neither.
    """

    def __init__(self, source: str, setting: str = "ANSWERDESK_ENTAILMENT_MODEL") -> None:
        self._source = source
        self._setting = setting
        self._lock = threading.Lock()
        self._loaded: CrossEncoder | None = None

    def probability(self, text: str, sentence: str) -> float:
        """That the text entails the sentence, in [0, 1]."""
        # The tokenizer within keeps its padding in itself, so threads take turns.
        with self._lock:
            model = self._model()
            scores: Any = model.predict([(text, sentence)], show_progress_bar=False)
            names: Any = getattr(model.config, "id2label", None) or {}
        labels = {int(place): str(name).casefold() for place, name in names.items()}
        if len(labels) == 1:
            return float(scores[0])
        logits = [float(score) for score in scores[0]]
        return _softmax(logits)[self._entailing(labels)]

    def _entailing(self, labels: dict[int, str]) -> int:
        for place, name in labels.items():
            if name.startswith("entail"):
                return place
        raise ConfigurationError(
            f"{self._setting}: the model {self._source!r} has no label named entailment "
            f"(it has {', '.join(labels.values())})."
        )

    def _model(self) -> CrossEncoder:
        if self._loaded is None:
            from sentence_transformers import CrossEncoder

            try:
                self._loaded = CrossEncoder(self._source, device="cpu")
            except (OSError, ValueError) as exc:
                raise ConfigurationError(
                    f"{self._setting}: the model {self._source!r} cannot be loaded ({exc})."
                ) from exc
        return self._loaded


def _softmax(logits: list[float]) -> list[float]:
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    return [power / sum(powers) for power in powers]
