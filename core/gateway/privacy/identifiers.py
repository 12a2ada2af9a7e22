"""What a check sum or a fixed shape gives away: mail, links, cards, accounts, official numbers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.spans import Span

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w@])"
)
_CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){11,18}\d(?![\w-])")
_CARD_WORDS = re.compile(r"\b(?:card|visa|mastercard|amex|maestro|discover|credit|debit|cc)\b", re.IGNORECASE)
_IBAN = re.compile(
    r"(?<!\w)(?:A[DELOTZ]|B[AEFGHIJRY]|C[FGHIMRVYZ]|D[EJKOZ]|E[EGS]|F[IKOR]|G[ABEILQRTW]|H[NRU]|I[EQLRST]|JO|K[MWZ]|"
    r"L[BCITUVY]|M[ACDEGKLNRTUZ]|N[EILO]|OM|P[KLST]|QA|R[OSU]|S[ACDEIKMNOTV]|T[DGLNR]|UA|V[AG]|XK|YE)\d{2}"
    r"(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?![A-Z0-9])",
    re.IGNORECASE,
)
_SSN = re.compile(r"(?<![\w-])\d{3}([- .])\d{2}\1\d{4}(?![\w-])")
_BARE_SSN = re.compile(
    r"\b(?:ssn|social[ -]security)\b[^\d\n]{0,40}?(?<!\d)(\d{9}|\d{3}[-. ]?\d{2}[-. ]?\d{4})(?!\d)",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?!\.?\w)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})(?![\w:])", re.I
)
_ID_NUMBER = re.compile(
    r"\b(?:passport|driv(?:er|ing)(?:['’]?s)?[ -]licen[cs]e|licen[cs]e|tax(?:payer)?|national id(?:entity)?|"
    r"identity card|id card|national insurance|ni|medicare|nhs|bank account|account|acct|routing|policy|"
    r"member(?:ship)?|"
    r"patient|medical record)"
    r"(?:[ -](?:number|no|num|id|nr|code)\b\.?|[ ]?#)?(?:\s+(?:is|was|as|to|of))?[\s:#=]{1,3}"
    r"([A-Z]{0,3}[ -]?\d(?:[ -]?[A-Z0-9]){4,19})(?![\w-])",
    re.IGNORECASE,
)


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses, those of internal domains too."""
    for match in _EMAIL.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip("'`{|=/*&"))
        yield Span(start, match.end(), Kind.EMAIL, 1.0)


def find_cards(text: str) -> Iterator[Span]:
    """Payment cards of 12 to 19 digits: the check sum holds, or the words before speak of a card."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        said = _CARD_WORDS.search(text, max(0, match.start() - 60), match.start())
        if said or (_luhn(digits) and digits[0] in "23456" and len(set(digits)) > 2):
            yield Span(match.start(), match.end(), Kind.CREDIT_CARD, 0.95)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def find_ibans(text: str) -> Iterator[Span]:
    """Bank accounts of the international form, with blanks or without; a wrong check sum needs the word."""
    for match in _IBAN.finditer(text):
        said = "iban" in text[max(0, match.start() - 40) : match.start()].lower()
        end = _iban_end(text, match, said)
        if end:
            yield Span(match.start(), end, Kind.IBAN, 0.95)


def _iban_end(text: str, match: re.Match[str], said: bool) -> int | None:
    """Where the account ends: the longest run of whole groups with a right check sum."""
    ends = [match.end(), *(match.start() + gap.start() for gap in re.finditer(r"[ -]", match[0]))]
    for end in sorted(ends, reverse=True):
        number = re.sub(r"[ -]", "", text[match.start() : end]).upper()
        if 15 <= len(number) <= 34 and _iban_sum(number) == 1:
            return end
    compact = re.match(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b", match[0], re.IGNORECASE)
    if compact and (said or sum(map(str.isdigit, compact[0])) >= 12):
        return match.start() + compact.end()
    return match.end() if said else None


def _iban_sum(number: str) -> int:
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97


def find_ssns(text: str) -> Iterator[Span]:
    """US social security numbers: the written shape, or nine digits where they are named."""
    for match in _SSN.finditer(text):
        yield Span(match.start(), match.end(), Kind.SSN, 0.9)
    for match in _BARE_SSN.finditer(text):
        yield Span(match.start(1), match.end(1), Kind.SSN, 0.9)


def find_ips(text: str) -> Iterator[Span]:
    """IPv4 and IPv6 addresses, with a network length or without."""
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            if _is_ip(match[0].partition("/")[0]):
                yield Span(match.start(), match.end(), Kind.IP, 0.95)


def _is_ip(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def find_id_numbers(text: str) -> Iterator[Span]:
    """Numbers of passports, licences, accounts and the like, where the words before name them."""
    for match in _ID_NUMBER.finditer(text):
        if sum(map(str.isdigit, match[1])) >= 5:
            yield Span(match.start(1), match.end(1), Kind.ID_NUMBER, 0.7)


def employee_number_finder(pattern: str) -> Callable[[str], Iterator[Span]]:
    """A finder for the company's own pattern (a regular expression; group 1, if any, is the number).

    Raises re.error when the pattern is none.
    """
    compiled = re.compile(pattern)
    group = min(compiled.groups, 1)

    def find_employee_numbers(text: str) -> Iterator[Span]:
        """Matches of the configured pattern that are not empty."""
        for match in compiled.finditer(text):
            if match[group]:
                yield Span(match.start(group), match.end(group), Kind.EMPLOYEE_NUMBER, 0.95)

    return find_employee_numbers
