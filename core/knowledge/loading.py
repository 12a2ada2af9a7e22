"""Loading: the bytes of an uploaded file to a document with canonical text and sections."""

from __future__ import annotations

from core.errors import UnreadableFile
from core.knowledge.loaders.reading import Reading, document
from core.knowledge.loaders.sniffing import EXTENSIONS, READABLE, Format, format_of
from core.types import LoadedDocument

__all__ = ["EXTENSIONS", "MAX_FILE_BYTES", "READABLE", "load"]

MAX_FILE_BYTES = 100 * 1024 * 1024
_MOST_NESTED_MAILS = 2
_DAMAGED = "The file is damaged: open it in its program, save it again and upload that copy."


def load(name: str, content: bytes) -> LoadedDocument:
    """Read a file of any readable format, found by its name and its bytes.

    Raises UnreadableFile, whose message says what to do, for a file that is encrypted, empty,
    scanned, damaged, too large to be opened safely or of another type. Nothing else is raised,
    nothing is fetched, and no macro or external entity is followed.
    """
    if len(content) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // (1024 * 1024)
        raise UnreadableFile(f"The file is larger than {limit} MB: split it and upload the parts.")
    return document(_read(name, content, _MOST_NESTED_MAILS), name)


def _read(name: str, content: bytes, mails_left: int) -> Reading:
    try:
        return _read_as(format_of(name, content), content, mails_left)
    except UnreadableFile:
        raise
    except Exception as error:  # the border to parsers, which raise anything on damaged bytes
        raise UnreadableFile(_DAMAGED) from error


def _read_as(kind: Format, content: bytes, mails_left: int) -> Reading:
    """Each reader is imported when its format first comes up: some take a second to import."""
    match kind:
        case Format.PDF:
            from core.knowledge.loaders.pdf import read_pdf

            return read_pdf(content)
        case Format.WORD:
            from core.knowledge.loaders.word import read_word

            return read_word(content)
        case Format.SLIDES:
            from core.knowledge.loaders.slides import read_slides

            return read_slides(content)
        case Format.SHEET:
            from core.knowledge.loaders.sheets import read_sheets

            return read_sheets(content)
        case Format.CSV:
            from core.knowledge.loaders.sheets import read_csv

            return read_csv(content)
        case Format.HTML:
            from core.knowledge.loaders.markup import read_html

            return read_html(content)
        case Format.MARKDOWN:
            from core.knowledge.loaders.markdown import read_markdown

            return read_markdown(content)
        case Format.TEXT:
            from core.knowledge.loaders.plain import read_text

            return read_text(content)
        case Format.MAIL:
            from core.knowledge.loaders.mail import read_mail

            if mails_left == 0:
                raise UnreadableFile("The e-mails are nested too deeply: upload the inner one itself.")
            return read_mail(content, lambda name, inner: _read(name, inner, mails_left - 1))
