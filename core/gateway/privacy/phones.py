"""Telephone numbers by their shape and surroundings, of any country.

A number counts when its shape is one that only telephones have (a plus, an area code in brackets,
groups like 555-010-9999), when it is grouped and nothing says that it is something else, or when
it is bare and the words before speak of a telephone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.spans import Span

_NUMBER = re.compile(
    r"(?<![\w./:#$€£¥%=&@+-])(?<!\d,)(?<![\w)]\()"
    r"(?:\+\s?|\(\+)?(?:\(\d{1,5}\)|\d+\)?)(?:(?:[ \t.\u00a0‑–/-]|\)[ -]?|[ -]?\(|[ ]-[ ])\d+\)?)*"
    r"(?:\s?(?:x|ext\.?|extension|#)\s?\d{1,6})?(?![\w%€$£]|[.,:/-]\d|-(?!(?:office|fax|mobile|home|cell|work|tel|phone)\b)[A-Za-z])",
    re.IGNORECASE,
)
_VANITY = re.compile(
    r"\b(?:1[-. ])?8(?:00|33|44|55|66|77|88)[-. ](?=[A-Z-]*[A-Z]{3})[A-Z0-9][A-Z0-9-]{5,9}\b"
)
_EXTENSION = re.compile(r"\s?(?:x|ext\.?|extension|#)\s?\d{1,6}$", re.IGNORECASE)
_PHONE_WORDS = re.compile(
    r"\b(?:tele?(?:phone|fon)?s?|phones?|mobile|cell(?:phone|ular)?|fax|call(?:ed|ing|s)?|dial|hotline|helpline|"
    r"whatsapp|sms|text(?:ed)?|ring|reach(?:ed|able)?|contact|voicemail|pager|landline|handy|answering|"
    r"hang up|number)\b",
    re.IGNORECASE,
)
_OTHER_WORDS = re.compile(
    r"\b(?:isbn|issn|doi|order|invoice|ticket|case|ref(?:erence)?|version|v|section|sec|page|pages|pp|p|rfc|iso|din|"
    r"article|art|part|serial|model|sku|tracking|account|iban|policy|part|chapter|fiscal|fy|years?|between|from|usd|"
    r"eur|gbp|chf|inr|jpy|licen[cs]e|passport|port|form|figure|table|§|commit|build|id|zip|postcode)"
    r"(?:\s(?:no|number|nr|id))?\b\.?\s?[:#]?\s*$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-/. ](?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|[12]\d|3[01])[-/. ](?:19|20)?\d\d)(?!\d)(?:\s\d\d?)?"
)
_YEARS = re.compile(r"(?:19|20)\d\d(?:\D{1,3}(?:19|20)?\d\d)+")
_PHONE_AFTER = re.compile(
    r"[\s,(-]{1,3}(?:office|fax|mobile|home|cell|work|tel|phone|direct)\b", re.IGNORECASE
)
_UNIT_AFTER = re.compile(
    r"\s?(?:usd|eur|gbp|dollars?|euros?|pounds?|people|employees|users|percent|bytes?|[kmg]b|km|kg|hours|days|"
    r"minutes|seconds|years|rows|records|items|copies|tokens|words)\b",
    re.IGNORECASE,
)


def find_phones(text: str) -> Iterator[Span]:
    """Telephone and fax numbers of 6 to 15 digits, an extension included."""
    for match in _NUMBER.finditer(text):
        number = match[0][:-1] if match[0].endswith(")") and "(" not in match[0] else match[0]
        score = _score(text, match, number)
        if score:
            yield Span(match.start(), match.start() + len(number), Kind.PHONE, score)
    for match in _VANITY.finditer(text):
        yield Span(match.start(), match.end(), Kind.PHONE, 0.7)


def _score(text: str, match: re.Match[str], whole: str) -> float | None:
    number = _EXTENSION.sub("", whole)
    groups = re.findall(r"\d+", number)
    digits = "".join(groups)
    if (
        not 6 <= len(digits) <= 15
        or len(set(digits)) == 1
        or _DATE.fullmatch(number)
        or _YEARS.fullmatch(number)
    ):
        return None
    before = text[max(0, match.start() - 40) : match.start()]
    said = _PHONE_WORDS.search(before) is not None or _PHONE_AFTER.match(text, match.end()) is not None
    other = _OTHER_WORDS.search(before) or _UNIT_AFTER.match(text, match.end())
    if number[0] == "+" or "(+" in number or (digits.startswith("00") and len(digits) >= 9):
        return 0.85 if len(digits) >= 7 else None
    near = _PHONE_WORDS.search(before[-12:])
    if other and (near is None or near[0].lower() == "number"):
        return None
    if said:
        return 0.75 if len(digits) >= 7 or len(groups) > 1 else None
    return _score_of_shape(number, groups)


def _score_of_shape(number: str, groups: list[str]) -> float | None:
    """The score of a number that no word introduces."""
    sizes = [len(group) for group in groups]
    count = sum(sizes)
    if sizes[-3:] == [3, 3, 4] or re.search(r"\(\d{2,5}\)\s?\d", number):
        return 0.8 if count >= 7 else None
    if len(groups) == 1:
        return 0.5 if groups[0][0] == "0" and count in (10, 11) else None
    if groups[0][0] == "0" and groups[0] != "0" and count >= 8:
        return 0.7
    if count < 7 or min(sizes[1:]) < 2 or sizes[0] > 5 or ("." in number and "/" in number):
        return None
    if sizes in ([5, 4], [4, 4, 4, 4]) or _is_amount(number, sizes):
        return None
    return 0.55 if len({*re.findall(r"[^\d()]", number)}) <= 1 else 0.5


def _is_amount(number: str, sizes: list[int]) -> bool:
    """Whether blanks or points stand where thousands are grouped, as in 12 500 000."""
    thousands = all(size == 3 for size in sizes[1:]) and sizes[0] <= 3 and not re.search(r"[-/()]", number)
    return thousands and sizes != [3, 3, 3]
