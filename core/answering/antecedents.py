"""Whether a pronoun has, in the same question, the noun that it stands for."""

from __future__ import annotations

import re

_BEFORE_MANY = (
    r"\b(?:my|our|your|the|some|any|one of|\d+|two|three|several|no|which|what|of|for|by|with|many|all|most|"
    r"other|if|when|can|do|are|should|must|may)\s+"
)
# A word behind a determiner, a name within a sentence, or a name with digits.
_NOUN = re.compile(
    r"(?:\b(?:[Mm]y|[Oo]ur|[Yy]our|[Aa]n?|[Tt]he|[Ss]ome|[Aa]ny|[Ee]very|[Ee]ach|[Aa]nother|[Ww]hich|\d+|two|three)"
    r"\s+(?:[\w-]+\s+){0,2}?(?P<one>[\w-]{2,}))"
    r"|(?<=[\w,;]\s)(?P<name>(?!I\b)[A-Z][\w-]+)"
    r"|\b(?P<coded>[A-Z]+-?\d[\w-]*)"
    r"|\b(?P<somebody>some(?:body|one)|any(?:body|one)|every(?:body|one))\b"
)
_PLURAL = re.compile(
    rf"(?:^|{_BEFORE_MANY})(?:[\w-]+\s+)??"
    r"(?P<many>(?!(?:does|was|has|this|its|his|us|yes|less|always|perhaps|sometimes)\b)[\w-]{2,}s)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?:employee|worker|colleague|manager|boss|supervisor|lead|head|director|officer|owner|reviewer|customer|client|"
    r"contractor|freelancer|intern|trainee|apprentice|applicant|candidate|visitor|guest|supplier|distributor|"
    r"partner|wife|husband|child|son|daughter|mother|father|parent|brother|sister|friend|doctor|person|people|"
    r"staff|man|woman|leaver|joiner|member|user|engineer|team|hr|somebody|someone|anybody|anyone|everybody|"
    r"everyone)s?",
    re.IGNORECASE,
)
# Between a noun and a pronoun that is the object of a verb: in one clause the two are not the same.
_BOUNDARY = re.compile(
    r"[,;:.?!–—(]|\b(?:and|but|or|if|when|before|after|because|so|that|which|who|while|until|unless|once|without|"
    r"by|how|what|where|why|whether|as|than|to)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"^\W*(?:is|are|was|were|has|have|had|can|could|may|must|should|will|would|does|do|needs?|gets?|keeps?|wants?|"
    r"works?|becomes?|goes|falls?|leaves?|returns?|\w+s|\w+ed)\b",
    re.IGNORECASE,
)
_OF_PERSONS = frozenset(["he", "she", "him", "her", "his", "hers"])
_OF_EITHER = frozenset(["they", "them", "their", "theirs", "there", "same", "instead"])
_OWNING = frozenset(["its", "his", "their"])


def has_antecedent(question: str, start: int, end: int) -> bool:
    """Whether what stands before the pronoun in `question[start:end]` names what it means.

    A guess from the shape of the words: it needs no grammar, and errs towards a question of its own only
    where a noun stands in another clause.
    """
    pronoun = question[start:end].casefold().split()[-1]
    before, after = question[:start], question[end:]
    free = pronoun in _OWNING or (pronoun not in ("him", "them") and _is_subject(before, after))
    return any(
        _agrees(pronoun, noun) and (free or _BOUNDARY.search(before, at) is not None)
        for noun, at in _nouns(before)
    )


def _nouns(text: str) -> list[tuple[str, int]]:
    """Each noun with where it ends."""
    found = [*_NOUN.finditer(text), *_PLURAL.finditer(text)]
    return [(match[match.lastgroup], match.end()) for match in found if match.lastgroup is not None]


def _agrees(pronoun: str, noun: str) -> bool:
    if pronoun in _OF_EITHER:
        return True
    is_person = _PERSON.fullmatch(noun) is not None
    if pronoun in _OF_PERSONS:
        return is_person or noun[0].isupper()
    return not is_person


def _is_subject(before: str, after: str) -> bool:
    inverted = re.search(r"\b(?:do|does|did|is|are|was|can|may|must|should|will|has|have)\s+$", before)
    return inverted is not None or _SUBJECT.match(after) is not None
