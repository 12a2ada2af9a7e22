"""The words of the house: plain values that every room shares.

Money is integer micro-dollars, time is UTC, character offsets count Unicode code points of a
document version's text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What a person may do, beyond reading and asking."""

    EMPLOYEE = "employee"
    OWNER = "owner"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class DataClass(IntEnum):
    """How sensitive a text is, and how sensitive a text a deployment may see: the higher, the more."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3

    @classmethod
    def named(cls, word: str) -> DataClass:
        """The class of this name, in letters of any size; raises ValueError that lists the names."""
        try:
            return cls[word.strip().upper()]
        except KeyError:
            known = ", ".join(item.word for item in cls)
            raise ValueError(f"{word!r} is not one of {known}") from None

    @property
    def word(self) -> str:
        """Its name as files and the database have it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Errand:
    """On whose behalf a text goes to a model, and how sensitive the text is.

    `person_id` is None for what nobody asked for, `trace_id` empty where no question is under way.
    """

    department: str
    person_id: int | None = None
    trace_id: str = ""
    data_class: DataClass = DataClass.INTERNAL


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. Department and roles come from the identity, never from a form."""

    id: int
    email: str
    name: str
    department: str
    roles: frozenset[Role]

    def has(self, role: Role) -> bool:
        """Whether this person holds the role."""
        return role in self.roles


@dataclass(frozen=True, slots=True)
class Readership:
    """Who may read a document: the people of the named departments, or everyone.

    `departments` is None for everyone; an empty set admits nobody.
    """

    departments: frozenset[str] | None

    @classmethod
    def everyone(cls) -> Readership:
        """The readership that admits all."""
        return cls(None)

    @classmethod
    def of(cls, departments: Iterable[str]) -> Readership:
        """The readership that admits the named departments."""
        return cls(frozenset(departments))

    @classmethod
    def from_key(cls, key: str) -> Readership:
        """The inverse of `key`."""
        return cls.everyone() if key == "*" else cls(frozenset(filter(None, key.split("+"))))

    @property
    def key(self) -> str:
        """A stable text form: `*` for everyone, otherwise the sorted ids joined by `+`.

        Documents of equal readership form one reading group; the key names it in the database
        and in both indexes.
        """
        return "*" if self.departments is None else "+".join(sorted(self.departments))

    def admits(self, person: Person) -> bool:
        """Whether this person may read."""
        return self.departments is None or person.department in self.departments


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document's text below one heading and on one page.

    `start` and `end` are character offsets into the text; `page` counts from 1 and is None where
    the format has no pages; `heading_path` runs from the outermost heading to the innermost.
    """

    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """What a loader read from a file: its canonical text and how that text is laid out.

    The sections are in order, do not overlap, and cover all text that is worth indexing. A table
    row stands on a line of its own as `Header: value; Header: value`, so that it can be quoted
    and understood alone.
    """

    title: str
    text: str
    sections: tuple[Section, ...]
    pages: int | None


@dataclass(frozen=True, slots=True)
class ChunkSpan:
    """A stretch of a document's text that is indexed and cited as one.

    `text` is the document's text from `start` to `end`; `indexed_text` is what the embedder and
    the keyword index read: title and heading path, then the text.
    """

    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str
    indexed_text: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored chunk of a current document version, or a verified answer in the form of one.

    `readers` is its reading group's key, `data_class` how sensitive its document is.
    """

    id: int
    document_id: int
    version_id: int
    title: str
    version: int
    readers: str
    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str
    indexed_text: str
    data_class: DataClass = DataClass.INTERNAL
    verified: VerifiedText | None = None

    @property
    def kind(self) -> str:
        """What is retrieved here: "document", or "verified" for a person's answer."""
        return "document" if self.verified is None else "verified"


@dataclass(frozen=True, slots=True)
class VerifiedText:
    """What makes a chunk a person's answer: which one (its id), by whom, when (ISO), and its sources.

    Such a chunk has an id below 0, the question as its title, and no place in a document: `start` and
    `end` count in the answer. Its document and version are those of the first source. `sources` are
    chunks of current versions, at least one of each document that the answer is bound to.
    """

    id: int
    by: str
    at: str
    sources: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk with its scores, best first in a retrieval.

    `bm25` is the keyword score (0 when no term matches), `cosine` the similarity of the
    embeddings in [-1, 1], `score` the number the ranking was made by (comparable only within
    one retrieval).
    """

    chunk: Chunk
    bm25: float
    cosine: float
    score: float


def highest_class(passages: Iterable[Passage]) -> DataClass:
    """How sensitive a text made of these passages and a question is; a question alone is internal."""
    return max([DataClass.INTERNAL, *(passage.chunk.data_class for passage in passages)])
