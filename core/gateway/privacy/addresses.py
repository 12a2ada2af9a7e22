"""Street addresses of many countries: anchors that mark one, and how far it reaches around them.

An anchor is what hardly stands anywhere but in an address: a number with a street word, a flat, a
post box, a field post office. From there the address grows over what belongs to it: house numbers
before, flats, towns, states, post codes and countries after it, over line breaks and commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.gateway.privacy import address_words as words
from core.gateway.privacy.address_tokens import Token, is_compound, is_one_of, tokens
from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.spans import Span, merged

_CUE = re.compile(
    r"\b(?:(?<!ip )(?<!mail )(?<!mac )address(?:es)?|live[sd]?|living|reside[sd]?|residing|residence|"
    r"located|deliver(?:ed|y)?|ship(?:ped)?|"
    r"mailed|moved|arrived|return|sen[dt]|post(?:ed)?|enter|refers|parked|parking|office|taxi|meet(?:ing)?|house|home|corner|visit|headquarters|branch|directions)\b[^.?!\n]{0,30}?"
    r"(?:\b(?:at|is|to|in|from|with|of|near|on|are)|:)\s*\n*\s*$",
    re.IGNORECASE,
)
_POST_CODE = re.compile(
    r"\b[A-Z][\w.’' -]{2,30},?\s(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|"
    r"N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|"
    r"T[NX]|UT|V[TA]|W[AVIY]|PR)\.?\s\d{5}(?:-\d{4})?\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}\b|\b[ABCEGHJ-NPRSTVXY]\d[A-Z]\s?\d[A-Z]\d\b|\b\d{4}\s[A-Z]{2}\s(?=[A-Z])[\w-]+"
    r"|(?i:\b(?:zip|post(?:al)?)[ -]?code\b\W{0,3}(?:(?:is|of|:)\W{1,3})?)\d[\dA-Z -]{2,8}\d\b"
    r"|\b[A]PO,?\s(?:AA|AE|AP)\s\d{5}\b"
)
_MILITARY = re.compile(
    r"\b(?:(?:psc|cmr|unit|uss|usns|uscgc|usnv|usnumv)\s[^\n,]{1,30}(?:,?\s?box\s\d+)?[\s,]+)?(?:apo|fpo|dpo),?\s(?:aa|ae|ap)\s\d{5}(?:-\d{4})?\b"
    r"|\b(?:psc|cmr|unit)\s\d+,?\s*box\s\d+",
    re.IGNORECASE,
)
_CORNER = re.compile(r"\b(?:the\s)?(?:corner|intersection|junction)\sof\s$", re.IGNORECASE)
_BOX = re.compile(rf"(?<!\w)(?:{words.BOXES})\s?(?:no\.?|nr\.?|n°|#)?\s?\d+[-\w]*", re.IGNORECASE)
_MONTH = r"jan\w*|feb\w*|mar|march|apr|april|may|june?|july?|aug|august|sept?\w*|oct\w*|nov\w*|dec\w*"
_LONGEST = 24  # tokens of one address on either side of its anchor


def find_addresses(text: str) -> Iterator[Span]:
    """Street and postal addresses, each with its town and country where they follow."""
    found = [
        Span(match.start(), match.end(), Kind.ADDRESS, 0.8)
        for pattern in (_MILITARY, _POST_CODE)
        for match in pattern.finditer(text)
    ]
    reader = _Reader(text)
    found.extend(reader.addresses())
    yield from _corners(text, merged(found))


def _corners(text: str, spans: list[Span]) -> Iterator[Span]:
    """Two streets that meet, joined with the words between them."""
    corner: int | None = None
    last = 0
    for span in spans:
        opening = _CORNER.search(text, 0, span.start)
        if opening:
            corner = opening.start()
        elif corner is not None and not re.fullmatch(r"\s*(?:and|&|with)\s*", text[last : span.start]):
            corner = None
        last = span.end
        yield span if corner is None else Span(corner, span.end, Kind.ADDRESS, span.score)


class _Reader:
    """Reads the addresses of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._flat = not any(map(str.isupper, text))

    def addresses(self) -> Iterator[Span]:
        """The addresses around every anchor; they may overlap."""
        boxes = {match.start(): match.end() for match in _BOX.finditer(self._text)}
        for index, token in enumerate(self._tokens):
            for first, last, score in self._anchors(index, token, boxes):
                start, end = self._back(first), self._forward(last)
                yield Span(self._tokens[start].start, self._tokens[end].end, Kind.ADDRESS, score)

    def _anchors(self, index: int, token: Token, boxes: dict[int, int]) -> Iterator[tuple[int, int, float]]:
        """First and last token of the anchors that this token marks."""
        if token.start in boxes:
            yield index, self._at(boxes[token.start]), 0.8
        if is_one_of(token, words.UNITS) and (unit := self._unit(index)):
            yield unit
        if is_one_of(token, words.SUFFIXES) and (street := self._street(index, 0.8)):
            yield street
        if (
            is_one_of(token, words.WEAK_SUFFIXES)
            and (street := self._street(index, 0.6))
            and (self._goes_on(street[1]) or self._cued(street[0]))
        ):
            yield street
        if is_compound(token) and (street := self._compound(index)):
            yield street
        if is_one_of(token, words.PREFIXES) and (street := self._prefixed(index)):
            yield street
        if token.is_number and (street := self._bare(index)):
            yield street

    def _at(self, end: int) -> int:
        """The index of the token that ends at or after this character."""
        return next(index for index, token in enumerate(self._tokens) if token.end >= end)

    def _get(self, index: int) -> Token | None:
        return self._tokens[index] if 0 <= index < len(self._tokens) else None

    def _is_name(self, index: int) -> bool:
        token = self._get(index)
        return token is not None and token.is_word and (token.capital or is_one_of(token, words.PARTICLES))

    def _is_number(self, index: int) -> bool:
        token = self._get(index)
        return token is not None and token.is_number and token.end - token.start <= 10

    def _names_back(self, index: int, most: int) -> int:
        """The first of up to `most` name words that end before `index`."""
        first = index
        while index - first < most and self._is_name(first - 1):
            first -= 1
        while first < index and not self._tokens[first].capital:
            first += 1
        return first

    def _street(self, index: int, score: float) -> tuple[int, int, float] | None:
        """Number, names, street word; or names and a capital street word alone."""
        first = self._names_back(index, 5)
        for start in range(first, index + 1):  # flat texts: the number may stand among the words
            if self._is_number(start - 1) and start < index:
                return start - 1, index, score
        if first == index or self._flat:
            return None
        if self._is_number(index + 1) and not re.match(r"^(?:19|20)\d\d$", self._tokens[index + 1].word):
            return first, index + 1, score
        if not self._tokens[index].capital:
            return None
        plain = is_one_of(self._tokens[index], words.PLAIN_SUFFIXES) and index - first <= 3
        return (first, index, 0.5) if plain and self._tokens[first].word not in ("the", "a", "this") else None

    def _compound(self, index: int) -> tuple[int, int, float] | None:
        """A one-word street with its number after or before it."""
        if self._is_number(index + 1) and (self._tokens[index].capital):
            return self._names_back(index, 3), index + 1, 0.75
        first = self._names_back(index, 3)
        return (first - 1, index, 0.7) if self._is_number(first - 1) and self._tokens[index].capital else None

    def _prefixed(self, index: int) -> tuple[int, int, float] | None:
        """A street word before its names, with the number before the word or after the names."""
        last = index
        if (point := self._get(index + 1)) and point.text in (".", "/"):
            last += 1
        names = 0
        while names < 5 and self._is_name(last + 1):
            last, names = last + 1, names + 1
        if not names:
            return None
        comma = self._get(last + 1)
        skip = 1 if comma and (comma.text == "," or comma.word in ("n", "nr", "no", "nº", "n°", "num")) else 0
        short = len(self._tokens[index].word) <= 2 and self._tokens[index].text[-1] not in "./"
        if self._is_number(last + 1 + skip) and not short:
            return index, last + 1 + skip, 0.75
        if self._is_number(index - 1) and (self._tokens[index].capital or not short):
            return index - 1, last, 0.7
        return None

    def _unit(self, index: int) -> tuple[int, int, float] | None:
        """Flat and number, where a line with a number stands before it or the address goes on."""
        last = index + 1
        while (token := self._get(last)) and token.text in ("#", "."):
            last += 1
        token = self._get(last)
        if token is None or not (token.is_number or re.fullmatch(r"[A-Z]\d*", token.text)):
            return None
        before = self._back(index)
        if any(token.is_number for token in self._tokens[before:index]) or self._cued(index):
            return index, last, 0.7
        return None

    def _bare(self, index: int) -> tuple[int, int, float] | None:
        """Number and names without any street word: only where the words around speak of an address."""
        last, names = index, 0
        while names < 5 and (self._is_name(last + 1) or (names == 0 and self._is_number(last + 1))):
            last += 1
            names += self._tokens[last].capital
        if not names or is_one_of(self._tokens[index + 1], _MONTH):
            return self._named(index)
        numbered = self._is_number(last + 1)
        last += numbered
        if self._cued(index) or ((numbered or self._breaks(last)) and self._goes_on(last)):
            return index, last, 0.6
        return (index, last, 0.5) if numbered and self._breaks(last) and not self._flat else None

    def _breaks(self, last: int) -> bool:
        """Whether a comma or the end of the line follows."""
        following = self._get(last + 1)
        return following is None or following.text in (",", "\n")

    def _named(self, index: int) -> tuple[int, int, float] | None:
        """Names and a number after words that announce an address."""
        first = self._names_back(index, 4)
        return (first, index, 0.6) if first < index and self._cued(first) else None

    def _cued(self, index: int) -> bool:
        start = self._tokens[index].start
        return _CUE.search(self._text[max(0, start - 60) : start]) is not None

    def _goes_on(self, last: int) -> bool:
        """Whether a post code or a flat follows within the address."""
        end = self._forward(last)
        rest = self._tokens[last + 1 : end + 1]
        return any(
            re.fullmatch(r"\d{4,6}(?:-\d{3,4})?", token.text) or is_one_of(token, words.UNITS)
            for token in rest
        )

    def _back(self, first: int) -> int:
        """The first token of the address: house numbers, names and one line break back."""
        start, index, breaks = first, first - 1, 0
        while index >= max(0, first - 9):
            token = self._tokens[index]
            if token.text == "\n" or (token.text == "," and breaks == 0):
                breaks += 1
                if breaks > 1 or not self._line_has_number(index - 1):
                    break
            elif token.is_number:
                start = index
            elif not (self._is_name(index) or token.text in ".,/-?>|*"):
                break
            index -= 1
        names = self._names_back(start, 4)
        return names if names < start and self._cued(names) else start

    def _line_has_number(self, index: int) -> bool:
        """Whether this line or part is short and has a house number."""
        count, number = 0, False
        while (token := self._get(index)) and token.text not in ("\n", ",", ":", ";"):
            count, number, index = count + 1, number or token.is_number, index - 1
        return number and count <= 7

    def _forward(self, last: int) -> int:
        """The last token of the address: segments of names and numbers between commas and line breaks."""
        end, index = last, last + 1
        while index < min(len(self._tokens), last + _LONGEST):
            token = self._tokens[index]
            if token.text in ("\n", ",", "#", "?", "-", "/", "(", ">", "|", "*"):
                index += 1
            elif self._ends_sentence(index - 1) and self._tokens[index - 1].is_word:
                break
            elif (stop := self._segment(index)) is not None:
                end, index = stop, stop + 1
            elif len(token.text) <= 3 and token.is_word and self._is_alone(index):
                index += 1
            else:
                break
        return end

    def _ends_sentence(self, index: int) -> bool:
        """Whether a word that is no abbreviation ends with a point."""
        token = self._tokens[index]
        return token.text.endswith(".") and len(token.text) > 5

    def _is_alone(self, index: int) -> bool:
        """Whether a short word stands between a break and a break or number, as codes of regions do."""
        before, after = self._tokens[index - 1], self._get(index + 1)
        return before.text in (",", "\n") and after is not None and (after.text == "\n" or after.is_number)

    def _segment(self, index: int) -> int | None:
        """The last token of a town, state, code, flat or country that starts here, or None."""
        stop, names, opens_line = index, 0, self._opens_line(index)
        while (token := self._get(stop)) and names <= 4 and (token.is_number or self._is_name(stop)):
            if opens_line and token.is_word and self._is_label(stop):
                return None
            names += token.is_word
            stop += 1
            if token.is_word and self._ends_sentence(stop - 1):
                return stop - 1
        while stop > index and self._tokens[stop - 1].is_word and not self._tokens[stop - 1].capital:
            stop -= 1
        if stop == index:
            return None
        following = self._get(stop)
        if self._flat and not self._tokens[stop - 1].is_number:
            closed = following is None or not following.is_word
            return stop - 1 if closed and names <= 4 else None
        coded = re.fullmatch(r"\d{4,6}(?:-\d{3,4})?", self._tokens[stop - 1].text) is not None
        if opens_line and following is not None and following.is_word and not coded:
            return None  # a line of prose
        return stop - 1

    def _opens_line(self, index: int) -> bool:
        """Whether nothing but marks of quoting stands before it in its line."""
        before = self._get(index - 1)
        return (
            before is None
            or before.text == "\n"
            or (before.text in (">", "|", "*") and self._opens_line(index - 1))
        )

    def _is_label(self, index: int) -> bool:
        """Whether a line begins with the name of another field, as in `Phone: ...`."""
        following = self._get(index + 1)
        return following is not None and following.text == ":"
