"""Bytes of a text file to text, whatever encoding they are in."""

from __future__ import annotations

import codecs
import re

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
_SAMPLE = 65_536


def decoded(content: bytes) -> str | None:
    """The text, or None where the bytes are not text.

    In order: a byte-order mark, the pattern of zero bytes that UTF-16 and UTF-32 leave, UTF-8, what
    the file declares, what charset-normalizer detects, Windows-1252.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    wide = _wide_encoding(content[:_SAMPLE])
    if wide:
        return content.decode(wide, errors="replace")
    if b"\0" in content[:_SAMPLE]:
        return None
    return _strict(content, "utf-8") or _declared(content) or _detected(content)


def _wide_encoding(sample: bytes) -> str | None:
    if len(sample) < 4:
        return None
    zeros = [sample[offset::4].count(0) / len(sample[offset::4]) for offset in range(4)]
    if min(zeros[1:]) > 0.7:
        return "utf-32-le"
    if min(zeros[:3]) > 0.7:
        return "utf-32-be"
    if min(zeros[1], zeros[3]) > 0.4 > max(zeros[0], zeros[2]) * 4:
        return "utf-16-le"
    if min(zeros[0], zeros[2]) > 0.4 > max(zeros[1], zeros[3]) * 4:
        return "utf-16-be"
    return None


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _declared(content: bytes) -> str | None:
    found = _DECLARED.search(content[:2048])
    if not found:
        return None
    try:
        encoding = codecs.lookup(found[1].decode("ascii"))
    except LookupError:
        return None
    # Codecs such as zip and rot13 are no encodings of text, and could unpack without bound.
    return _strict(content, encoding.name) if encoding._is_text_encoding else None


def _detected(content: bytes) -> str:
    sample = content[:_SAMPLE]
    high = sum(byte >= 0x80 for byte in sample) / len(sample)
    if high > 0.25:  # mostly a non-Latin script: worth a guess; a few accents are too few for one
        from charset_normalizer import from_bytes

        best = from_bytes(sample).best()
        if best is not None:
            return content.decode(best.encoding, errors="replace")
    return content.decode("cp1252", errors="replace")
