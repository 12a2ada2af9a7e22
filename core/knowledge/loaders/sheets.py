"""Excel and CSV files to blocks: a sheet is a heading, a row is a line."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

from core.errors import UnreadableFile
from core.knowledge.loaders.decoding import decoded
from core.knowledge.loaders.reading import Block, Reading
from core.knowledge.loaders.tables import table_text

MAX_CELLS = 1_000_000
MAX_COLUMNS = 1_000

_TOO_MANY = "The table has too many cells: upload the part that people ask about."
_TOO_LONG = "A cell of the table is far too long: check its quotes and upload it again."
_DELIMITERS = ",;\t|"
_CURRENCY = re.compile(r"[$€£¥]")
_DECIMALS = re.compile(r"0\.(0+)")


def read_sheets(content: bytes) -> Reading:
    """The visible sheets of a workbook, each below its name; formulas count as their last values."""
    import openpyxl

    with warnings.catch_warnings():
        # openpyxl warns of what it does not keep, such as validations; only values are read.
        warnings.simplefilter("ignore", UserWarning)
        workbook = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        blocks = [block for sheet in workbook.worksheets for block in _sheet(sheet)]
        title = workbook.properties.title
    return Reading(blocks, title=title or None, heading_as_title="never")


def read_csv(content: bytes) -> Reading:
    """The rows of a table in text, whatever it is delimited by."""
    text = decoded(content) or ""
    lines = csv.reader(io.StringIO(text, newline=""), _dialect(text))
    try:
        rows = list(_bounded(lines))
    except csv.Error as error:
        raise UnreadableFile(_TOO_LONG) from error
    return Reading([Block(table_text(rows))], heading_as_title="never")


def _dialect(text: str) -> type[csv.Dialect]:
    lines = text[:65_536].splitlines()[:50]
    try:
        return csv.Sniffer().sniff("\n".join(line[:500] for line in lines), _DELIMITERS)
    except csv.Error:
        most = max(_DELIMITERS, key=lambda delimiter: lines[0].count(delimiter) if lines else 0)

        class Plain(csv.excel):
            delimiter = most

        return Plain


def _sheet(sheet: Any) -> Iterator[Block]:
    if sheet.sheet_state != "visible":
        return
    sheet.reset_dimensions()  # what a file claims about its size may be wrong, and without bound
    rows = ([_value(cell) for cell in row[:MAX_COLUMNS]] for row in sheet.iter_rows())
    text = table_text(list(_bounded(rows)))
    if text:
        yield Block(sheet.title, level=1)
        yield Block(text)


def _bounded(rows: Any) -> Iterator[list[str]]:
    cells = 0
    for row in rows:
        cells += len(row) + 1
        if cells > MAX_CELLS:
            raise UnreadableFile(_TOO_MANY)
        yield row


def _value(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    return str(value)


def _number(value: float, shown_as: str) -> str:
    """A number as the sheet shows it: with its percent or currency sign and its decimals."""
    positive = shown_as.split(";")[0]
    currency = _CURRENCY.search(positive)
    if positive.endswith("%"):
        return f"{value:.{_places(positive)}%}"
    if currency:
        return f"{currency[0]}{value:,.{_places(positive)}f}"
    if "#,##0" in positive:
        return f"{value:,.{_places(positive)}f}"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.10g}"


def _places(shown_as: str) -> int:
    found = _DECIMALS.search(shown_as)
    return len(found[1]) if found else 0
