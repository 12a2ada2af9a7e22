"""A small company with a review queue, without models and indexes: for contract tests and the bench."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import httpx
from limits.strategies import MovingWindowRateLimiter

from core.answering.answer import Answer, Outcome
from core.answering.citations import Citation
from core.answering.confidence import Signs
from core.conversations import Conversations, StoredMessage
from core.database import Database
from core.gateway.local_counters import LocalCounters
from core.identity import Identity, NewPerson
from core.journal.journal import Journal
from core.knowledge.catalog import Catalog
from core.knowledge.embedding import Embedder
from core.knowledge.versions import Draft, Versions
from core.review.indexing import ReadingFor
from core.review.intake import Handed
from core.review.memory import Memory
from core.review.queue import Lease
from core.review.reviews import Reviews, build_reviews
from core.review.tasks import NewTask, TaskFinding
from core.semantic_cache.audiences import is_about_oneself
from core.settings import ReviewSettings
from core.types import Chunk, ChunkSpan, DataClass, LoadedDocument, Passage, Person, Role, Section
from tests.conftest import add_departments

QUESTION = "How many days of leave may be carried over?"


@dataclass
class WordCheck:
    """Finds fault with every sentence that holds the word."""

    word: str = "unsupported"
    seen: list[str] = field(default_factory=list)

    def __call__(self, text: str, evidence: Sequence[Passage]) -> list[TaskFinding]:
        self.seen.append(text)
        sentences = [sentence for sentence in text.split(". ") if self.word in sentence]
        return [TaskFinding("support", "high", "block", each, "No source says it.") for each in sentences]


class House:
    """People, documents, conversations and the queue over one database."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        settings: ReviewSettings | None = None,
        client: httpx.Client | None = None,
        embedder: Embedder | None = None,
        memory: Memory | None = None,
        reading: ReadingFor | None = None,
    ) -> None:
        self.database = database
        limiter = MovingWindowRateLimiter(LocalCounters())
        self.identity = Identity(database, clock, limiter, 3, timedelta(days=1))
        add_departments(self.identity)
        self.conversations = Conversations(database, clock)
        self.journal = Journal(database, clock)
        self.catalog = Catalog(database)
        self.versions = Versions(database, "model-a", clock)
        self.check = WordCheck()
        self.reviews: Reviews = build_reviews(
            database,
            clock,
            self.journal,
            self.catalog,
            self.check,
            settings or ReviewSettings(),
            client or httpx.Client(),
            embedder,
            memory,
            lambda text: {"text": text.replace("Otto", "NAME")},
            reading,
            is_about_oneself,
        )

    def person(self, name: str, department: str, *roles: Role) -> Person:
        """Without a password: making one takes a tenth of a second."""
        return self.identity.put_person(
            NewPerson(f"{name}@fennwick.example", name.title(), department, frozenset(roles))
        )

    def document(
        self,
        name: str,
        text: str,
        readers: str = "*",
        department: str = "people",
        data_class: DataClass = DataClass.INTERNAL,
    ) -> Passage:
        """Store a document, or its next version, and give its only passage."""
        loaded = LoadedDocument(name, text, (Section((), None, 0, len(text)),), None)
        span = ChunkSpan((), None, 0, len(text), text, text)
        kind = (readers, department, "upload", None, None)
        draft = Draft(name, text.encode(), text, loaded, [span], [text.split()], *kind, data_class=data_class)
        [staged] = [each for each in self.versions.stage([draft]) if each is not None]
        self.versions.swap([staged])
        chunk = Chunk(
            staged.chunk_ids[0],
            staged.document_id,
            staged.version_id,
            name,
            staged.number,
            readers,
            (),
            None,
            0,
            len(text),
            text,
            text,
            data_class,
        )
        return Passage(chunk, 4.0, 0.8, 0.7)

    def flag(
        self,
        asker: Person,
        *passages: Passage,
        question: str = QUESTION,
        text: str = "Five days [1].",
        confidence: float | None = 0.4,
        findings: tuple[TaskFinding, ...] = (),
        conversation: int | None = None,
        signs: Signs | None = None,
        shown: Answer | None = None,
    ) -> Handed:
        """A question that was asked and handed over with a draft that cites the first passage."""
        conversation = conversation or self.conversations.start(asker, question)
        trace = uuid.uuid4().hex
        self.conversations.add(asker, conversation, "person", question, trace)
        new = NewTask(trace, question, drafted(text, question, *passages), findings, confidence, passages)
        new = replace(new, signs=signs, shown=shown)
        return self.reviews.intake.hand_over(asker, conversation, new)

    def answered(
        self, asker: Person, *passages: Passage, text: str = "Five days [1].", given: Answer | None = None
    ) -> StoredMessage:
        """A question that was asked and answered by the program."""
        conversation = self.conversations.start(asker, QUESTION)
        trace = uuid.uuid4().hex
        self.conversations.add(asker, conversation, "person", QUESTION, trace)
        answer = given or drafted(text, QUESTION, *passages)
        self.conversations.add(asker, conversation, "assistant", answer.text, trace, answer.to_json())
        return self.conversations.messages(asker, conversation)[-1]

    def message(self, asker: Person, handed: Handed) -> StoredMessage:
        """The asker's message of a task, as the chat reads it."""
        for conversation in self.conversations.list(asker):
            for message in self.conversations.messages(asker, conversation.id):
                if message.id == handed.message_id:
                    return message
        raise AssertionError("the message is not there")

    def context_of(self, asker: Person) -> tuple[StoredMessage, ...]:
        """The newest conversation of the asker."""
        return self.conversations.messages(asker, self.conversations.list(asker)[0].id)

    def claim(self, reviewer: Person, handed: Handed) -> Lease:
        return self.reviews.queue.claim(reviewer, handed.task_id)

    def acts(self) -> list[str | None]:
        """What the journal knows of reviews, oldest first."""
        return [entry.outcome for entry in reversed(self.journal.search()) if entry.kind == "review"]


def drafted(text: str, question: str, *passages: Passage) -> Answer:
    citations = tuple(cite(number, passage) for number, passage in enumerate(passages[:1], 1))
    return Answer(Outcome.ANSWERED, text, citations, question, 0.5, "scripted", "fake")


def cite(number: int, passage: Passage) -> Citation:
    chunk = passage.chunk
    place = (chunk.version_id, chunk.version, chunk.title, chunk.heading_path, chunk.page)
    return Citation(number, chunk.id, chunk.document_id, *place, chunk.start, chunk.end)
