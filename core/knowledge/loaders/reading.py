"""What a reader of a format hands over, and how it becomes a document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from core.errors import UnreadableFile
from core.knowledge.loaders.canonical import clean, one_line
from core.types import LoadedDocument, Section

MAX_CHARACTERS = 10_000_000
"""A document's text beyond this is refused: some 3,000 pages."""

_LONGEST_HEADING = 200
_LONGEST_TITLE = 200
_NEAR_TOP = 4
_JOINTS = re.compile(r"_|(?<!\d\d)-|-(?!\d\d)")
_NO_TITLES = "untitled|document|document1|word document|presentation|powerpoint presentation|slide 1|title"
_FILE_SUFFIXES = (".doc", ".docx", ".pdf", ".ppt", ".pptx", ".xls", ".xlsx", ".indd")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list, a table or a heading; lists and tables hold a line for each row.

    `level` is 0 for body text and counts headings from 1, outermost first. `page` counts from 1.
    `continues` is true where the paragraph began on the page before.
    """

    text: str
    level: int = 0
    page: int | None = None
    continues: bool = False


@dataclass(slots=True)
class Reading:
    """The blocks of a file in reading order, its own title if it has one, its number of pages.

    `heading_as_title` says which heading serves where there is no title: the first near the top,
    one at the very top that has no equal, or none.
    """

    blocks: list[Block] = field(default_factory=list)
    title: str | None = None
    pages: int | None = None
    heading_as_title: Literal["first", "lone", "never"] = "lone"


def document(reading: Reading, name: str) -> LoadedDocument:
    """The document of a reading; raises UnreadableFile where there is no text or too much.

    The title is the reading's own, else a heading near the top, else the file's name made readable.
    A heading that repeats the title is left out of heading paths.
    """
    blocks = [block for block in map(_canonical, reading.blocks) if block.text]
    if not blocks:
        raise UnreadableFile("The file holds no text: check that it is the right file and upload it again.")
    if sum(len(block.text) for block in blocks) > MAX_CHARACTERS:
        raise UnreadableFile("The file holds too much text: split it into smaller files and upload those.")
    title = sensible_title(reading.title) or _title_heading(reading, blocks) or title_of_name(name)
    text, sections = _laid_out(blocks, title)
    return LoadedDocument(title=title, text=text, sections=sections, pages=reading.pages)


def sensible_title(title: str | None) -> str | None:
    """The title on one line, or None where it says nothing, is a file name or is far too long."""
    line = one_line(title or "")
    low = line.lower()
    of_a_file = low.endswith(_FILE_SUFFIXES) or low.startswith(
        ("microsoft word - ", "microsoft powerpoint - ")
    )
    if of_a_file or low in _NO_TITLES.split("|") or not any(map(str.isalpha, line)):
        return None
    return line[:_LONGEST_TITLE]


def title_of_name(name: str) -> str:
    """A file's name made readable: `travel-and_leave-2026-11.md` is `Travel and leave 2026-11`."""
    stem = PurePath(name.replace("\\", "/")).stem
    words = one_line(_JOINTS.sub(" ", stem)) or "Untitled"
    return (words[0].upper() + words[1:])[:_LONGEST_TITLE]


def _canonical(block: Block) -> Block:
    text = one_line(block.text) if block.level else clean(block.text)
    level = block.level if len(text) <= _LONGEST_HEADING else 0
    return Block(text, level, block.page, block.continues)


def _title_heading(reading: Reading, blocks: list[Block]) -> str | None:
    levels = [block.level for block in blocks if block.level]
    reach = {"first": _NEAR_TOP, "lone": 1, "never": 0}[reading.heading_as_title]
    heading = next((block for block in blocks[:reach] if block.level), None)
    if heading is None or heading.level > min(levels):
        return None
    if reading.heading_as_title == "lone" and levels.count(heading.level) > 1:
        return None
    return sensible_title(heading.text)


def _laid_out(blocks: list[Block], title: str) -> tuple[str, tuple[Section, ...]]:
    parts: list[str] = []
    sections: list[Section] = []
    above: list[tuple[int, str]] = []
    position = 0
    for block in blocks:
        if parts:
            gap = " " if block.continues else "\n\n"
            parts.append(gap)
            position += len(gap)
        if block.level:
            above = [(level, text) for level, text in above if level < block.level]
            if block.text.casefold() != title.casefold():
                above.append((block.level, block.text))
        path = tuple(text for _, text in above)
        end = position + len(block.text)
        last = sections[-1] if sections else None
        if last and not block.level and last.heading_path == path and last.page == block.page:
            sections[-1] = Section(path, block.page, last.start, end)
        else:
            sections.append(Section(path, block.page, position, end))
        parts.append(block.text)
        position = end
    return "".join(parts), tuple(sections)
