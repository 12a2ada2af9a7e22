"""Words that others wrote, made safe to draw.

Titles, names, file contents and what a model says may contain Markdown that loads a picture from
elsewhere, hides an address behind a friendly word, or imitates a badge of ours. `label` shows text
exactly as it stands; `answer` keeps the harmless marks (bold, italics, lists, tables, code).
"""

from __future__ import annotations

import re
from collections.abc import Container

from pages.parts.answer_rows import with_tables

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+\-.!|~$^:()&=])")
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)[^\s<>`\[\]()|\\]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
_LIVE = re.compile(r"([\\`<\[\]$&^])")
_SHORTCODE = re.compile(r":(?=[\w+-]+(?:/\w+)?:)")
# An e-mail address is linked by itself, whatever is escaped around its sign.
_MAIL_SIGN = re.compile(r"(?<=[\w.+-])@(?=[\w-])")
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_RULE = re.compile(r"^([ \t]*)([=-]{2,})[ \t]*$", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]{4,}(?=[^\s*+\-\d])", re.MULTILINE)
_MARKER = re.compile(r"\\\[(\d{1,3})\\\]")
# Breaks a pattern without being seen.
_JOINER = "\u2060"


def label(text: str) -> str:
    """One line of plain text for a place that reads Markdown: a button, a caption, a heading."""
    return _SPECIAL.sub(r"\\\1", _without_patterns(" ".join(text.split())))


def paragraph(text: str) -> str:
    """Plain text with its line breaks, for a place that reads Markdown."""
    return "  \n".join(label(line) or "\u00a0" for line in text.strip().splitlines())


def answer(text: str, numbers: Container[int] = ()) -> str:
    """What a model wrote, as Markdown without HTML, pictures, links, formulas and our own badges.

    Addresses are shown as they are, quoted rows of tables as tables. The markers of citations in
    `numbers` become small chips.
    """
    text = with_tables(text)
    text = _INDENT.sub("", _RULE.sub(r"\1\\\2", _HEADING.sub(r"**\1**", text)))
    parts = _CODE_SPAN.split(text)
    made = [_code(part) if index % 2 else _prose(part) for index, part in enumerate(parts)]
    return _MARKER.sub(lambda match: _chip(match, numbers), "".join(made))


def _prose(text: str) -> str:
    out, end = [], 0
    for match in _ADDRESS.finditer(text):
        out += [_inert(text[end : match.start()]), _code(match[0])]
        end = match.end()
    return "".join([*out, _inert(text[end:])])


def _inert(text: str) -> str:
    return _LIVE.sub(r"\\\1", _without_patterns(text))


def _without_patterns(text: str) -> str:
    """Without what is found in finished text: short codes of pictures, and addresses to link."""
    text = _MAIL_SIGN.sub("@" + _JOINER, _SHORTCODE.sub(":" + _JOINER, text))
    return text.replace("://", ":" + _JOINER + "//").replace("www.", "www" + _JOINER + ".")


def _code(text: str) -> str:
    return f"`{text}`"


def _chip(match: re.Match[str], numbers: Container[int]) -> str:
    number = int(match[1])
    return f":gray-badge[{number}]" if number in numbers else match[0]
