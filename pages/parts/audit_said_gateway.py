"""What entries of the gateway say of themselves: calls, masking, budgets, limits and refusals.

Data that a newer version wrote, or that was tampered with, is said word by word rather than not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.gateway.money import dollars
from core.gateway.privacy.kinds import Kind as Masked
from core.journal.lines import Line
from pages.parts.audit_fact import rest
from pages.parts.audit_words import words
from pages.parts.wording import count, duration

Names = Mapping[str, str]
"""The departments' names by their ids."""
Data = Mapping[str, Any]

_PURPOSES = {
    "answer": "for the answer",
    "stand-alone": "to complete the question",
    "embedding": "to read texts for the search",
    "reranking": "to order what was found",
    "judge": "to judge whether two answers are alike",
    "shadow": "to check a remembered answer",
    "test": "as a test",
}
# One and many of what was masked.
_MASKED = {
    Masked.PERSON: ("name", ""),
    Masked.EMAIL: ("e-mail address", "e-mail addresses"),
    Masked.PHONE: ("phone number", ""),
    Masked.ADDRESS: ("street address", "street addresses"),
    Masked.CREDIT_CARD: ("card number", ""),
    Masked.IBAN: ("bank account", ""),
    Masked.SSN: ("social security number", ""),
    Masked.ID_NUMBER: ("identity number", ""),
    Masked.EMPLOYEE_NUMBER: ("employee number", ""),
    Masked.IP: ("IP address", "IP addresses"),
    Masked.URL: ("web address", "web addresses"),
    Masked.SECRET: ("password or key", "passwords or keys"),
}


def call(line: Line, data: Data, names: Names) -> Iterator[str]:
    """An attempt, and its outcome where it is known."""
    yield from purpose(data)
    yield from _deployment(line, data)
    for key, verb in (("prompt_tokens", "read"), ("completion_tokens", "wrote")):
        if isinstance(tokens := data.get(key), int):
            yield f"{verb} {count(tokens, 'token')}"
    if data.get("estimated") is True:
        yield "its tokens are estimated"
    if isinstance(failure := data.get("failure"), str):
        yield f"failed: {failure.replace('_', ' ')}"
    if isinstance(status := data.get("status"), int):
        yield f"it answered with status {status}"
    done = ("prompt_tokens", "completion_tokens", "estimated", "failure", "status", "latency_ms")
    yield from rest(data, "purpose", "deployment", *done)


def masking(line: Line, data: Data, names: Names) -> Iterator[str]:
    """`2 e-mail addresses and 1 name masked`."""
    kinds = data.get("kinds")
    pairs = kinds if isinstance(kinds, list) else []
    counted = [_counted(*pair) for pair in pairs if isinstance(pair, list) and len(pair) == 2]
    joined = " and ".join(filter(None, [", ".join(counted[:-1]), *counted[-1:]]))
    yield f"{joined} masked" if joined else "nothing to mask"
    yield from purpose(data)
    yield from _deployment(line, data)
    yield from rest(data, "kinds", "purpose", "deployment")


def budget(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Whose it is, how large, and what is spent or held of it."""
    yield _whose(line, data, names)
    limit, period = data.get("limit_microusd"), data.get("period")
    if isinstance(limit, int):
        yield f"{dollars(limit)} a {period}" if isinstance(period, str) else dollars(limit)
    if isinstance(spent := data.get("spent_microusd"), int):
        yield f"{dollars(spent)} spent"
    held = data.get("amounts_microusd")
    for each in held if isinstance(held, list) else ():
        match each:
            case [str() as kind, str() as scope_id, int() as amount]:
                yield f"{dollars(amount)} held for {_scope(kind, scope_id, names)}"
    yield from purpose(data)
    yield from _deployment(line, data)
    done = ("scope", "id", "limit_microusd", "period", "spent_microusd", "amounts_microusd", "hold")
    yield from rest(data, *done, "purpose", "deployment", "demonstration")
    if data.get("demonstration") is True:
        yield "made up for the demonstration"


def rate_limit(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Whose limit a minute was reached."""
    yield f"of {_whose(line, data, names)}"
    yield from purpose(data)
    yield from _deployment(line, data)
    yield from rest(data, "scope", "id", "purpose", "deployment")


def refusal(line: Line, data: Data, names: Names) -> Iterator[str]:
    """Why nothing was called at all."""
    if isinstance(level := data.get("data_class"), str):
        yield f"no deployment may see {level} text"
    yield from purpose(data)
    yield from rest(data, "data_class", "purpose")


def purpose(data: Data) -> Iterator[str]:
    """What a model was called for."""
    if isinstance(word := data.get("purpose"), str):
        yield _PURPOSES.get(word, f"for {word.replace('_', ' ')}")


def latency(data: Data) -> str:
    """How long the provider took, where it was measured."""
    found = data.get("latency_ms")
    return f"took {duration(found / 1_000)}" if isinstance(found, int) else ""


def _counted(kind: object, number: object) -> str:
    # A kind of a newer version shows as its own word.
    one, many = _MASKED.get(str(kind), (words(str(kind)).lower(), ""))  # type: ignore[call-overload]
    return count(number, one, many) if isinstance(number, int) else one


def _deployment(line: Line, data: Data) -> Iterator[str]:
    """Its name, where it is not that of the model, which stands there already."""
    name = data.get("deployment")
    if isinstance(name, str) and name != line.model:
        yield f"deployment {name}"


def _whose(line: Line, data: Data, names: Names) -> str:
    """Of a department, a provider or a person; a refusal says only of what kind."""
    kind, named = data.get("scope"), data.get("id")
    if not isinstance(kind, str):
        return ""
    theirs = {"department": line.department, "provider": line.provider}.get(kind)
    return _scope(kind, named if isinstance(named, str) else theirs or "", names)


def _scope(kind: str, scope_id: str, names: Names) -> str:
    if kind == "department":
        return f"the {names.get(scope_id, scope_id)} department"
    return f"the {kind} {scope_id}".rstrip()
