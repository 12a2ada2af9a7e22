"""A text as the words, numbers and breaks that the grammar of addresses speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.gateway.privacy import address_words as words

_TOKEN = re.compile(
    r"\n|[^\W\d_]{1,2}/(?=\s)|[^\W\d_][\w’']*(?:[-.][^\W_]+)*\.?(?<!\n)|\d+[^\W\d_]?\b(?:[-/]\d+[^\W\d_]?\b)*|\d\w*|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token: where it stands, its lower-case word without the final point, its first letter's case."""

    start: int
    end: int
    word: str
    text: str
    capital: bool

    @property
    def is_number(self) -> bool:
        """A house number or a post code: 12, 12b, 12-14, 3/7."""
        return self.text[0].isdigit()

    @property
    def is_word(self) -> bool:
        """A word in any script."""
        return self.text[0].isalpha()


def tokens(text: str) -> list[Token]:
    """The tokens in order; a text without any capital letter is read as if all words had one."""
    flat = not any(map(str.isupper, text))
    return [
        Token(
            match.start(),
            match.end(),
            match[0].rstrip(".").lower(),
            match[0],
            match[0][0].isalpha() and (flat or not match[0][0].islower()),
        )
        for match in _TOKEN.finditer(text)
    ]


@cache
def _compiled(alternatives: str) -> re.Pattern[str]:
    return re.compile(alternatives, re.IGNORECASE)


def is_one_of(token: Token, alternatives: str) -> bool:
    """Whether the token's word is one of `address_words`' alternatives."""
    return _compiled(alternatives).fullmatch(token.word) is not None


def is_compound(token: Token) -> bool:
    """A one-word street name such as Hauptstraße or Kungsgatan, four letters before the ending at least."""
    return (
        token.is_word
        and _compiled(r"[\w-]{3,}?(?:" + words.COMPOUNDS.replace(r"\.", "") + ")").fullmatch(token.word)
        is not None
    )
