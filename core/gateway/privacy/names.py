"""What is known about words as names: lists of given and family names, endings, and the model's words."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from core.gateway.privacy.common_words import CommonWords

_ENDINGS = re.compile(
    r"(?:mc|mac|fitz)\w{4,}|o['’]\w{3,}|\w{2,}(?:sson|sdóttir|dottir|dóttir|ović|ević|ovic|evic|ovská|ová|ova|eva|owski|owska|ewski|ewska|czyk|wicz|enko|chuk|shvili|adze|"
    r"opoulos|idis|akis|escu|eanu|oğlu|oglu|yan|ian|zadeh|berger|mann|stein|sen|ez|ini|elli|etti|ucci|azzo|inho|eira|moto|"
    r"mura|zawa|gawa|naga|yama|ński|nska|nski|ić|kov|nov|tov|rov|lov|dov|ev|nen|mäki|quist|qvist|gren|lund|strøm|ström|gaard|veen|huis|ová|ić|čić|ñez|berg|dahl|feld|felt|haus|meier|meyer|maier|hoff|ski|sky|wala|wal|pour|nejad)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Names:
    """Lists of lower-case words: names by how sure they are, and ordinary words (of the language model)."""

    given: frozenset[str]
    ambiguous: frozenset[str]
    family: frozenset[str]
    ordinary: Container[str]

    def is_ordinary(self, word: str) -> bool:
        """Whether the model met the word, as it is or in lower case."""
        return word in self.ordinary or word.lower() in self.ordinary

    def is_strange(self, word: str) -> bool:
        """A capitalised word the model never met: letters only, no second capital, three letters at least."""
        plain = word.replace("-", "").replace("'", "").replace("’", "")
        shaped = (
            len(plain) >= 3 and plain.isalpha() and re.search(r"[a-z][A-Z]|^[a-z]|[A-Z]{2}", plain) is None
        )
        return shaped and not self.is_ordinary(word)

    def sounds_like_family(self, word: str) -> bool:
        """Whether the word ends as family names of some language do."""
        return _ENDINGS.fullmatch(word) is not None


def load_names(met: Set[str], lemmas: Mapping[str, Set[str]]) -> Names:
    """The lists beside this file, with the words that the model met and those of its dictionary."""
    ambiguous, given, family = (_read(f"{kind}_names.txt") for kind in ("ambiguous", "given", "family"))
    names = given | family | ambiguous
    lemmas = {part: words - given - family for part, words in lemmas.items()}
    common = CommonWords(met, lemmas, _read("foreign_words.txt") - names)
    return Names(given - ambiguous, ambiguous, family, common)


def _read(name: str) -> frozenset[str]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
