"""A question that a model answers with yes or no."""

from __future__ import annotations

from dataclasses import replace

from core.gateway.charges import Caller
from core.gateway.gateway import Gateway
from core.gateway.messages import Message, ModelRequest, Piece, Restart
from core.types import DataClass

PURPOSE = "judge"
MOST_TOKENS = 8


def says_yes(
    gateway: Gateway, model: str, rules: str, prompt: str, caller: Caller, sensitive: DataClass
) -> bool:
    """Whether the model says yes, charged to the caller under the purpose `judge`.

    Anything but a plain yes counts as no: a judge that rambles, or was talked into something by a text,
    grants nothing. Raises ModelError or RateLimited as the gateway does.
    """
    request = ModelRequest(model, (Message("system", rules), Message("user", prompt)), MOST_TOKENS)
    said = ""
    for event in gateway.stream(request, replace(caller, purpose=PURPOSE), sensitive):
        if isinstance(event, Restart):
            said = ""
        elif isinstance(event, Piece):
            said += event.text
    return said.strip().casefold().strip(" .!\"'*") == "yes"
