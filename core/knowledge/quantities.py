"""Codes and amounts in a question, and which sentences speak of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_IDENTIFIER = re.compile(r"\b[A-Z]{1,5}-?\d{1,5}[A-Z]{0,3}\b")
_VALUE = r"(\d+(?:[.,]\d{3})*(?:\.\d+)?)"
_MONEY_BEFORE = re.compile(r"(?:EUR|USD|GBP|€|\$|£)\s*$", re.IGNORECASE)
_AMOUNT = re.compile(rf"(?<![\w-]){_VALUE}\s*([a-z]+|[€$£%])?", re.IGNORECASE)
_N = rf"(?:EUR |USD |GBP |[€$£] ?)?{_VALUE}"
_FROM_TO = re.compile(rf"{_N}(?: percent)?(?: to |\s?[–-]\s?){_N}", re.IGNORECASE)
_FROM = re.compile(rf"(?:above|more than|over|from) {_N}|{_N} (?:and|or) more", re.IGNORECASE)
_UP_TO = re.compile(rf"(?:up to|less than|below|under) {_N}", re.IGNORECASE)
_THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
_MONEY = {"eur", "euro", "euros", "€", "usd", "dollar", "dollars", "$", "gbp", "pound", "pounds", "£"}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and the stem of the word it counts; that of money is `money`."""

    value: float
    unit: str


def identifiers(text: str) -> frozenset[str]:
    """Codes such as FW-220, G5 or EC-21."""
    return frozenset(_IDENTIFIER.findall(text))


def shape(identifier: str) -> str:
    """What identifiers of one kind have in common: FW-210S and FW-330 are both `FW-000`."""
    return re.sub(r"\d", "0", identifier.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def amounts(text: str) -> list[Amount]:
    """The numbers that count something: `2.400 euro`, `EUR 61`, `30 probes`."""
    found = []
    for match in _AMOUNT.finditer(text):
        money = bool(_MONEY_BEFORE.search(text[: match.start()]))
        unit = _unit("eur" if money else match[2] or "")
        if unit:
            found.append(Amount(_number(match[1]), unit))
    return found


def within(asked: Sequence[Amount], text: str) -> int:
    """1 when a range in the text holds one of the amounts, -1 when its ranges of that unit hold none, else 0.

    A range counts for the units that its table cell or sentence names.
    """
    hits = [
        low <= amount.value <= high
        for cell in (text.split("; ") if asked else ())
        for low, high in _ranges(cell)
        for amount in asked
        if amount.unit in _units(cell)
    ]
    return 0 if not hits else 1 if any(hits) else -1


def _ranges(cell: str) -> Iterator[tuple[float, float]]:
    if found := _FROM_TO.search(cell):
        yield _number(found[1]), _number(found[2])
    elif found := _FROM.search(cell):
        yield _number(found[1] or found[2]), float("inf")
    elif found := _UP_TO.search(cell):
        yield 0.0, _number(found[1])


def _units(cell: str) -> set[str]:
    return {_unit(word) for word in re.findall(r"[a-z]+|[€$£%]", cell, re.IGNORECASE)}


def _unit(word: str) -> str:
    folded = word.casefold()
    if folded in _MONEY:
        return "money"
    return "percent" if folded == "%" else folded.rstrip("s")


def _number(text: str) -> float:
    return float(_THOUSANDS.sub("", text).replace(",", "."))
