"""A question as the cache reads it: its facts, names, opposites and content words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from core.knowledge.terms import ENGLISH_STOP_WORDS
from core.semantic_cache.facts import Facts, facts
from core.semantic_cache.poles import poles

# Words of asking, which say nothing about what is asked for.
_ASKING = """
    please help need want tell know get got getting gets like way steps step process list give explain summary
    show hi hello thanks thank would could let cant dont doesnt didnt isnt wont try trying tried possible able
    yes really say said thing make made use used using go going something anything someone im ive id let's
"""
_EMPTY = ENGLISH_STOP_WORDS | frozenset(_ASKING.split())
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")
_CLITIC = re.compile(r"'(?:s|ve|m|re|ll|d|t)$")
_NAME = re.compile(r"(?<![^\W_])[^\W\d_][^\W_]*")
_BEGIN = re.compile(r"(?:^|[.?!:;\n]\s*)\W*$")
_FOREIGN = """
    der die das und ist nicht wie was kann ich ein eine le la les des une est pas comment que je pour el los
    las por como qué cómo il lo che non di per een het niet hoe wat en
"""
_OTHERS = frozenset(_FOREIGN.split())
_ENGLISH = ENGLISH_STOP_WORDS | frozenset(["please", "list", "show", "give", "name"])


@dataclass(frozen=True, slots=True)
class Wording:
    """What is read of a question: `content` are the stems of its content words in order, `stems` of all."""

    facts: Facts
    poles: frozenset[str]
    names: frozenset[str]
    content: tuple[str, ...]
    words: tuple[str, ...]
    stems: frozenset[str]


def normalised(question: str) -> str:
    """Without differences of case, spacing, typographic marks and final punctuation."""
    folded = unicodedata.normalize("NFKC", question).casefold().replace("’", "'")
    return " ".join(folded.split()).rstrip(" .?!")


def digest(question: str) -> str:
    """SHA-256 of the normalised question, 64 hex digits."""
    return hashlib.sha256(normalised(question).encode()).hexdigest()


def is_english(question: str) -> bool:
    """Whether its facts can be read: in other languages only the very same words are the same question."""
    words = _WORD.findall(question.casefold())
    letters = [char for char in question if char.isalpha()]
    foreign = sum(not char.isascii() for char in letters)
    mine, theirs = sum(w in _ENGLISH for w in words), sum(w in _OTHERS and w not in _ENGLISH for w in words)
    return bool(words) and foreign <= len(letters) // 10 and theirs <= mine // 2


def language_of(question: str) -> str:
    """`en`, or `other`: answers in different languages are not interchangeable."""
    return "en" if is_english(question) else "other"


@lru_cache(maxsize=20_000)
def read(question: str) -> Wording:
    """Everything that is compared, from the words alone."""
    text = question.replace("’", "'")
    words = tuple(_WORD.findall(text.casefold()))
    bare = [(_CLITIC.sub("", word), word) for word in words]
    content = tuple(_stem(word) for word, whole in bare if not ({word, whole} & _EMPTY or word.isdigit()))
    return Wording(
        facts=facts(question),
        poles=frozenset(poles(text.casefold())),
        names=_names(text),
        content=content,
        words=words,
        stems=frozenset(_stem(word) for word, _ in bare),
    )


def names_agree(one: Wording, other: Wording) -> bool:
    """Whether each has the names of the other, be it in small letters, as an adjective or spelled out."""
    if one.names == other.names:
        return True
    return all(_is_in(name, other) for name in one.names) and all(_is_in(name, one) for name in other.names)


def shared_names(one: Wording, other: Wording) -> frozenset[str]:
    """The names of either that stand in both."""
    return (one.names | other.names) & one.stems & other.stems


def _names(text: str) -> frozenset[str]:
    words = [match for match in _NAME.finditer(text) if len(match[0]) > 1]
    capitals = [match for match in words if match[0][0].isupper()]
    if sum(match.start() > words[0].start() for match in capitals) > max(2, len(words) / 2):
        return frozenset()  # a title or a shout: capitals tell nothing
    return frozenset(
        _stem(match[0].casefold())
        for match in capitals
        if match[0].casefold() not in _EMPTY
        and (_is_odd(match[0]) or not _BEGIN.search(text[: match.start()]))
    )


def _is_odd(word: str) -> bool:
    """`VPN` and `iPhone` are names even at the beginning of a sentence."""
    return word.isupper() or bool(re.search("[a-z][A-Z]", word))


def _is_in(name: str, wording: Wording) -> bool:
    if name in wording.stems or (len(name) >= 5 and any(stem[:5] == name[:5] for stem in wording.stems)):
        return True
    initials = "".join(word[0] for word in wording.words)
    shortest = max(2, len(name) - 1)  # `service level agreement`, or just the service levels
    return any(
        initials[i : i + n] == name[:n] for n in range(shortest, len(name) + 1) for i in range(len(initials))
    )


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return str(snowballstemmer.stemmer("english").stemWord(word)) if word.isalpha() else word
