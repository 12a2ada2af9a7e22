"""PDF to blocks: langchain-community's pypdf parser reads the pages, `pdf_layout` their layout."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from core.errors import UnreadableFile
from core.knowledge.loaders.pdf_layout import page_lines, without_running_lines
from core.knowledge.loaders.pdf_paragraphs import blocks_of
from core.knowledge.loaders.pdf_tables import Piece
from core.knowledge.loaders.reading import Reading

if TYPE_CHECKING:
    from langchain_core.documents import Document

MAX_PAGES = 3_000
MAX_SECONDS = 120.0
"""How long reading one file may take; damaged files can keep a parser busy without end."""

_ENCRYPTED = "The file is encrypted: save it without a password and upload it again."
_SCANNED = (
    "The file holds pictures of pages but no text: run text recognition (OCR) on it, "
    "or export it from the program it was written in, and upload that."
)
_TOO_LONG = "The file takes too long to read: print it to a new PDF, or split it, and upload that."


def read_pdf(content: bytes) -> Reading:
    """The paragraphs and headings of every page; raises UnreadableFile for encrypted or scanned files."""
    password = _checked_password(content)
    pieces: list[Piece] = []
    pages: list[list[Piece]] = []
    title: str | None = None
    check_time = _deadline()
    for page in _pages(content, password, _collector(pieces), check_time):
        check_time()  # parsing a page takes its time before the first of its operators is visited
        pages.append(pieces[:])
        pieces.clear()
        title = str(page.metadata.get("title") or "")
    drawn = [page_lines(page, number) for number, page in enumerate(pages, 1)]
    lines = without_running_lines(drawn)
    if not any(lines) and not _has_pictures(content):
        lines = drawn  # a few words, the same on every page, are all there is
    if not any(lines):
        raise UnreadableFile(_SCANNED)
    # Programs put file names here; a title that people wrote has words.
    return Reading(blocks_of(lines), title=title if title and " " in title else None, pages=len(pages))


def _checked_password(content: bytes) -> str | None:
    """The password to read with: the empty one, or None for a file without encryption."""
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(content))
    # Many files are encrypted with an empty password, only to forbid printing: those open.
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableFile(_ENCRYPTED)
    if len(reader.pages) > MAX_PAGES:
        raise UnreadableFile(f"The file has more than {MAX_PAGES:,} pages: split it and upload the parts.")
    return "" if reader.is_encrypted else None


def _has_pictures(content: bytes) -> bool:
    """Whether the first page draws a picture, as every page of a scan does."""
    import pypdf
    from pypdf.generic import DictionaryObject

    nothing = DictionaryObject()
    page = pypdf.PdfReader(io.BytesIO(content)).pages[0]
    resources: Any = page.get("/Resources", nothing).get_object()
    drawn: Any = resources.get("/XObject", nothing).get_object()
    return any(item.get_object().get("/Subtype") == "/Image" for item in drawn.values())


def _pages(
    content: bytes, password: str | None, visit_text: Callable[..., None], visit_operand: Callable[..., None]
) -> Iterator[Document]:
    """The pages one after the other, as langchain Documents; the visitor hears the text of each."""
    from langchain_core.documents.base import Blob

    with warnings.catch_warnings():
        # The import announces that langchain-community is no longer maintained; its PDF parser is
        # a thin wrapper of pypdf and reads as well as before.
        warnings.filterwarnings("ignore", "`langchain-community` is being sunset", DeprecationWarning)
        from langchain_community.document_loaders.parsers.pdf import PyPDFParser
    visitors = {"visitor_text": visit_text, "visitor_operand_before": visit_operand}
    parser = PyPDFParser(password=password, mode="page", extraction_kwargs=visitors)
    yield from parser.lazy_parse(Blob.from_data(content))


def _collector(pieces: list[Piece]) -> Callable[..., None]:
    """A visitor that keeps each run of text with its place and size on the page."""

    def visit(text: str, page: list[float], line: list[float], font: Any, size: float) -> None:
        x, y = (
            line[4] * page[0] + line[5] * page[2] + page[4],
            line[4] * page[1] + line[5] * page[3] + page[5],
        )
        scale = abs(line[3] * page[3]) or abs(line[1] * page[2]) or 1.0
        name = str((font or {}).get("/BaseFont", "")).lower()
        bold = any(weight in name for weight in ("bold", "black", "heavy", "semibold", "-bd"))
        pieces.append(Piece(text, x, y, size * scale, bold))

    return visit


def _deadline() -> Callable[..., None]:
    """A visitor that stops the reading once its time is over."""
    ends = time.monotonic() + MAX_SECONDS

    def visit(*_: object) -> None:
        if time.monotonic() > ends:
            raise UnreadableFile(_TOO_LONG)

    return visit
