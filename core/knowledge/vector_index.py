"""Dense vectors of chunks in Chroma: the one file that knows Chroma.

Each reading group has a collection of its own, so that a search touches only what the person may
read: a filter costs 20 to 80 ms where a second collection costs 2.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError, StoreInUse
from core.knowledge.folder_claim import FolderClaim

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection as ChromaCollection

Vectors = NDArray[np.float32]

PAGE = 5_000
CHUNKS = "chunks-"
CLOSE_S = 10.0
"""How long closing waits for those who are using the store; each use takes milliseconds."""


class ChromaStore:
    """One Chroma: a folder that this process alone may open, or a server that many share.

    A `guest` has the folder only while no other process wants it. Where it has not, or has given way, every
    use raises StoreInUse.
    """

    def __init__(self, folder: Path | None = None, url: str | None = None, guest: bool = False) -> None:
        """Open it. Raises StoreInUse when another process has the folder (a guest starts without it),
        ConfigurationError when the server at `url` does not answer."""
        self._used = threading.Condition()
        self._users = 0
        self._claim: FolderClaim | None = None
        self._client: Client | None = None
        if url is not None:
            self._client = _server(url)
        elif folder is not None:
            with suppress(StoreInUse) if guest else nullcontext():
                self._claim = FolderClaim(folder, guest)
                self._client = _on_disk(folder)
        else:
            raise ValueError("a Chroma store needs a folder or a url")

    @property
    def exclusive(self) -> bool:
        """Whether no other process can be using it."""
        return self._claim is not None

    @property
    def here(self) -> bool:
        """Whether it can be used: not before the folder was free, nor after it was given back."""
        return self._client is not None

    @property
    def wanted(self) -> bool:
        """Whether another process waits for the folder that this one has as a guest."""
        return self._claim is not None and self._claim.wanted()

    @contextmanager
    def open(self) -> Iterator[Client]:
        """The client, which is not closed while the context is open; raises StoreInUse."""
        with self._used:
            client = self._client
            if client is None:
                raise StoreInUse("Another Answerdesk process has the documents open.")
            self._users += 1
        try:
            yield client
        finally:
            with self._used:
                self._users -= 1
                self._used.notify_all()

    def close(self) -> None:
        """Let go of the folder, once nobody uses the client any more."""
        with self._used:
            client, self._client = self._client, None
            claim, self._claim = self._claim, None
            self._used.wait_for(lambda: not self._users, CLOSE_S)
        if client is not None:
            client.close()
        if claim is not None:
            claim.release()


class VectorIndex:
    """The vectors of all chunks, by reading group.

    `embedding` names the model that made the vectors: another model has collections of its own.
    Calls for a group that has no vectors yet answer as for an empty one.
    """

    def __init__(self, store: ChromaStore, embedding: str, prefix: str = CHUNKS) -> None:
        """`prefix` keeps the collections of different things apart; those of one index share it."""
        self._store = store
        self._prefix = prefix
        self.embedding = embedding
        self._collections: dict[str, ChromaCollection] = {}

    def upsert(self, group: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Add or replace; `vectors` is float32[len(ids), dim], of length one each."""
        with self._collection(group, create=True) as collection:
            assert collection is not None  # noqa: S101 - for the type checker: it was just made
            for start in range(0, len(ids), PAGE):
                batch = [str(i) for i in ids[start : start + PAGE]]
                collection.upsert(ids=batch, embeddings=vectors[start : start + PAGE])

    def delete(self, group: str, ids: Sequence[int]) -> None:
        """Remove; ids that are not there do no harm."""
        with self._collection(group) as collection:
            if collection is None:
                return
            for start in range(0, len(ids), PAGE):
                collection.delete(ids=[str(i) for i in ids[start : start + PAGE]])

    def query(self, groups: Collection[str], vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """The nearest chunks in these groups as (chunk id, cosine), best first."""
        found: list[tuple[int, float]] = []
        for group in sorted(groups):
            with self._collection(group) as collection:
                if collection is not None:
                    found.extend(_nearest(collection, vector, limit))
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def vectors(self, groups: Collection[str], ids: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors of these chunks: float32[dim] for each id that is in one of the groups."""
        found: dict[int, Vectors] = {}
        for group in sorted(groups):
            missing = [str(i) for i in ids if i not in found]
            with self._collection(group) as collection:
                for start in range(0, len(missing) if collection is not None else 0, PAGE):
                    found.update(_vectors(collection, missing[start : start + PAGE]))
        return found

    def ids(self, group: str) -> Iterator[int]:
        """All chunk ids of a group, read page by page."""
        offset, page = 0, self._page(group, 0)
        while page:
            yield from page
            offset += PAGE
            page = self._page(group, offset) if len(page) == PAGE else []

    def count(self, group: str) -> int:
        """How many vectors a group has."""
        with self._collection(group) as collection:
            return 0 if collection is None else int(collection.count())

    def drop(self, group: str) -> None:
        """Remove a group's collection with all that it holds; one that is not there does no harm."""
        from chromadb.errors import NotFoundError

        self.forget(group)
        with self._store.open() as client, suppress(NotFoundError):
            client.delete_collection(self._prefix + _collection_name(group, self.embedding))

    def forget(self, group: str) -> None:
        """Ask for the group's collection anew: another process may have removed and remade it."""
        self._collections.pop(group, None)

    def drop_other_embeddings(self) -> None:
        """Delete the collections that another embedding model filled."""
        with self._store.open() as client:
            for collection in client.list_collections():
                made_by = (collection.metadata or {}).get("embedding")
                if collection.name.startswith(self._prefix) and made_by != self.embedding:
                    client.delete_collection(collection.name)

    def _page(self, group: str, offset: int) -> list[int]:
        with self._collection(group) as collection:
            found = None if collection is None else collection.get(limit=PAGE, offset=offset, include=[])
            return [int(key) for key in found["ids"]] if found else []

    @contextmanager
    def _collection(self, group: str, create: bool = False) -> Iterator[ChromaCollection | None]:
        with self._store.open() as client:
            yield self._found(client, group, create)

    def _found(self, client: Client, group: str, create: bool) -> ChromaCollection | None:
        known = self._collections.get(group)
        if known is not None:
            return known
        from chromadb.errors import NotFoundError

        name = self._prefix + _collection_name(group, self.embedding)
        if create:
            found = client.get_or_create_collection(
                name,
                configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
                metadata={"group": group, "embedding": self.embedding},
                embedding_function=None,
            )
        else:
            try:
                found = client.get_collection(name, embedding_function=None)
            except NotFoundError:
                return None
        self._collections[group] = found
        return found


def _vectors(collection: Any, ids: Sequence[str]) -> dict[int, Vectors]:
    rows = collection.get(ids=ids, include=["embeddings"])
    pairs = zip(rows["ids"], rows["embeddings"], strict=True)
    return {int(key): np.asarray(row, dtype=np.float32) for key, row in pairs}


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
