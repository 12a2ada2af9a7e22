"""Which format a file is in, by its name and by its bytes."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath

from core.errors import UnreadableFile
from core.knowledge.loaders.archives import members
from core.knowledge.loaders.decoding import decoded


class Format(StrEnum):
    """The formats that are read; the value is how a person calls them."""

    PDF = "PDF"
    WORD = "Word"
    SLIDES = "PowerPoint"
    SHEET = "Excel"
    CSV = "CSV"
    HTML = "HTML"
    MARKDOWN = "Markdown"
    TEXT = "text"
    MAIL = "e-mail"


READABLE = "PDF, Word (.docx), PowerPoint (.pptx), Excel (.xlsx), CSV, HTML, Markdown, text or e-mail (.eml)"

EXTENSIONS = {
    ".pdf": Format.PDF,
    ".docx": Format.WORD,
    ".pptx": Format.SLIDES,
    ".pptm": Format.SLIDES,
    ".xlsx": Format.SHEET,
    ".xlsm": Format.SHEET,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".eml": Format.MAIL,
}
"""The extensions that are read, in lower case with their dot."""

_TEXTUAL = {Format.CSV, Format.HTML, Format.MARKDOWN, Format.TEXT, Format.MAIL}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "The file is encrypted: save it without a password and upload it again."
_EMPTY = "The file is empty: check that it is the right file and upload it again."
_UNKNOWN = f"This type of file is not read: upload it as {READABLE}."
_LEGACY = "This is an old Office format: open it and save it as .docx, .xlsx or .pptx, then upload that."
_ARCHIVE = "This is an archive: unpack it and upload the files that are in it."
_HTML_OPENING = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_MAIL_OPENING = re.compile(
    r"(?:Received|Return-Path|Delivered-To|MIME-Version|Message-ID|From|To|Date|Subject): ", re.I
)
_MAIL_PROOF = re.compile(r"^(?:MIME-Version|Message-ID|Received|Content-Type): ", re.I | re.M)


def format_of(name: str, content: bytes) -> Format:
    """The format to read a file in; raises UnreadableFile, with what to do, where there is none.

    The bytes decide over the name where they are sure; the name decides among kinds of text.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise UnreadableFile(_EMPTY)
    named = EXTENSIONS.get(PurePath(name).suffix.lower())
    opening = content[:1024]
    if opening.lstrip().startswith(b"%PDF-") or (named is Format.PDF and b"%PDF-" in opening):
        return Format.PDF
    if opening.startswith(_OLE):
        raise UnreadableFile(_ENCRYPTED if "EncryptedPackage".encode("utf-16-le") in content else _LEGACY)
    if opening.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _office_format(content)
    if opening.startswith(b"{\\rtf"):
        raise UnreadableFile("This is a rich text file: save it as .docx and upload that.")
    return _text_format(named, content)


def _office_format(content: bytes) -> Format:
    names = members(content)
    if "word/vbaProject.bin" in names:
        raise UnreadableFile("The file holds macros: save it as .docx, which has none, and upload that.")
    for part, found in (
        ("word/document", Format.WORD),
        ("ppt/presentation.xml", Format.SLIDES),
        ("xl/workbook.xml", Format.SHEET),
    ):
        if any(name.startswith(part) for name in names):
            return found
    if "mimetype" in names and "content.xml" in names:
        raise UnreadableFile("This is an OpenDocument file: save it as an Office file and upload that.")
    raise UnreadableFile(_LEGACY if "xl/workbook.bin" in names else _ARCHIVE)


def _text_format(named: Format | None, content: bytes) -> Format:
    text = decoded(content[:65_536])
    if text is None:
        broken = named not in _TEXTUAL and named is not None
        raise UnreadableFile(_not_a(named) if broken and named else _UNKNOWN)
    if _HTML_OPENING.match(text):
        return Format.HTML
    if named is Format.TEXT and _MAIL_OPENING.match(text) and len(_MAIL_PROOF.findall(text[:8192])) > 1:
        return Format.MAIL
    if named in _TEXTUAL and named is not None:
        return named
    raise UnreadableFile(_UNKNOWN if named is None else _not_a(named))


def _not_a(named: Format) -> str:
    return (
        f"The file is named like {named.value} but is not one, or it is damaged: "
        "open it in its program, save it again and upload that copy."
    )
