"""Every error that core raises on purpose, named by what the caller does next.

    AnswerdeskError            the message is a plain sentence that may be shown to a person
    +-- ConfigurationError     a setting is wrong: the start stops, the message names the key
    +-- NotAllowed             this person may not do this: nothing was done
    |   +-- SignInFailed       wrong e-mail or password, or too many tries
    |   +-- KeyRefused         an application's key is unknown, expired or revoked
    +-- NotFound               no such thing, or not for this person (the two are not told apart)
    +-- BadInput               what was given cannot be used: the person changes it
    |   +-- UnreadableFile     a file without usable text: it is named with its reason, others go on
    |   +-- NotSupported       an edited answer fails its checks: change it, or say why it stands
    +-- Busy                   try again later: another process or person is at it
    |   +-- StoreInUse         another process owns the vector store on disk
    |   +-- RateLimited        too much in a minute: the error says when to come back
    +-- Cancelled              the person asked for the work to stop
    +-- ModelError             no model gave an answer
        +-- ModelUnavailable   every attempt failed: the message says what happens next
        |   +-- AllDeploymentsFailed  the same for a whole route: names each attempt and its cause
        +-- ModelRefused       the provider declined this request: trying again does not help
        +-- MaskingFailed      personal data could not be masked: nothing was sent
        +-- BudgetExceeded     no money for it: wait for the period to turn, or for a higher limit
        +-- PriceUnknown       a model without a price is never called: an administrator adds one
        +-- NotCleared         no configured deployment may see so sensitive a text: nothing was sent

A vendor's error is wrapped once, in the adapter that calls the vendor, with `raise ... from`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class FailureKind(StrEnum):
    """Why one attempt at a model failed, by what is done about it.

    `auth` also stands for a closed account and an unknown model name: what only an administrator
    can mend. `protocol` is an answer that is cut, unreadable or without its announced end.
    """

    RATE_LIMITED = "rate_limited"
    AUTH = "auth"
    CONTEXT_WINDOW = "context_window"
    CONTENT_POLICY = "content_policy"
    BAD_REQUEST = "bad_request"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"


class AnswerdeskError(Exception):
    """The root: `str(error)` is a sentence for a person, `__cause__` is for the log."""


class ConfigurationError(AnswerdeskError):
    """A setting is missing or wrong; the message names the key and the reason."""


class NotAllowed(AnswerdeskError):
    """The person lacks the right; nothing was done."""


class SignInFailed(NotAllowed):
    """The e-mail or the password is wrong, or there were too many tries."""


class KeyRefused(NotAllowed):
    """The key of an application does not admit it."""


class NotFound(AnswerdeskError):
    """No such thing, or it is not this person's to see."""


class BadInput(AnswerdeskError):
    """What the person gave cannot be used as it is."""


class UnreadableFile(BadInput):
    """A file from which no text can be read; the message is the reason."""


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """What a check holds against a sentence. `says` is for a person, and empty where `rule` says it all.

    `sentence` is empty where the whole text is meant.
    """

    sentence: str
    rule: str
    says: str


class NotSupported(BadInput):
    """A reviewer's own words fail the checks; `findings` say which sentences, and why, in their order."""

    def __init__(self, message: str, findings: tuple[FailedCheck, ...]) -> None:
        super().__init__(message)
        self.findings = findings


class Busy(AnswerdeskError):
    """Somebody or something else is at it; the same call may succeed later."""


class StoreInUse(Busy):
    """Another process has the vector store on disk open."""


class RateLimited(Busy):
    """A limit of a minute is reached; nothing was taken from any limit.

    `retry_after_s` says when the same call has room again (None: never, it asks for more than the
    whole limit), `scope` whose limit it is: person, department, provider or deployment.
    """

    def __init__(self, message: str, retry_after_s: int | None = None, scope: str = "person") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.scope = scope


class Cancelled(AnswerdeskError):
    """The work was stopped because a person asked for it."""


class ModelError(AnswerdeskError):
    """No model gave an answer.

    `status` is the provider's HTTP status; `retry_after_s` the seconds it asked to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind = FailureKind.UNAVAILABLE,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after_s = retry_after_s


class ModelUnavailable(ModelError):
    """Every attempt at a model failed."""


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A deployment that gave no answer.

    `cause` is a few words for a person, `message` the provider's own, for the log. `kind` is None
    where the deployment was not called at all.
    """

    deployment: str
    cause: str
    message: str = ""
    kind: FailureKind | None = None
    status: int | None = None


class AllDeploymentsFailed(ModelUnavailable):
    """No deployment of a route answered; `attempts` holds each one in its order."""

    def __init__(self, message: str, attempts: tuple[FailedAttempt, ...]) -> None:
        super().__init__(message)
        self.attempts = attempts


class ModelRefused(ModelError):
    """The provider declined this very request."""

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind = FailureKind.BAD_REQUEST,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, kind=kind, status=status, retry_after_s=retry_after_s)


class NotCleared(ModelError):
    """No configured deployment may see a text of this sensitivity."""


class BudgetExceeded(ModelError):
    """A department or a provider has no room in its budget; nothing was held.

    `passing` is true when there would be room if open holds came back: asking again in a moment
    may succeed. `scope` says whose budget it is: department or provider (another provider may
    have room). `turns_on` is the day, in UTC, on which its next period begins.
    """

    def __init__(
        self,
        message: str,
        scope: str = "department",
        passing: bool = False,
        turns_on: date | None = None,
    ) -> None:
        super().__init__(message)
        self.scope = scope
        self.passing = passing
        self.turns_on = turns_on


class PriceUnknown(ModelError):
    """Nobody knows what this model costs, so it is not called."""


class MaskingFailed(ModelError):
    """Personal data could not be masked with certainty, so no call outside was made."""
