"""What kind of thing a question asks for, and whether a sentence holds one.

A small table after the classes of Li and Roth (Learning Question Classifiers, 2002): the words a question
opens with tell whether a number, an amount of money, a time or a person would answer it.
"""

from __future__ import annotations

import re

_NUMBER = (
    r"\d|\b(?:no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"hundreds?|thousands?|millions?|half|twice|once|dozens?|several|second|third)\b"
)
_UNIT = r"(?:second|minute|hour|day|week|month|year|decade|centur|night)"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONEY = r"[€$£]|\b(?:EUR|USD|GBP|CHF|euros?|dollars?|pounds?|price|cents?)\b"
_DURATION = rf"(?:{_NUMBER})[^.;]{{0,20}}\b{_UNIT}"
_TIME = rf"\b\d{{4}}\b|\d:\d\d|\b{_MONTH}\b|\b{_WEEKDAY}|\b{_UNIT}|\bcentury\b|\b(?:noon|midnight)\b"
_PERSON = (
    r"[a-z,;:(] [A-Z][a-z]+|\b[A-Z][a-z]+ [A-Z]|\b(?:manager|head|officer|director|lead|leader|team|partner|"
    r"executive|counsel|department|desk|group|committee|board|president|owner|author|members?|people)\b"
)

_TYPES = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(answer, flags))
    for asked, answer, flags in (
        (r"\b(?:percent|percentage|what share)\b|%", rf"(?:{_NUMBER}).*(?:percent|%)", re.IGNORECASE),
        (rf"\bhow many {_UNIT}", _DURATION, re.IGNORECASE),
        (r"\bhow (?:long|fast|quick|quickly|soon|often)\b|\bhow much time\b", _DURATION, re.IGNORECASE),
        (r"\bhow (?:many|old|far|high|hot|tall|big|large|deep|wide|heavy)\b", _NUMBER, re.IGNORECASE),
        (
            r"\bhow much (?:money|is|are|does|do|did|may|can|will)\b.*(?:cost|pay|price|earn|get|\bis\b)|"
            r"\b(?:cost|price|amount|salary|earn|per diem|allowance|budget)\b|\bpay for\b",
            rf"(?:{_MONEY}).*\d|\d.*(?:{_MONEY}|_eur\b)|_eur\b.*\d|\d,\d{{3}}|\d\.\d\d\b",
            re.IGNORECASE,
        ),
        (r"\bhow much\b", _NUMBER, re.IGNORECASE),
        (r"\b(?:when|(?:what|which) (?:year|date|day|month|century|time))\b", _TIME, re.IGNORECASE),
        (r"\bwho(?:m|se)?\b", _PERSON, 0),
    )
)


def expected(question: str) -> re.Pattern[str] | None:
    """What an answer to this question must show, None where its words do not tell.

    The last interrogative counts first: what stands before it is context.
    """
    for sentence in reversed(re.split(r"(?<=[.!?:;])\s+", question)):
        for asked, answer in _TYPES:
            if asked.search(sentence):
                return answer
    return None
