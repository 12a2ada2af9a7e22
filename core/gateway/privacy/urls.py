"""Links: with a scheme, with www, or a bare domain under a public suffix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.spans import Span

_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s<>\"'`\\^{}|]+", re.IGNORECASE)
_WWW = re.compile(r"\bwww\d{0,3}\.[^\s<>\"'`\\^{}|]+", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@./:-])(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w@(-]|\.\w)"
    r"(?::\d{2,5}\b)?(?:/[^\s<>\"'`\\^{}|]*)?"
)
# Endings of files that are also domains of countries or companies: a name with one of them is a file.
_FILE_ENDINGS = frozenset(
    [
        "md",
        "py",
        "rs",
        "sh",
        "pl",
        "so",
        "cc",
        "ps",
        "zip",
        "mov",
        "java",
        "app",
        "bat",
        "js",
        "ts",
        "tf",
        "ml",
        "mm",
        "pm",
        "lc",
        "py",
        "do",
        "st",
    ]
)


def find_urls(text: str) -> Iterator[Span]:
    """Links and domains, without the punctuation that ends the sentence around them."""
    for pattern, score in ((_SCHEME, 0.9), (_WWW, 0.85)):
        for match in pattern.finditer(text):
            yield Span(match.start(), match.start() + _length(match[0]), Kind.URL, score)
    for match in _BARE.finditer(text):
        if _is_domain(match[0]):
            yield Span(match.start(), match.start() + _length(match[0]), Kind.URL, 0.6)


def _length(link: str) -> int:
    """Characters of the link itself: trailing punctuation and brackets it did not open are left out."""
    while link:
        last = link[-1]
        unopened = last in ")]" and link.count(last) > link.count("(" if last == ")" else "[")
        if last not in ".,;:!?*_~" and not unopened:
            break
        link = link[:-1]
    return len(link)


def _is_domain(link: str) -> bool:
    host = re.split(r"[:/]", link, maxsplit=1)[0]
    ending = host.rpartition(".")[2]
    if ending.lower() in _FILE_ENDINGS or (ending[:1].isupper() and not host.isupper()):
        return False  # "end.Next" is a missing blank
    return _registered()(host)


@cache
def _registered() -> Callable[[str], bool]:
    """Whether a host is a name under a public suffix, by the list that tldextract brings along."""
    import tldextract

    extract = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), fallback_to_snapshot=True)

    def registered(host: str) -> bool:
        parts = extract(host)
        return bool(parts.suffix and parts.domain)

    return registered
