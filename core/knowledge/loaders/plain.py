"""Plain text to blocks: paragraphs from wrapped lines, and headings where they are plain to see."""

from __future__ import annotations

import re
from itertools import pairwise

from core.knowledge.loaders.decoding import decoded
from core.knowledge.loaders.reading import Block, Reading

_LIST_ITEM = re.compile(r"(?:[-*•‣◦▪–·]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)])\s+\S")
_NUMBERED = re.compile(
    r"(?:(?P<dots>\d{1,2}(?:\.\d{1,2}){0,4})[.)]?"
    r"|(?:section|article|chapter|part|appendix|annex|clause)\s+(?:\d{1,3}|[IVXL]{1,6}|[A-Z])\b[.:)]?|§\s?\d{1,3}[.:]?"
    r"|[A-Z][.)])[\s–—:-]+(?P<words>\S.*)",
    re.I,
)
_ENDS_LIKE_TEXT = re.compile(r"[.!?;,:…][\"'”’)]?$")
_RULE = re.compile(r"[=\-_*~#]{3,}$")
_LONGEST_HEADING = 80
_MOST_WORDS = 10
_WIDEST_WRAP = 130
_NARROWEST_WRAP = 40
_SHORT_LINE = 0.75
"""A line shorter than this share of the longest ends its paragraph on purpose."""


def read_text(content: bytes) -> Reading:
    """The paragraphs of a text file; a short line that stands alone above text is a heading."""
    text = (decoded(content) or "").replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    paragraphs = [lines for part in re.split(r"\n[ \t]*\n", text) if (lines := _lines(part))]
    blocks: list[Block] = []
    for index, lines in enumerate(paragraphs):
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else []
        level = _level_above(lines, following, first=index == 0)
        if level:
            blocks.append(Block(lines[0], level))
        rest = lines[1:] if level else lines
        if rest:
            blocks.append(Block(joined(rest)))
    return Reading(blocks)


def _level_above(lines: list[str], following: list[str], first: bool) -> int:
    """The level of a paragraph's first line as a heading; 0 where it is text."""
    line, rest = lines[0], lines[1:] or following
    level = heading_level(line)
    if not level or not rest:
        return 0
    if len(lines) > 1:
        # Above text without a blank line only what is plain to see counts, and not at the top,
        # where names and addresses stand.
        plain = (is_numbered(line) and not is_item(rest[0])) or line.isupper()
        return level if plain and not first else 0
    if first:
        return 1
    # A run of short lines is a list or an address.
    return 0 if len(following) == 1 and heading_level(following[0]) >= level else level


def heading_level(line: str) -> int:
    """The level of a line that reads like a heading on its own, from 1; 0 where it does not."""
    words = line.split()
    if not words or len(line) > _LONGEST_HEADING or len(words) > _MOST_WORDS or _ENDS_LIKE_TEXT.search(line):
        return 0
    numbered = _NUMBERED.match(line)
    if numbered and numbered["words"][0].isupper():
        return 1 + len((numbered["dots"] or "1").split("."))
    if not line[0].isupper() or _LIST_ITEM.match(line):
        return 0
    return 2


def is_numbered(line: str) -> bool:
    """Whether a line opens with the number of a section."""
    return bool(_NUMBERED.match(line))


def is_item(line: str) -> bool:
    """Whether a line opens with the mark of a list item."""
    return bool(_LIST_ITEM.match(line))


def joined(lines: list[str]) -> str:
    """The lines of a paragraph without their wrapping; items, and lines that end early, stay apart."""
    longest = max(map(len, lines))
    text = lines[0]
    for before, line in pairwise(lines):
        # Wrapping breaks a line where the next word would not fit; anything shorter is meant.
        room = longest - len(before) > len(line.split(maxsplit=1)[0])
        unwrapped = longest > _WIDEST_WRAP or longest < _NARROWEST_WRAP
        meant = room and (unwrapped or len(before) < _SHORT_LINE * longest)
        text += ("\n" if is_item(line) or meant else " ") + line
    return text


def _lines(part: str) -> list[str]:
    stripped = (line.strip() for line in part.split("\n"))
    return [line for line in stripped if line and not _RULE.match(line)]
