"""The bodies of requests: read within limits, and looked through before anything parses them."""

from __future__ import annotations

import json
import re

from starlette.types import Receive

from core.errors import BadInput

MOST_BRACKETS = 200_000
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_ODD = re.compile(rb"\\u[dD][89a-fA-F]|NaN|Infinity")


class TooLarge(Exception):
    """The body has more bytes than may be."""


async def whole_body(receive: Receive, most: int) -> bytes:
    """All of it; raises TooLarge beyond `most` bytes, BadInput when it breaks off."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadInput("The request's body broke off.")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def check_json(body: bytes, depth: int) -> None:
    """Raises BadInput for JSON that is too deep, or says what nobody could write down again."""
    if _ODD.search(body):
        _check_odd(body)
    brackets = body.count(b"[") + body.count(b"{")
    if brackets <= depth:
        return
    if brackets > MOST_BRACKETS or _depth(body, depth) > depth:
        raise BadInput(f"The request's JSON is nested too deep, or in too many parts: at most {depth} deep.")


def _depth(body: bytes, enough: int) -> int:
    now = deepest = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        now += 1 if bracket[0] in b"[{" else -1
        deepest = max(deepest, now)
        if deepest > enough:
            break
    return deepest


def _check_odd(body: bytes) -> None:
    def refuse(_: str) -> None:
        raise BadInput("The request's JSON has a number that JSON does not know.")

    try:
        json.dumps(json.loads(body, parse_constant=refuse), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadInput("The request's JSON has half a character in it.") from None
    except (ValueError, RecursionError):
        # The application says what is wrong with it.
        return
