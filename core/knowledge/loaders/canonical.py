"""Canonical text: Unicode NFC, no control characters, single spaces, lines without edges."""

from __future__ import annotations

import re
import unicodedata

# Bidirectional controls, zero-width characters and Unicode tags are invisible to a person and are
# a known way to hide instructions for a model. Joiners (200C, 200D) shape scripts and emoji: kept.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n?|[\u000b\u000c\u001c-\u001e\u0085\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


def clean(text: str) -> str:
    """The text in canonical form; its lines stay lines, blank lines go."""
    text = _LINE_ENDS.sub("\n", text).translate(_LIGATURES)
    # Fonts draw bullets at private code points; nothing there can be read or searched.
    text = _PRIVATE.sub("•", _INVISIBLE.sub("", text))
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def one_line(text: str) -> str:
    """The canonical text on a single line."""
    return clean(text).replace("\n", " ")
