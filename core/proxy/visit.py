"""One request on its way through the proxy: who asks, and what headers, logs and metrics say of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.gateway.charges import Caller
from core.gateway.messages import Finish
from core.keys import ApiKey
from core.types import DataClass

USER_HEADER = "x-answerdesk-user"
CLASS_HEADER = "x-answerdesk-data-class"
CACHE_HEADER = "x-answerdesk-cache"
IDEMPOTENCY_HEADER = "idempotency-key"


@dataclass(slots=True)
class Visit:
    """Filled in as the request goes on.

    `user` is the end user's address as the application names it, never written anywhere; `began` is on
    the proxy's timer, in seconds, and so is `first_s`, the time until the first piece. `cache_tier` says
    whether a hit was `exact` or `semantic`.
    """

    request_id: str
    trace_id: str
    began: float
    path: str = ""
    key: ApiKey | None = None
    person_id: int | None = None
    user: str = ""
    traceparent: str = ""
    data_class: DataClass = DataClass.INTERNAL
    wants_cache: bool = False
    wants_meaning: bool = False
    idempotency_key: str = ""
    model: str = ""
    streamed: bool = False
    cache: str = "off"
    cache_tier: str = ""
    finish: Finish | None = None
    first_s: float | None = None
    status: int = 0
    error_code: str = ""

    @property
    def admitted(self) -> ApiKey:
        """The key, once the gate has let it in."""
        if self.key is None:
            raise RuntimeError("a request came past the gate without a key")
        return self.key

    def caller(self) -> Caller:
        """On whose account a model is called: the key's department, whoever the end user is."""
        key = self.admitted
        return Caller(key.department, self.person_id or key.person_id, self.trace_id, f"key {key.id}")

    def headers(self) -> dict[str, str]:
        """What every response says about itself; costs and the answering model once they are known."""
        said = {
            "x-request-id": self.request_id,
            "x-answerdesk-trace": self.trace_id,
            "x-answerdesk-cache": self.cache,
        }
        if self.cache_tier:
            said["x-answerdesk-cache-tier"] = self.cache_tier
        if self.model:
            said["x-answerdesk-model"] = _header_text(self.model)
        if self.finish is not None:
            said["x-answerdesk-model"] = _header_text(self.finish.deployment or self.finish.model)
            said["x-answerdesk-provider"] = _header_text(self.finish.provider)
            said["x-answerdesk-cost-usd"] = f"{self.finish.cost_microusd / 1_000_000:.6f}"
        return said


def _header_text(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isprintable())[:200]
