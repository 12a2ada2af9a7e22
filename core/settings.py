"""Settings: read once from the environment and a `.env` file, strict, with the reason on failure."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError

PREFIX = "ANSWERDESK_"
ROOT = Path(__file__).resolve().parent.parent
_UNPREFIXED = ("DATABASE_URL", "CHROMA_URL", "REDIS_URL")

OptionalUrl = Annotated[str | None, BeforeValidator(lambda value: value or None)]
OptionalName = Annotated[str | None, BeforeValidator(lambda value: value or None)]
OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]


def _regular_expression(value: str | None) -> str | None:
    if not value:
        return None
    try:
        matches_empty = re.compile(value).search("") is not None
    except re.error as exc:
        raise ValueError(f"this is no regular expression ({exc})") from exc
    if matches_empty:
        raise ValueError("this also matches an empty text; say what a number looks like, as in EMP-[0-9]{5}")
    return value


Pattern = Annotated[str | None, BeforeValidator(_regular_expression)]
"""A regular expression; its first group, if it has one, is what is looked for."""


class Limits(BaseModel, extra="forbid"):
    """How much one person may give at once.

    `question_chars` is checked when a question is asked, `upload_bytes` for each uploaded file,
    `questions_per_min` for each person when a question is asked, `sign_in_tries` for each e-mail
    address in a window of 15 minutes.
    """

    question_chars: int = Field(2_000, gt=0)
    upload_bytes: int = Field(50_000_000, gt=0)
    questions_per_min: int = Field(30, gt=0)
    sign_in_tries: int = Field(10, gt=0)


class RateLimitDefaults(BaseModel, extra="forbid"):
    """Requests and tokens in any minute, checked when a model is about to be called; None is no limit.

    They hold for each person, department, provider and deployment that `limits_file` does not name.
    """

    person_requests_per_min: int | None = Field(None, ge=0)
    person_tokens_per_min: int | None = Field(None, ge=0)
    department_requests_per_min: int | None = Field(None, ge=0)
    department_tokens_per_min: int | None = Field(None, ge=0)
    provider_requests_per_min: int | None = Field(None, ge=0)
    provider_tokens_per_min: int | None = Field(None, ge=0)
    deployment_requests_per_min: int | None = Field(None, ge=0)
    deployment_tokens_per_min: int | None = Field(None, ge=0)


class TargetMinutes(BaseModel, extra="forbid"):
    """Within how many minutes a person should have decided, for each kind of review task."""

    flagged: int = Field(60, gt=0)
    asked: int = Field(120, gt=0)
    reported: int = Field(240, gt=0)
    stale: int = Field(1_440, gt=0)


class Smtp(BaseModel, extra="forbid"):
    """The mail server that tells askers of their answers; none is used without a `host`."""

    host: str = ""
    port: int = Field(25, ge=1, le=65_535)
    starttls: bool = False
    user: str = ""
    password: SecretStr | None = None
    sender: str = "answerdesk@localhost"


class ReviewSettings(BaseModel, extra="forbid"):
    """The review queue.

    `lease_minutes`: how long a claimed task is kept for its reviewer after the last sign of life.
    `webhook_url`: where Slack-compatible JSON is posted when a question begins to wait.
    `address`: where this desk is reached, for the links in notifications.
    """

    lease_minutes: int = Field(15, gt=0)
    target_minutes: TargetMinutes = Field(default_factory=lambda: TargetMinutes())
    webhook_url: OptionalUrl = None
    address: str = "http://127.0.0.1:8501"
    smtp: Smtp = Field(default_factory=lambda: Smtp())


class CacheSettings(BaseModel, extra="forbid"):
    """The semantic cache.

    `ttl_days`: how long an answer that nobody verified is given again; `entries`: how many are kept;
    `shadow_rate`: the share of served answers that are compared with a fresh one in the background.
    `judge`: what decides whether a question of doubtful likeness leads to the stored answer from then on:
    the two answers' words, a cross-encoder, or a language model; the latter two judge in the background.
    `judge_model`: the cross-encoder (folder or name; for inference, or for likeness in [0, 1]), or the
    model of the models file, which is the one for answers unless named; `judge_threshold`: from how much
    on a cross-encoder says yes. Who asks what another process answers right now waits for at most
    `twin_wait_s`; a process that died holds nobody up for longer than `twin_lease_s`.
    """

    ttl_days: int = Field(30, gt=0)
    entries: int = Field(100_000, gt=0)
    shadow_rate: float = Field(0.01, ge=0, le=1)
    judge: Literal["answers", "cross-encoder", "model"] = "answers"
    judge_model: OptionalName = None
    judge_threshold: float = Field(0.8, gt=0, le=1)
    twin_wait_s: float = Field(30.0, ge=0, le=600)
    twin_lease_s: float = Field(60.0, gt=0, le=3_600)

    @model_validator(mode="after")
    def _names_its_judge(self) -> CacheSettings:
        if self.judge == "cross-encoder" and self.judge_model is None:
            raise ValueError("name the cross-encoder, a folder or a model, in ANSWERDESK_CACHE__JUDGE_MODEL")
        return self


class ProxySettings(BaseModel, extra="forbid"):
    """The gateway as a reverse proxy for other applications.

    `host` and `port` are for `make gateway`; the app serves the same paths at its own address.
    `parallel` requests are answered at a time, as many again wait, and more are turned away.
    A request's body has at most `body_bytes`, comes within `body_s` seconds and is nested at most
    `depth` deep. `max_tokens` is for requests that name none, `most_tokens` the most one may name.
    A connection without a whole request is closed after `idle_s`; there are at most `connections`.
    `cache_minutes` and `idempotency_hours` say how long replies are kept for those who ask for it.
    On shutdown answers have `drain_s` to be finished. `metrics_token` opens /metrics to others than
    this machine; `otlp_endpoint` is where traces go (none without it).
    """

    host: str = "127.0.0.1"
    port: int = Field(8600, ge=1, le=65_535)
    parallel: int = Field(64, ge=1, le=1_000)
    connections: int = Field(2_000, ge=1)
    idle_s: float = Field(10.0, gt=0)
    body_bytes: int = Field(4_000_000, gt=0)
    body_s: float = Field(20.0, gt=0)
    depth: int = Field(64, ge=8, le=500)
    max_tokens: int = Field(4_096, gt=0)
    most_tokens: int = Field(200_000, gt=0)
    cache_minutes: int = Field(60, gt=0)
    idempotency_hours: int = Field(24, gt=0)
    drain_s: float = Field(30.0, ge=0)
    metrics_token: SecretStr | None = None
    otlp_endpoint: OptionalUrl = None


class Settings(BaseSettings):
    """Everything that can be configured; every key is `ANSWERDESK_<NAME>` unless noted.

    `DATABASE_URL`, `CHROMA_URL` and `REDIS_URL` go by their usual names. A nested one is
    written `ANSWERDESK_LIMITS__QUESTION_CHARS`.

    While Redis does not answer, each process counts rate limits for itself, or, by `redis_outage`, refuses
    what would have to be counted. `house_department` pays for what nobody asked for: answers that are only
    compared with what the semantic cache has served (the purpose `shadow`). It needs not be a real one.

    Where words cannot tell whether a source says what a sentence of an answer claims, `entailment_model`, a
    cross-encoder for inference by folder or name, is asked, or `support_judge`, a model of the models file.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    database_url: OptionalUrl = Field(None, validation_alias="DATABASE_URL")
    chroma_url: OptionalUrl = Field(None, validation_alias="CHROMA_URL")
    redis_url: OptionalUrl = Field(None, validation_alias="REDIS_URL")
    redis_outage: Literal["count-here", "refuse"] = "count-here"

    data_dir: Path = ROOT / "data" / "runtime"
    company_dir: Path = ROOT / "data" / "company"
    models_file: Path = ROOT / "data" / "models.yaml"
    prices_file: Path = ROOT / "data" / "prices.yaml"
    limits_file: Path = ROOT / "data" / "limits.yaml"
    confidence_file: Path = ROOT / "data" / "confidence.json"
    guardrails_file: Path = ROOT / "data" / "guardrails.yaml"
    sync_dir: Path | None = None
    journal_anchor_file: OptionalPath = None
    journal_anchor_minutes: int = Field(10, ge=1)

    house_department: str = Field("house", min_length=1, max_length=64)
    answer_model: str = "embedded"
    embedding_model: str = "embedded"
    reranker: str = "embedded"
    entailment_model: OptionalName = None
    support_judge: OptionalName = None
    embedding_threads: int = Field(2, ge=1, le=64)

    accepted_wrong_share: float = Field(0.05, ge=0, le=0.5)

    session_days: int = Field(14, ge=1, le=365)
    cookie_secure: bool = False
    cookie_key: SecretStr | None = None
    limits: Limits = Field(default_factory=lambda: Limits())
    cache: CacheSettings = Field(default_factory=lambda: CacheSettings())
    review: ReviewSettings = Field(default_factory=lambda: ReviewSettings())
    rate_limits: RateLimitDefaults = Field(default_factory=lambda: RateLimitDefaults())
    proxy: ProxySettings = Field(default_factory=lambda: ProxySettings())
    employee_number_pattern: Pattern = None

    def resolved_database_url(self) -> str:
        """The SQLAlchemy URL: the configured one with psycopg as PostgreSQL's driver, or SQLite on disk."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'answerdesk.sqlite'}"
        for scheme in ("postgres://", "postgresql://"):
            if self.database_url.startswith(scheme):
                return "postgresql+psycopg://" + self.database_url.removeprefix(scheme)
        return self.database_url


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises ConfigurationError with each wrong key and its reason.

    An unknown key with our prefix is an error too: a typo must not silently mean the default.
    """
    environ = os.environ if environ is None else environ
    unknown = [key for key in environ if key.upper().startswith(PREFIX) and not _is_known(key)]
    if unknown:
        raise ConfigurationError(f"{unknown[0]} is not a setting. Check its spelling; known are: {_known()}.")
    try:
        return Settings()
    except ValidationError as exc:
        reasons = "; ".join(f"{_key_of(error['loc'])}: {error['msg']}" for error in exc.errors())
        raise ConfigurationError(f"Settings do not load. {reasons}.") from exc


def _is_known(key: str) -> bool:
    group: type[BaseModel] = Settings
    names = key.upper().removeprefix(PREFIX).lower().split("__")
    for position, name in enumerate(names):
        field = group.model_fields.get(name)
        if field is None:
            return False
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return position == len(names) - 1
        group = field.annotation
    return False


def _known() -> str:
    return ", ".join(
        PREFIX + name.upper() for name in Settings.model_fields if name.upper() not in _UNPREFIXED
    )


def _key_of(location: tuple[int | str, ...]) -> str:
    name = "__".join(str(part) for part in location).upper()
    return name if name in _UNPREFIXED or name.startswith(PREFIX) else PREFIX + name
