"""Zip archives, as office files are: what is inside, and whether it is safe to open."""

from __future__ import annotations

import io
import zipfile

from core.errors import UnreadableFile

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""The largest XML part that is parsed; a tree takes some ten times as much memory."""
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 300
"""How often a part may be larger than its packed form; real parts of office files stay below 150."""
_RATIO_FREE_BYTES = 1024 * 1024

_TOO_LARGE = "The file unpacks to far more than its size and is not opened: save it in smaller parts."
_BROKEN = "The file is damaged: open it in its program, save it again and upload that copy."
_FOREIGN = "The file contains XML declarations that office files never have, and is not opened."


def members(content: bytes) -> list[str]:
    """The names inside the archive; raises UnreadableFile where opening it would be unsafe."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            _check_sizes(infos)
            for info in infos:
                if info.filename.endswith((".xml", ".rels")):
                    _check_xml(archive, info)
            return [info.filename for info in infos]
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(_BROKEN) from error


def _check_sizes(infos: list[zipfile.ZipInfo]) -> None:
    too_many = len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES
    if too_many or any(_bloated(info) for info in infos):
        raise UnreadableFile(_TOO_LARGE)


def _bloated(info: zipfile.ZipInfo) -> bool:
    ratio = info.file_size / max(info.compress_size, 1)
    return info.file_size > MAX_MEMBER_BYTES or (info.file_size > _RATIO_FREE_BYTES and ratio > MAX_RATIO)


def _check_xml(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Refuse document type declarations: the only place where entities can be defined."""
    with archive.open(info) as part:
        opening = part.read(4096).replace(b"\0", b"")
    if b"<!DOCTYPE" in opening or b"<!ENTITY" in opening:
        raise UnreadableFile(_FOREIGN)
