"""Embeddings and reranking, in the thread that answers them."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.gateway.embedded_reader import EMBED, RERANK
from core.gateway.gateway import Gateway
from core.gateway.hanging_up import Line
from core.gateway.messages import Finish
from core.proxy.chats import attribute
from core.proxy.completion import Json
from core.proxy.forms import EmbeddingForm, RerankForm
from core.proxy.gate import Gate
from core.proxy.once import Once
from core.proxy.refusals import unknown_model
from core.proxy.visit import Visit
from core.types import Person

MOST_TEXTS = 256
MOST_CHARS = 400_000
"""A model of this process reads at most so much for one request: some seconds of one core."""
_BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """`embedding` and `reranking` are names of the models file, or empty where that has none for it.

    Beside them stand those of this process, EMBED and RERANK, where the gateway has them.
    """

    gateway: Gateway
    gate: Gate
    once: Once
    embedding_model: str
    rerank_model: str
    person_of: Callable[[str], Person | None]

    @property
    def embedding(self) -> list[str]:
        """The names of models that give vectors."""
        return self._known(self.embedding_model, EMBED)

    @property
    def reranking(self) -> list[str]:
        """The names of models that rank texts."""
        return self._known(self.rerank_model, RERANK)

    def models(self, visit: Visit) -> list[str]:
        """The names that this key may use."""
        return [name for name in (*self.embedding, *self.reranking) if visit.admitted.admits(name)]

    def require(self, model: str, names: Sequence[str], visit: Visit) -> None:
        """Refused for a model that is none of the names, or not for this key."""
        if model not in names or not visit.admitted.admits(model):
            raise unknown_model(model)
        visit.model = model

    def embed(self, form: EmbeddingForm, visit: Visit, line: Line) -> Json:
        """Vectors in the order of the texts; raises what `refusal_of` knows."""
        texts = [form.input] if isinstance(form.input, str) else form.input
        self._begin(form.model, texts, visit)
        return self.once.answered(visit, _said(form), lambda: self._embedded(form, texts, visit, line))

    def rerank(self, form: RerankForm, visit: Visit, line: Line) -> Json:
        """The documents by their relevance, best first; raises what `refusal_of` knows."""
        self._begin(form.model, [form.query, *form.documents], visit)
        return self.once.answered(visit, _said(form), lambda: self._ranked(form, visit, line))

    def _embedded(
        self, form: EmbeddingForm, texts: Sequence[str], visit: Visit, line: Line
    ) -> tuple[Json, Finish]:
        rows, finish = self.gateway.embedded(form.model, texts, visit.caller(), visit.data_class, line)
        encode = _base64 if form.encoding_format == "base64" else _floats
        tokens = finish.prompt_tokens
        vectors = {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": encode(row)}
                for index, row in enumerate(rows)
            ],
            "model": form.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return vectors, finish

    def _ranked(self, form: RerankForm, visit: Visit, line: Line) -> tuple[Json, Finish]:
        scores, finish = self.gateway.reranked(
            form.model, form.query, form.documents, visit.caller(), visit.data_class, line
        )
        best = sorted(range(len(scores)), key=lambda index: -scores[index])[: form.top_n]
        ranked = {
            "id": f"rerank-{uuid.uuid4().hex}",
            "model": form.model,
            "results": [
                {"index": index, "relevance_score": scores[index]}
                | ({"document": {"text": form.documents[index]}} if form.return_documents else {})
                for index in best
            ],
            "usage": {"total_tokens": finish.prompt_tokens},
        }
        return ranked, finish

    def _known(self, *names: str) -> list[str]:
        return [name for name in names if name and self.gateway.readers.knows(name)]

    def _begin(self, model: str, texts: Sequence[str], visit: Visit) -> None:
        if model in (EMBED, RERANK):
            _require_few(model, texts)
        attribute(visit, self.person_of)
        self.gate.take(visit.admitted, sum(len(text.encode()) // _BYTES_PER_TOKEN + 1 for text in texts))


def _require_few(model: str, texts: Sequence[str]) -> None:
    chars = sum(map(len, texts))
    if len(texts) > MOST_TEXTS or chars > MOST_CHARS:
        raise BadInput(
            f"{model} reads at most {MOST_TEXTS} texts with {MOST_CHARS:,} characters for one request; these "
            f"are {len(texts):,} with {chars:,}. Send them in several requests."
        )


def _said(form: EmbeddingForm | RerankForm) -> Json:
    return form.model_dump(mode="json", exclude_unset=True)


def _base64(row: Sequence[float]) -> str:
    """As OpenAI's client asks for it: 32-bit numbers, the lowest byte first."""
    return base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()


def _floats(row: Sequence[float]) -> list[float]:
    return [float(number) for number in row]
