"""How passages travel in a prompt: fenced off from the question, and readable both ways.

Documents are not trusted. Whatever in a text looks like one of the fence's own tags gets a backslash
after its angle bracket, so that neither this module nor a language model takes it for the end of a
passage; reading the fence takes the backslash away again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

NOT_FOUND = "NOT_FOUND"
"""The whole answer of a model that finds no answer in the passages."""

_TAGS = ("passages", "passage", "question")
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_OPENING = r"<|＜|﹤|‹|〈|⟨|&lt;?|&#0*60;?|&#x0*3c;?"
_SPELLED = "|".join(f"[{_INVISIBLE}]*".join(tag) for tag in _TAGS)
_GAP = rf"[\s{_INVISIBLE}]*"
_LOOK_ALIKE = re.compile(rf"({_OPENING})(\\*)(?={_GAP}(?:[/／]{_GAP})?(?:{_SPELLED}))", re.IGNORECASE)

_FENCED = re.compile(
    r"<passages>\n(?P<passages>.*)</passages>\n<question>\n(?P<question>.*)\n</question>", re.S
)
_PASSAGE = re.compile(
    r'<passage id="([0-9]+)" title="([^"]*)" section="([^"]*)">\n(.*?)\n</passage>\n', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class FencedPassage:
    """A passage as a model sees it; an answer cites it as `[number]`, which counts from 1."""

    number: int
    title: str
    section: str
    text: str


def fence(passages: Sequence[FencedPassage], question: str) -> str:
    """The user's message of a prompt: the passages in their order, then the question."""
    fenced = "".join(_fenced(passage) for passage in passages)
    return f"<passages>\n{fenced}</passages>\n<question>\n{_neutral(question)}\n</question>"


def unfence(text: str) -> tuple[list[FencedPassage], str] | None:
    """What `fence` was given; None where the text holds no whole fence."""
    found = _FENCED.search(text)
    if found is None:
        return None
    passages = [
        FencedPassage(int(number), _attribute_read(title), _attribute_read(section), _original(inner))
        for number, title, section, inner in _PASSAGE.findall(found["passages"])
    ]
    return passages, _original(found["question"])


def _fenced(passage: FencedPassage) -> str:
    title, section = _attribute(passage.title), _attribute(passage.section)
    opening = f'<passage id="{passage.number}" title="{title}" section="{section}">'
    return f"{opening}\n{_neutral(passage.text)}\n</passage>\n"


def _neutral(text: str) -> str:
    return _LOOK_ALIKE.sub(r"\1\\\2", text)


def _original(text: str) -> str:
    return _LOOK_ALIKE.sub(lambda match: match[1] + match[2].removeprefix("\\"), text)


def _attribute(value: str) -> str:
    return html.escape(_neutral(value), quote=True)


def _attribute_read(value: str) -> str:
    return _original(html.unescape(value))
