"""Embeddings and reranking, in the thread that answers them."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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

HERE = "embedded"
"""The name of the embedding model of this process."""
_BYTES_PER_TOKEN = 3

EmbedHere = Callable[[Sequence[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """`embedding` and `reranking` are names of the models file, or empty where that has none for it.

    `embed_here` gives vectors in this process, under the name `embedded`.
    """

    gateway: Gateway
    gate: Gate
    once: Once
    embedding: str
    reranking: str
    embed_here: EmbedHere | None
    person_of: Callable[[str], Person | None]

    def models(self, visit: Visit) -> list[str]:
        """The names that this key may use."""
        here = [HERE] if self.embed_here is not None else []
        return [m for m in (*here, self.embedding, self.reranking) if m and visit.admitted.admits(m)]

    def require(self, model: str, names: Sequence[str], visit: Visit) -> None:
        """Refused for a model that is none of the names, or not for this key."""
        if not model or model not in names or not visit.admitted.admits(model):
            raise unknown_model(model)
        visit.model = model

    def embed(self, form: EmbeddingForm, visit: Visit, line: Line) -> Json:
        """Vectors in the order of the texts; raises what `refusal_of` knows."""
        texts = [form.input] if isinstance(form.input, str) else form.input
        self._begin(texts, visit)
        return self.once.answered(visit, _said(form), lambda: self._embedded(form, texts, visit, line))

    def rerank(self, form: RerankForm, visit: Visit, line: Line) -> Json:
        """The documents by their relevance, best first; raises what `refusal_of` knows."""
        self._begin([form.query, *form.documents], visit)
        return self.once.answered(visit, _said(form), lambda: self._ranked(form, visit, line))

    def _embedded(
        self, form: EmbeddingForm, texts: Sequence[str], visit: Visit, line: Line
    ) -> tuple[Json, Finish]:
        rows: Sequence[Sequence[float]]
        if self.embed_here is not None and form.model == HERE:
            rows = self.embed_here(texts)
            finish = Finish(HERE, HERE, sum(len(text.split()) for text in texts), 0, 0)
        else:
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

    def _begin(self, texts: Sequence[str], visit: Visit) -> None:
        attribute(visit, self.person_of)
        self.gate.take(visit.admitted, sum(len(text.encode()) // _BYTES_PER_TOKEN + 1 for text in texts))


def _said(form: EmbeddingForm | RerankForm) -> Json:
    return form.model_dump(mode="json", exclude_unset=True)


def _base64(row: Sequence[float]) -> str:
    """As OpenAI's client asks for it: 32-bit numbers, the lowest byte first."""
    return base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()


def _floats(row: Sequence[float]) -> list[float]:
    return [float(number) for number in row]
