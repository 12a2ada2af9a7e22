"""From files to searchable documents: load, split, stage, embed, swap, purge.

Files go through in windows of a few hundred chunks: embedding is nine tenths of the work and is
quickest in large batches of like length, and while one window is embedded the next is being read.
A document is either as it was or wholly new at every moment; see `versions.py`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.errors import AnswerdeskError, BadInput, Cancelled
from core.knowledge.embedding import (
    CallableEmbedder,
    Embedder,
    TokenEmbedder,
    Vectors,
    clearance_of,
    on_behalf,
)
from core.knowledge.progress import Progress, Tracker
from core.knowledge.sources import Source
from core.knowledge.token_codes import token_codes
from core.knowledge.vector_index import VectorIndex
from core.knowledge.versions import Draft, Staged, Versions
from core.types import ChunkSpan, Errand, LoadedDocument

log = logging.getLogger(__name__)

# The first window is small, so that embedding begins at once; each next one is twice as large, because
# the more texts there are to sort by length, the less is padded.
FIRST_WINDOW_CHUNKS = 96
WINDOW_CHUNKS = 768
WINDOW_FILES = 128
SLICE_CHUNKS = 64
_AT_HOME = Errand("")


class Outcome(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file's outcome; `reason` is a sentence when it was refused."""

    name: str
    outcome: Outcome
    reason: str = ""
    pages: int = 0
    chunk_count: int = 0


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a chunk's text became: its vector, float32[dim], and its token codes if they are kept."""

    vector: Vectors
    codes: bytes | None


class Ingestion:
    """Brings sources into the knowledge base.

    `reader` also gives the token codes that the embedded reranker needs, None if nobody does;
    `load` reads a file, `split` cuts a document into spans, `analyse` gives a text's index terms,
    `published` is called after each swap so that the keyword index follows; all may be called
    from worker threads. `timer` is a monotonic clock in seconds.
    """

    def __init__(
        self,
        versions: Versions,
        vectors: VectorIndex,
        embedder: Embedder,
        load: Callable[[str, bytes], LoadedDocument],
        split: Callable[[LoadedDocument], Sequence[ChunkSpan]],
        analyse: Callable[[str], Sequence[str]],
        published: Callable[[], None],
        upload_bytes: int,
        reader: TokenEmbedder | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._versions = versions
        self._vectors = vectors
        self._embedder = embedder
        self._load = load
        self._split = split
        self._analyse = analyse
        self._published = published
        self._upload_bytes = upload_bytes
        self._reader = reader
        self._timer = timer

    def recover(self, alone: bool) -> int:
        """Clean up after processes that died; returns how many half-made versions were dropped.

        `alone` says that no other process can be ingesting now.
        """
        dropped = self._versions.discard_abandoned(all_of_them=alone)
        self.purge()
        return dropped

    def purge(self) -> None:
        """Delete from the vector store what no current version needs any more."""
        for purge in self._versions.pending_purges():
            self._vectors.delete(purge.group, purge.chunk_ids)
            self._versions.purged(purge)

    def run(
        self,
        sources: Sequence[Source],
        origin: str,
        created_by: int | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[FileReport]:
        """Ingest the sources, reporting each as it becomes searchable or is refused.

        When `cancelled` turns true the window at hand is dropped and Cancelled is raised; what was
        reported stays. Running the same sources again goes on where it stopped.
        """
        sizes = {source.name: source.byte_count for source in sources}
        tracker = Tracker(sizes, on_progress, self._timer)
        windows = self._windows(sources, origin, created_by, tracker, cancelled)
        with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
            ahead = reader.submit(next, windows, None)
            while (window := ahead.result()) is not None:
                ahead = reader.submit(next, windows, None)
                for report in self._ingest(window, tracker, cancelled):
                    tracker.done(report.pages)
                    yield report
        self.purge()

    def remove(self, document_id: int, removed_by: int | None = None) -> None:
        """Delete a document and everything that was derived from it."""
        self._versions.delete(document_id, removed_by)
        self._published()
        self.purge()

    def remove_missing(self, origin: str, names: Iterable[str]) -> Iterator[FileReport]:
        """Delete the documents of this origin that are not among the names."""
        kept = set(names)
        for name, document_id in self._versions.names(origin).items():
            if name not in kept:
                self.remove(document_id)
                yield FileReport(name, Outcome.REMOVED)

    def _windows(
        self,
        sources: Sequence[Source],
        origin: str,
        created_by: int | None,
        tracker: Tracker,
        cancelled: Callable[[], bool],
    ) -> Iterator[_Window]:
        window = _Window([], [])
        names: set[str] = set()
        for source in sources:
            if cancelled():
                raise Cancelled("Stopped. What was finished stays; start again to go on.")
            tracker.reading(source.name)
            if source.name in names:
                window.add(FileReport(source.name, Outcome.REFUSED, "Two of these files have the same name."))
            else:
                prepared = self._prepare(source, origin, created_by)
                window.add(prepared)
                tracker.read(source.name, _chars(prepared))
            names.add(source.name)
            if window.is_full:
                yield window
                window = _Window([], [], min(2 * window.most_chunks, WINDOW_CHUNKS))
        yield window

    def _prepare(self, source: Source, origin: str, created_by: int | None) -> Draft | FileReport:
        try:
            if source.byte_count > self._upload_bytes:
                raise BadInput(
                    f"The file is larger than {self._upload_bytes // 1_000_000} MB. "
                    "Split it and upload the parts."
                )
            if source.data_class > clearance_of(self._embedder):
                raise BadInput(
                    f"The document is {source.data_class.word}, and the embedding model may not see such a "
                    "text. An administrator can clear it in the models file, or use the embedded model."
                )
            content = source.read()
            digest = hashlib.sha256(content).hexdigest()
            if self._versions.unchanged(source.name, digest, source.readership.key, source.data_class):
                return FileReport(source.name, Outcome.UNCHANGED)
            loaded = self._load(source.name, content)
            spans = self._split(loaded)
        except OSError as exc:
            return FileReport(source.name, Outcome.REFUSED, f"The file cannot be read ({exc.strerror}).")
        except AnswerdeskError as exc:
            log.info("refused %s: %s", source.name, exc, exc_info=exc.__cause__)
            return FileReport(source.name, Outcome.REFUSED, str(exc))
        return Draft(
            name=source.name,
            content=content,
            sha256=digest,
            loaded=loaded,
            spans=spans,
            terms=[self._analyse(span.indexed_text) for span in spans],
            readers=source.readership.key,
            department=source.department,
            origin=origin,
            owner_id=source.owner_id,
            created_by=created_by,
            data_class=source.data_class,
        )

    def _ingest(self, window: _Window, tracker: Tracker, cancelled: Callable[[], bool]) -> list[FileReport]:
        results = self._versions.stage(window.drafts)
        pairs = [(d, s) for d, s in zip(window.drafts, results, strict=True) if s is not None]
        staged = [s for _, s in pairs]
        try:
            self._store_vectors(pairs, tracker, cancelled)
            self._versions.swap(staged)
        except BaseException:
            # Whatever went wrong, an interrupt included: nothing half-made stays behind.
            self._versions.discard(staged)
            self.purge()
            raise
        self._published()
        skipped = [
            FileReport(d.name, Outcome.UNCHANGED)
            for d, s in zip(window.drafts, results, strict=True)
            if s is None
        ]
        return [*window.reports, *skipped, *(_report(draft, staged) for draft, staged in pairs)]

    def _store_vectors(
        self, pairs: Sequence[tuple[Draft, Staged]], tracker: Tracker, cancelled: Callable[[], bool]
    ) -> None:
        known = [self._known(staged) for _, staged in pairs]
        texts = [
            (span.indexed_text, self._errand(draft))
            for (draft, _), have in zip(pairs, known, strict=True)
            for span in draft.spans
            if span.indexed_text not in have
        ]
        # A text that stands in two documents is as sensitive as the more sensitive one.
        errands = dict(sorted(texts, key=lambda pair: pair[1].data_class))
        tracker.spared(sum(_chars(draft) for draft, _ in pairs) - sum(map(len, errands)))
        embedded: dict[str, Embedded] = {}
        for part, errand in _slices(errands):
            if cancelled():
                raise Cancelled("Stopped. What was finished stays; start again to go on.")
            embedded.update(zip(part, self._embed(part, errand), strict=True))
            self._versions.renew([staged for _, staged in pairs])
            tracker.embedded(sum(map(len, part)))
        codes: dict[int, bytes] = {}
        for (draft, staged), have in zip(pairs, known, strict=True):
            made = [(have | embedded)[span.indexed_text] for span in draft.spans]
            if made:
                self._vectors.upsert(staged.readers, staged.chunk_ids, np.stack([m.vector for m in made]))
            codes |= {i: m.codes for i, m in zip(staged.chunk_ids, made, strict=True) if m.codes}
        self._versions.keep_token_codes(codes)

    def _errand(self, draft: Draft) -> Errand:
        """On whose behalf a document's texts are embedded; one for all where nothing leaves the process."""
        if not isinstance(self._embedder, CallableEmbedder):
            return _AT_HOME
        return Errand(draft.department, draft.created_by, data_class=draft.data_class)

    def _embed(self, texts: Sequence[str], errand: Errand) -> list[Embedded]:
        embedder = on_behalf(self._embedder, errand)
        if self._reader is None:
            return [Embedded(vector, None) for vector in embedder.embed_texts(texts)]
        if self._reader is self._embedder:
            vectors, tokens = self._reader.embed_both(texts)
        else:
            vectors, tokens = embedder.embed_texts(texts), self._reader.embed_tokens(texts)
        return [Embedded(vector, token_codes(t)) for vector, t in zip(vectors, tokens, strict=True)]

    def _known(self, staged: Staged) -> dict[str, Embedded]:
        """What the current version has, by indexed text: an unchanged passage is not embedded again."""
        group, chunks = self._versions.current_chunks(staged.document_id)
        vectors = self._vectors.vectors([group], [chunk.id for chunk in chunks.values()]) if chunks else {}
        return {
            text: Embedded(vectors[chunk.id], chunk.token_codes)
            for text, chunk in chunks.items()
            if chunk.id in vectors
        }


@dataclass(slots=True)
class _Window:
    drafts: list[Draft]
    reports: list[FileReport]
    most_chunks: int = FIRST_WINDOW_CHUNKS

    def add(self, prepared: Draft | FileReport) -> None:
        if isinstance(prepared, Draft):
            self.drafts.append(prepared)
        else:
            self.reports.append(prepared)

    @property
    def is_full(self) -> bool:
        return (
            sum(len(draft.spans) for draft in self.drafts) >= self.most_chunks
            or len(self.drafts) + len(self.reports) >= WINDOW_FILES
        )


def _chars(prepared: Draft | FileReport) -> int:
    return sum(len(span.indexed_text) for span in prepared.spans) if isinstance(prepared, Draft) else 0


def _slices(errands: Mapping[str, Errand]) -> Iterator[tuple[list[str], Errand]]:
    """The texts of each errand in slices of like length, so that little is padded.

    Each is a point to stop and to report at.
    """
    for errand in dict.fromkeys(errands.values()):
        order = sorted((text for text, own in errands.items() if own == errand), key=len, reverse=True)
        for start in range(0, len(order), SLICE_CHUNKS):
            yield order[start : start + SLICE_CHUNKS], errand


def _report(draft: Draft, staged: Staged) -> FileReport:
    outcome = Outcome.ADDED if staged.number == 1 else Outcome.REPLACED
    return FileReport(draft.name, outcome, "", draft.loaded.pages or 0, len(draft.spans))
