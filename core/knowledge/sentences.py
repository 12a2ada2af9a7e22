"""Sentences: where each begins and ends in a text. Pure, and linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\n\r\u2028\u2029]+")
# The look-behind lets a run of stops be tried once, not once for each stop in it.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_]{0,4}(?=\s)|[。！？]+[”’」』）]{0,2}")
_MARK = re.compile(r"\s*(?:[-*•‣◦–>]{1,3}|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]|#{1,6})\s+")
_LAST_WORD = re.compile(r"[\w.&’'-]*\Z")
_NEXT_WORD = re.compile(r"[\"'“‘«(\[*_]*([\w’'-]*)")
_CELL = re.compile(r"[^:.!?;]{1,80}: \S")
_WORD_SPAN = 24
"""No word that decides about a full stop is longer than this many characters."""

_TITLES_TEXT = """
mr mrs ms mx dr prof rev hon gen col maj capt cmdr lt sgt st ste mt ft messrs sen rep gov pres
vs v cf viz ca approx resp incl excl esp e.g i.e eg ie al
"""
_TITLES = frozenset(_TITLES_TEXT.split())
"""After these a sentence goes on, whatever follows."""
_BEFORE_NUMBERS_TEXT = """
no nos nr art arts sec secs para paras fig figs eq ch chap vol vols p pp pt ed ver app tab cl reg ext
jan feb mar apr jun jul aug sep sept oct nov dec
"""
_BEFORE_NUMBERS = frozenset(_BEFORE_NUMBERS_TEXT.split())
"""After these a sentence goes on where a number follows."""
_EITHER_TEXT = """
inc ltd co corp llc plc gmbh bros dept univ assn est etc jr sr ave blvd rd dr apt bldg mon tue tues wed
thu thur thurs fri sat sun min max avg hr hrs sec
"""
_EITHER = frozenset(_EITHER_TEXT.split())
"""These may end a sentence: the word that follows tells."""
_STARTERS_TEXT = """
a an the this that these those it its he she they we you i if in on at by for from to when while where
after before as all any each every no not there here please see however but and or so then once until
with without under who what which how why our your their his her my employees managers staff
"""
_STARTERS = frozenset(_STARTERS_TEXT.split())


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as (start, end) offsets in order, without the space around them.

    Together they cover every character that is not white space. A line break always ends a
    sentence: a list item or a heading is one at least, and a table row (`Header: value; Header:
    value`) is one whatever full stops are in it.
    """
    return list(_spans(text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        start = line.start()
        for end in _ends_in(text, start, line.end()):
            yield from _trimmed(text, start, end)
            start = end
        yield from _trimmed(text, start, line.end())


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        begin = start + len(piece) - len(piece.lstrip())
        yield begin, begin + len(stripped)


def _ends_in(text: str, start: int, end: int) -> Iterator[int]:
    """Where sentences end within a line, the end of the line not counted."""
    if _is_row(text[start:end]):
        return
    mark = _MARK.match(text, start, end)
    begin = mark.end() if mark else start
    for found in _END.finditer(text, begin, end):
        if _is_end(text, begin, end, found):
            yield found.end()


def _is_row(line: str) -> bool:
    """Whether a line is a table row: two cells or more with a header each."""
    if "; " not in line:
        return False
    cells = line.split("; ")
    return bool(_CELL.match(cells[0])) and sum(bool(_CELL.match(cell)) for cell in cells) > 1


def _is_end(text: str, start: int, end: int, found: re.Match[str]) -> bool:
    mark = found[0]
    if mark[0] in "。！？":
        return True
    following = _next_word(text, found.end(), end)
    if following[:1].islower():
        return False  # `"Really?" he said`, `etc. and`, `e.g. when`
    if mark[0] != "." or mark.startswith(".."):
        return True
    before = _LAST_WORD.search(text, max(start, found.start() - _WORD_SPAN), found.start())
    return _full_stop_ends(before[0].lstrip("'’.-") if before else "", following)


def _next_word(text: str, position: int, end: int) -> str:
    while position < end and text[position].isspace():
        position += 1
    found = _NEXT_WORD.match(text, position, min(end, position + _WORD_SPAN))
    return found[1] if found else ""


def _full_stop_ends(word: str, following: str) -> bool:
    """Whether a full stop after `word` ends a sentence, where `following` comes next."""
    low = word.lower()
    if low in _TITLES:
        return False
    if low in _BEFORE_NUMBERS and (following[:1].isdigit() or following.isupper()):
        return False
    if low in _EITHER or _is_dotted(low):
        return following.lower() in _STARTERS
    if len(word) == 1 and word.isupper():  # an initial, unless `vitamin C. The`
        return following.lower() in _STARTERS
    return True


def _is_dotted(word: str) -> bool:
    """Whether a word is letters between full stops: `u.s`, `a.m`, `ph.d`."""
    parts = word.split(".")
    return len(parts) > 1 and all(part.isalpha() and len(part) < 3 for part in parts)
