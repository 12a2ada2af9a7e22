"""What a text says once its disguise is taken off: look-alike letters, hidden characters, encodings."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote

_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_TAGS = re.compile(r"[\U000e0020-\U000e007e]{3,}")
_CYRILLIC_AND_GREEK = str.maketrans(
    "авеѕіјкмнорстухгԁɡһӏАВЕКМНОРСТУХІЈЅαεικνορτυχγΑΒΕΗΙΚΜΝΟΡΤΥΧ",
    "abesijkmhopctyxrdghlABEKMHOPCTYXIJSaeikvoptuxyABEHIKMNOPTYX",
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LEETY = re.compile(r"\b(?=\w*[a-z])(?=[\w@$!|]*[013457@$!|])[\w@$!|]{3,}", re.IGNORECASE)
_SPACED = re.compile(r"(?:(?<![^\W_])[^\W\d_][ ._*-]{1,2}){4,}[^\W\d_](?![^\W_])")
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=])")
_HEX = re.compile(r"(?<![\w])(?:0x)?(?:[0-9a-f]{2}[ :]?){8,}(?![\w])|(?:\\x[0-9a-f]{2}){6,}", re.IGNORECASE)
_BINARY = re.compile(r"(?:[01]{8}\s?){6,}")
_CODES = re.compile(r"(?:\b(?:1[0-2]\d|[3-9]\d)\b[ ,]{1,2}){7,}\d{2,3}")
_BASE32 = re.compile(r"(?<![\w=])[A-Z2-7]{16,}={0,6}(?![\w=])")
_ASCII85 = re.compile(r"(?<!\S)(?:<~)?(?=\S*[^\w.,:;/-])([!-u]{20,})(?:~>)?(?!\S)")
_BASE85 = re.compile(r"(?<!\S)(?=\S*[^\w.,:;/-])[\w!#$%&()*+;<=>?@^`{|}~-]{20,}(?!\S)")
_MORSE = re.compile(r"(?:[.·-]{1,6}[ /|]{1,3}){8,}[.·-]{1,6}")
_PERCENT = re.compile(r"(?:%[0-9a-f]{2}[\w.-]*){2,}", re.IGNORECASE)
_UNICODE_ESCAPE = re.compile(r"(?:\\u[0-9a-f]{4}){4,}", re.IGNORECASE)
_PRINTABLE_SHARE = 0.9
_MORSE_TEXT = """
a .- b -... c -.-. d -.. e . f ..-. g --. h .... i .. j .--- k -.- l .-.. m -- n -. o --- p .--. q --.- r .-.
s ... t - u ..- v ...- w .-- x -..- y -.-- z --..
"""
_MORSE_LETTERS = dict(zip(_MORSE_TEXT.split()[1::2], _MORSE_TEXT.split()[::2], strict=True))


def plain(text: str) -> str:
    """The text with compatibility forms, look-alike letters and invisible characters made ordinary."""
    bare = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    mixed = any("LATIN" not in unicodedata.name(c, "LATIN") for c in bare if c.isalpha() and not c.isascii())
    if mixed and re.search(r"[a-z]", bare, re.IGNORECASE):
        bare = bare.translate(_CYRILLIC_AND_GREEK)
    return html.unescape(bare)


def hidden(text: str) -> str | None:
    """What is written in characters that nobody sees (Unicode tags); None where there is none."""
    found = "".join(chr(ord(c) - 0xE0000) for run in _TAGS.findall(text) for c in run)
    return found or None


def disguised(text: str) -> Iterator[str]:
    """Other readings of a text that was made plain: decoded parts, letters for figures, spaced letters."""
    if _LEETY.search(text):
        yield _LEETY.sub(lambda match: match[0].translate(_LEET), text)
    if _SPACED.search(text):
        yield _SPACED.sub(_closed_up, text)
    yield from _decoded(text)
    # These two show no sign of themselves; what ordinary text becomes by them fits no rule.
    yield codecs.decode(text, "rot13")
    yield text[::-1]


def _closed_up(match: re.Match[str]) -> str:
    """`i g n o r e   a l l` is `ignore all`; with one kind of gap only, all in one word."""
    return "".join(re.findall(r"[^\W\d_]| {2}", match[0]))


def _decoded(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(text):
        body = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        yield from _readable(_unpacked(base64.b64decode, body + "=" * (-len(body) % 4)))
    for match in _HEX.finditer(text):
        yield from _readable(_from_hex(re.sub(r"0x|\\x|[ :]", "", match[0], flags=re.IGNORECASE)))
    for match in _BINARY.finditer(text):
        yield from _readable(bytes(int(octet, 2) for octet in re.findall(r"[01]{8}", match[0])))
    for match in _BASE32.finditer(text):
        yield from _readable(_unpacked(base64.b32decode, match[0] + "=" * (-len(match[0]) % 8)))
    for match in _ASCII85.finditer(text):
        yield from _readable(_unpacked(base64.a85decode, match[1].removesuffix("~>")))
    for match in _BASE85.finditer(text):
        yield from _readable(_unpacked(base64.b85decode, match[0]))
    for match in _MORSE.finditer(text):
        yield _from_morse(match[0])
    for match in _CODES.finditer(text):
        yield "".join(chr(int(code)) for code in re.findall(r"\d+", match[0]))
    if _PERCENT.search(text):
        yield unquote(text)
    if _UNICODE_ESCAPE.search(text):
        yield re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text, flags=re.IGNORECASE)


def _unpacked(decode: Callable[[str], bytes], word: str) -> bytes:
    try:
        return decode(word)
    except (binascii.Error, ValueError):
        return b""


def _from_morse(code: str) -> str:
    words = re.split(r" ?[/|] ?| {2,}", code.replace("·", "."))
    return " ".join("".join(_MORSE_LETTERS.get(sign, "") for sign in word.split()) for word in words)


def _from_hex(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _readable(content: bytes) -> Iterator[str]:
    """The content as text, where it is one."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    if len(text) >= 6 and sum(c.isprintable() for c in text) >= _PRINTABLE_SHARE * len(text):
        yield text
