"""HTML to blocks: headings, paragraphs, lists and tables; what surrounds the content is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.errors import UnreadableFile
from core.knowledge.loaders.canonical import clean, one_line
from core.knowledge.loaders.decoding import decoded
from core.knowledge.loaders.reading import Block, Reading
from core.knowledge.loaders.tables import table_text

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MAX_MARKUP_BYTES = 16 * 1024 * 1024
_DEEPEST = 100
"""Elements nested deeper than this are read as plain text of the element above them."""

_DROPPED = """
script style template noscript svg math iframe object embed canvas nav form button input select
textarea audio video map dialog head
"""
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAKING_NAMES = """
address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer
header hr html main p section summary
"""
_BREAKING = frozenset(_BREAKING_NAMES.split())
_HIDDEN = ("display:none", "visibility:hidden", "font-size:0")


def read_html(content: bytes) -> Reading:
    """The main content of a page; its title is that of the page, else its first heading."""
    check_size(content)
    return html_reading(decoded(content) or "")


def check_size(content: bytes) -> None:
    """Refuse marked-up text that would take too long to parse."""
    if len(content) > MAX_MARKUP_BYTES:
        raise UnreadableFile("The file is too large for its kind: split it and upload the parts.")


def html_reading(html: str) -> Reading:
    """The reading of HTML text."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "lxml")
    _flatten(soup)
    title = _title(soup)
    _strip(soup)
    root = _main_part(soup)
    return Reading(list(_Walk().blocks(root)) if root else [], title=title, heading_as_title="first")


def _flatten(soup: BeautifulSoup) -> None:
    """Turn what is nested too deeply into plain text, so that every walk of the tree is bounded."""
    from bs4 import Tag

    stack: list[tuple[Tag, int]] = [(soup, 0)]
    while stack:
        tag, depth = stack.pop()
        if depth == _DEEPEST:
            tag.string = tag.get_text(" ")
        else:
            stack.extend((child, depth + 1) for child in tag.children if isinstance(child, Tag))


def _title(soup: BeautifulSoup) -> str | None:
    """The title of the page; its first heading where that is the title without the site's name."""
    title = one_line(soup.title.get_text()) if soup.title else ""
    heading = one_line(soup.h1.get_text()) if soup.h1 else ""
    return heading if heading and heading in title else title or None


def _strip(soup: BeautifulSoup) -> None:
    for tag in soup(_DROPPED.split()):
        tag.decompose()
    for tag in soup(["header", "footer", "aside"]):
        if tag.find_parent(["article", "main"]) is None and tag.find(["h1", "main", "article"]) is None:
            tag.decompose()
    for tag in soup(_is_hidden):
        tag.decompose()


def _is_hidden(tag: Tag) -> bool:
    style = str(tag.get("style") or "").replace(" ", "").lower()
    return tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or any(map(style.__contains__, _HIDDEN))


def _main_part(soup: BeautifulSoup) -> Tag | None:
    """The element `main`, or the only `article`, where it holds most of the words of the page."""
    body = soup.body
    if body is None:
        return None
    mains, articles = body.find_all("main"), body.find_all("article")
    part = mains[0] if mains else articles[0] if len(articles) == 1 else None
    if part is None or len(part.get_text()) < 0.5 * len(body.get_text()):
        return body
    return part


class _Walk:
    """One pass over a tree: words collect in a line until a block ends it."""

    def __init__(self) -> None:
        self._words: list[str] = []

    def blocks(self, root: Tag) -> Iterator[Block]:
        """The blocks below an element, in order."""
        yield from self._below(root)
        yield from self._flush()

    def _below(self, root: Tag) -> Iterator[Block]:
        from bs4 import Tag
        from bs4.element import NavigableString, PreformattedString

        for child in root.children:
            if isinstance(child, Tag):
                yield from self._element(child)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._words.append(str(child).replace("\n", " "))

    def _element(self, tag: Tag) -> Iterator[Block]:
        name = tag.name
        if name in _HEADINGS:
            yield from self._flush()
            yield Block(_inline(tag), level=_HEADINGS[name])
        elif name in ("ul", "ol", "menu"):
            yield from self._flush()
            yield from self._list(tag)
        elif name == "table":
            yield from self._flush()
            yield from self._table(tag)
        elif name == "pre":
            yield from self._flush()
            yield Block(tag.get_text())
        elif name == "br":
            self._words.append("\n")
        elif name == "img":
            self._words.append(f" {tag.get('alt') or ''} ")
        elif name in _BREAKING:
            yield from self._flush()
            yield from self._below(tag)
            yield from self._flush()
        elif name == "a" and not tag.find(["img", *_HEADINGS]):
            self._words.append(_inline(tag) or str(tag.get("href") or ""))
        else:
            yield from self._below(tag)

    def _flush(self) -> Iterator[Block]:
        text = clean("".join(self._words))
        self._words = []
        if text:
            yield Block(text)

    def _list(self, tag: Tag) -> Iterator[Block]:
        """A list as one block of lines; an item that holds headings or tables is walked as blocks."""
        if tag.find([*_HEADINGS, "table"]):
            yield from self._below(tag)
            yield from self._flush()
            return
        lines = _list_lines(tag)
        if lines:
            yield Block("\n".join(lines))

    def _table(self, table: Tag) -> Iterator[Block]:
        if _is_layout(table):
            for cell in table.find_all(["td", "th", "caption"]):
                if cell.find_parent("table") is table:
                    yield from self._below(cell)
                    yield from self._flush()
            return
        caption = table.find("caption")
        if caption:
            yield Block(_inline(caption))
        rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
        if _has_labels(rows):
            cells = [[f"{first}:", *rest] for first, *rest in _grid(rows)]
            yield Block(table_text(cells, header=False))
        else:
            yield Block(table_text(_grid(rows), header=_has_header(rows)))


def _inline(tag: Tag) -> str:
    """All text below an element on one line; the alternative text stands for an image."""
    for image in tag.find_all("img"):
        image.replace_with(f" {image.get('alt') or ''} ")
    for line_break in tag.find_all("br"):
        line_break.replace_with(" ")
    return one_line(tag.get_text())


def _list_lines(tag: Tag) -> list[str]:
    """`- item` for each item, `1. item` in an ordered list; the items of inner lists follow theirs."""
    from bs4 import Tag

    lines: list[str] = []
    number = _start(tag)
    for item in tag.find_all("li", recursive=False):
        inner = [child.extract() for child in item.find_all(["ul", "ol"]) if _outermost(child, item)]
        mark = f"{number}." if tag.name == "ol" else "-"
        paragraphs = [block.text for block in _Walk().blocks(item)]
        if paragraphs:
            lines.append("\n".join([f"{mark} {paragraphs[0]}", *paragraphs[1:]]))
        number += 1
        for child in inner:
            if isinstance(child, Tag):
                lines.extend(_list_lines(child))
    for child in tag.find_all(["ul", "ol"], recursive=False):
        lines.extend(_list_lines(child))
    return lines


def _outermost(child: Tag, item: Tag) -> bool:
    return child.find_parent("li") is item


def _start(tag: Tag) -> int:
    start = str(tag.get("start") or "1")
    return int(start) if start.isdecimal() and len(start) < 7 else 1


def _is_layout(table: Tag) -> bool:
    """Whether a table places blocks on a page rather than values in columns."""
    if table.find([*_HEADINGS, "table"]):
        return True
    return (
        max((len(row.find_all(["td", "th"], recursive=False)) for row in table.find_all("tr")), default=0) < 2
    )


def _grid(rows: list[Tag]) -> list[list[str]]:
    """The texts of a table; a cell that spans rows counts in each of them, one that spans columns
    in the first."""
    grid: list[list[str]] = []
    held: dict[int, tuple[int, str]] = {}
    for row in rows:
        texts: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        for cell in row.find_all(["td", "th"], recursive=False):
            _fill(texts, held, below)
            text = " ".join(one_line(block.text) for block in _Walk().blocks(cell))
            height = _span(cell, "rowspan")
            if height > 1:
                below[len(texts)] = (height - 1, text)
            texts += [text] + [""] * (_span(cell, "colspan") - 1)
        _fill(texts, held, below)
        held = below
        grid.append(texts)
    return grid


def _fill(texts: list[str], held: dict[int, tuple[int, str]], below: dict[int, tuple[int, str]]) -> None:
    """Add the cells that hang down from rows above at the end of `texts`."""
    while len(texts) in held:
        left, text = held[len(texts)]
        if left > 1:
            below[len(texts)] = (left - 1, text)
        texts.append(text)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return max(1, min(int(value), 100)) if value.isdecimal() and len(value) < 4 else 1


def _has_labels(rows: list[Tag]) -> bool:
    """Whether each row is a heading cell and one value: a list of properties."""
    names = [[cell.name for cell in row.find_all(["td", "th"], recursive=False)] for row in rows]
    return bool(names) and all(kinds == ["th", "td"] for kinds in names)


def _has_header(rows: list[Tag]) -> bool | None:
    """True where the markup says so, None where only the words can tell."""
    if not rows:
        return None
    cells = rows[0].find_all(["td", "th"], recursive=False)
    if rows[0].find_parent("thead") or (len(cells) > 1 and all(cell.name == "th" for cell in cells)):
        return any(cell.get_text(strip=True) for cell in cells)
    return None
