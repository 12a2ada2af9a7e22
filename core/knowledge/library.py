"""What people may do with documents: upload, sync a folder, change readers, delete."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput, NotAllowed
from core.journal.entries import Record
from core.knowledge.catalog import Catalog, DocumentInfo, may_manage
from core.knowledge.document_records import synced
from core.knowledge.ingestion import FileReport, Ingestion
from core.knowledge.progress import Progress
from core.knowledge.retrieval import Retriever
from core.knowledge.sources import Owner, Source, folder_sources, upload_name
from core.knowledge.vector_index import VectorIndex
from core.types import DataClass, Person, Readership, Role

log = logging.getLogger(__name__)

UPLOAD = "upload"
FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a person gives it."""

    file_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DeletionProof:
    """What a probe found after a deletion: nothing of the document, if all is well."""

    title: str
    versions_left: int
    chunks_left: int
    vectors_left: int
    answers_left: int
    found_by_search: bool

    @property
    def clean(self) -> bool:
        """Whether nothing remains."""
        left = self.versions_left or self.chunks_left or self.vectors_left or self.answers_left
        return not (left or self.found_by_search)


class Library:
    """Changes to the knowledge base, each checked against the person who asks for it.

    `forget` takes kept answers that rest on a document out of use, and says how many remain.
    """

    def __init__(
        self,
        catalog: Catalog,
        ingestion: Ingestion,
        vectors: VectorIndex,
        retriever: Retriever,
        departments: Callable[[], frozenset[str]],
        owner_of: Callable[[str], Owner | None],
        sync_dir: Path | None,
        record: Callable[[Record], object],
        forget: Callable[[int], int],
    ) -> None:
        self._forget = forget
        self._catalog = catalog
        self._ingestion = ingestion
        self._vectors = vectors
        self._retriever = retriever
        self._departments = departments
        self._owner_of = owner_of
        self.sync_dir = sync_dir
        self._record = record

    def upload_sources(
        self,
        person: Person,
        uploads: Sequence[Upload],
        readership: Readership,
        data_class: DataClass | None = None,
    ) -> list[Source]:
        """The uploads as sources, for `ingest`; raises NotAllowed or BadInput.

        Without a `data_class` a document keeps the one it has, and a new one is internal.
        """
        _require_owner(person)
        self._check_readership(readership)
        named = [(upload_name(person.department, upload.file_name), upload) for upload in uploads]
        return [
            Source(
                name=name,
                readership=readership,
                department=person.department,
                owner_id=person.id,
                byte_count=len(upload.content),
                read=lambda content=upload.content: content,  # type: ignore[misc]
                data_class=self._catalog.data_class_of(name) if data_class is None else data_class,
            )
            for name, upload in named
        ]

    def ingest(
        self,
        person: Person,
        sources: Sequence[Source],
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[FileReport]:
        """Bring uploaded sources in; see `Ingestion.run`."""
        _require_owner(person)
        for source in sources:
            if not may_manage(person, source.department):
                raise NotAllowed("You may only add documents for your own department.")
        yield from self._ingestion.run(sources, UPLOAD, person.id, on_progress, cancelled)

    def sync(
        self,
        person: Person,
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[FileReport]:
        """Make the knowledge base equal to the configured folder: new, changed, removed files."""
        if not person.has(Role.ADMINISTRATOR):
            raise NotAllowed("Only an administrator may sync the folder.")
        if self.sync_dir is None:
            raise BadInput("No folder is configured: set ANSWERDESK_SYNC_DIR.")
        counts: Counter[str] = Counter()
        finished = False
        try:
            for report in self.sync_folder(self.sync_dir, FOLDER, on_progress, cancelled):
                counts[report.outcome.value] += 1
                yield report
            finished = True
        finally:
            self._record(synced(uuid.uuid4().hex, person, counts, finished))

    def sync_folder(
        self,
        folder: Path,
        origin: str,
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[FileReport]:
        """The same for any folder with a manifest; for the program itself, which has no person."""
        sources = list(folder_sources(folder, self._owner_of))
        for source in sources:
            self._check_readership(source.readership)
        yield from self._ingestion.run(sources, origin, None, on_progress, cancelled)
        yield from self._ingestion.remove_missing(origin, [source.name for source in sources])

    def reembed(self) -> Iterator[FileReport]:
        """Make vectors anew for documents whose vectors came from another embedding model."""
        for info in self._catalog.outdated(self._vectors.embedding):
            origin, owner = self._catalog.keeping(info.id)
            yield from self._ingestion.run([self._stored_source(info, info.readership, owner)], origin, None)
        self._vectors.drop_other_embeddings()

    def change_readers(self, person: Person, document_id: int, readership: Readership) -> FileReport:
        """Let others read a document: it becomes a new version, whose vectors are taken over."""
        info = self._managed(person, document_id)
        self._check_readership(readership)
        origin, owner = self._catalog.keeping(document_id)
        if origin == FOLDER:
            raise BadInput(
                "This document comes from a synced folder: change its readers in the manifest there."
            )
        source = self._stored_source(info, readership, owner)
        return next(iter(self._ingestion.run([source], origin, person.id)))

    def delete(self, person: Person, document_id: int) -> DeletionProof:
        """Delete a document for good and prove it."""
        info = self._managed(person, document_id)
        group = info.readership.key
        chunk_ids = self._catalog.chunk_ids(info.version_id)
        self._ingestion.remove(document_id, person.id)
        log.info("document %s deleted by person %s", document_id, person.id)
        return DeletionProof(
            title=info.title,
            versions_left=self._catalog.version_count(document_id),
            chunks_left=len(self._catalog.chunks(chunk_ids)),
            vectors_left=len(self._vectors.vectors([group], chunk_ids)),
            answers_left=self._forget(document_id),
            found_by_search=self._finds(person, document_id, info.title),
        )

    def _stored_source(self, info: DocumentInfo, readership: Readership, owner: int | None) -> Source:
        version = info.version_id
        return Source(
            info.name,
            readership,
            info.department,
            owner,
            info.byte_count,
            lambda: self._catalog.content(version),
            info.data_class,
        )

    def _finds(self, person: Person, document_id: int, title: str) -> bool:
        found = self._retriever.search(title, person).passages
        return any(passage.chunk.document_id == document_id for passage in found)

    def _managed(self, person: Person, document_id: int) -> DocumentInfo:
        info = self._catalog.document(person, document_id)
        if not may_manage(person, info.department):
            raise NotAllowed("Only the owners of this department's documents may change this one.")
        return info

    def _check_readership(self, readership: Readership) -> None:
        if readership.departments is None:
            return
        if not readership.departments:
            raise BadInput("Choose who may read: everyone, or at least one department.")
        unknown = readership.departments - self._departments()
        if unknown:
            raise BadInput(f"There is no department {min(unknown)}.")


def _require_owner(person: Person) -> None:
    if not (person.has(Role.OWNER) or person.has(Role.ADMINISTRATOR)):
        raise NotAllowed("Only document owners may add documents.")
