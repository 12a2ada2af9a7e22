"""Dense vectors of chunks in Chroma: the one file that knows Chroma.

Each reading group has a collection of its own, so that a search touches only what the person may
read: a filter costs 20 to 80 ms where a second collection costs 2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from core.errors import ConfigurationError, StoreInUse

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection as ChromaCollection

Vectors = NDArray[np.float32]

PAGE = 5_000
CHUNKS = "chunks-"


class ChromaStore:
    """One Chroma: a folder that this process alone may open, or a server that many share."""

    def __init__(self, folder: Path | None = None, url: str | None = None) -> None:
        """Open it. Raises StoreInUse when another process has the folder, ConfigurationError
        when the server at `url` does not answer."""
        self._lock: FileLock | None = None
        if url is not None:
            self.client = _server(url)
        elif folder is not None:
            self._lock = _lock(folder)
            self.client = _on_disk(folder)
        else:
            raise ValueError("a Chroma store needs a folder or a url")

    @property
    def exclusive(self) -> bool:
        """Whether no other process can be using it."""
        return self._lock is not None

    def close(self) -> None:
        """Let go of the folder."""
        self.client.close()
        if self._lock is not None:
            self._lock.release()


class VectorIndex:
    """The vectors of all chunks, by reading group.

    `embedding` names the model that made the vectors: another model has collections of its own.
    Calls for a group that has no vectors yet answer as for an empty one.
    """

    def __init__(self, store: ChromaStore, embedding: str, prefix: str = CHUNKS) -> None:
        """`prefix` keeps the collections of different things apart; those of one index share it."""
        self._client = store.client
        self._prefix = prefix
        self.embedding = embedding
        self._collections: dict[str, ChromaCollection] = {}

    def upsert(self, group: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Add or replace; `vectors` is float32[len(ids), dim], of length one each."""
        collection = self._collection(group, create=True)
        assert collection is not None  # noqa: S101 - for the type checker: it was just made
        for start in range(0, len(ids), PAGE):
            batch = [str(i) for i in ids[start : start + PAGE]]
            collection.upsert(ids=batch, embeddings=vectors[start : start + PAGE])

    def delete(self, group: str, ids: Sequence[int]) -> None:
        """Remove; ids that are not there do no harm."""
        collection = self._collection(group)
        if collection is None:
            return
        for start in range(0, len(ids), PAGE):
            collection.delete(ids=[str(i) for i in ids[start : start + PAGE]])

    def query(self, groups: Collection[str], vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """The nearest chunks in these groups as (chunk id, cosine), best first."""
        found: list[tuple[int, float]] = []
        for group in sorted(groups):
            collection = self._collection(group)
            if collection is not None:
                found.extend(_nearest(collection, vector, limit))
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def vectors(self, groups: Collection[str], ids: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors of these chunks: float32[dim] for each id that is in one of the groups."""
        found: dict[int, Vectors] = {}
        for group in sorted(groups):
            collection = self._collection(group)
            missing = [str(i) for i in ids if i not in found]
            if collection is None or not missing:
                continue
            for start in range(0, len(missing), PAGE):
                rows = collection.get(ids=missing[start : start + PAGE], include=["embeddings"])
                embeddings: Any = rows["embeddings"]
                found.update(
                    (int(key), np.asarray(row, dtype=np.float32))
                    for key, row in zip(rows["ids"], embeddings, strict=True)
                )
        return found

    def ids(self, group: str) -> Iterator[int]:
        """All chunk ids of a group, read page by page."""
        collection = self._collection(group)
        offset = 0
        while collection is not None:
            page = collection.get(limit=PAGE, offset=offset, include=[])["ids"]
            yield from (int(key) for key in page)
            if len(page) < PAGE:
                return
            offset += PAGE

    def count(self, group: str) -> int:
        """How many vectors a group has."""
        collection = self._collection(group)
        return 0 if collection is None else int(collection.count())

    def drop(self, group: str) -> None:
        """Remove a group's collection with all that it holds; one that is not there does no harm."""
        from chromadb.errors import NotFoundError

        self.forget(group)
        with suppress(NotFoundError):
            self._client.delete_collection(self._prefix + _collection_name(group, self.embedding))

    def forget(self, group: str) -> None:
        """Ask for the group's collection anew: another process may have removed and remade it."""
        self._collections.pop(group, None)

    def drop_other_embeddings(self) -> None:
        """Delete the collections that another embedding model filled."""
        for collection in self._client.list_collections():
            made_by = (collection.metadata or {}).get("embedding")
            if collection.name.startswith(self._prefix) and made_by != self.embedding:
                self._client.delete_collection(collection.name)

    def _collection(self, group: str, create: bool = False) -> ChromaCollection | None:
        known = self._collections.get(group)
        if known is not None:
            return known
        from chromadb.errors import NotFoundError

        name = self._prefix + _collection_name(group, self.embedding)
        if create:
            found = self._client.get_or_create_collection(
                name,
                configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
                metadata={"group": group, "embedding": self.embedding},
                embedding_function=None,
            )
        else:
            try:
                found = self._client.get_collection(name, embedding_function=None)
            except NotFoundError:
                return None
        self._collections[group] = found
        return found


def _nearest(collection: ChromaCollection, vector: Vectors, limit: int) -> list[tuple[int, float]]:
    result = collection.query(query_embeddings=vector[np.newaxis, :], n_results=limit, include=["distances"])
    distances = result["distances"]
    if distances is None:
        return []
    return [
        (int(key), 1.0 - float(distance))
        for key, distance in zip(result["ids"][0], distances[0], strict=True)
    ]


def _collection_name(group: str, embedding: str) -> str:
    # Hashed: a group's key may be longer than a collection's name may be, and hold other characters.
    return hashlib.sha256(f"{group}\n{embedding}".encode()).hexdigest()[:32]


def _lock(folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as exc:
        raise StoreInUse(
            f"Another Answerdesk process is using {folder}. Stop it first, or let several processes share "
            "one Chroma server: start `chroma run` and set CHROMA_URL to its address."
        ) from exc
    return lock


def _on_disk(folder: Path) -> Client:
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(path=folder, settings=Settings(anonymized_telemetry=False))
    return cast("Client", client)


def _server(url: str) -> Client:
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"CHROMA_URL: {url!r} is not an address such as http://127.0.0.1:8000.")
    secure = parts.scheme == "https"
    try:
        client = chromadb.HttpClient(
            host=parts.hostname,
            port=parts.port or (443 if secure else 8000),
            ssl=secure,
            settings=Settings(anonymized_telemetry=False),
        )
    except (ValueError, OSError) as exc:
        raise ConfigurationError(f"CHROMA_URL: no Chroma server answers at {url} ({exc}).") from exc
    return cast("Client", client)
