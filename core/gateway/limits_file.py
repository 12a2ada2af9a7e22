"""Reads `data/limits.yaml`: the rate limits of those who have their own, over the defaults."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from core.database import Database
from core.errors import ConfigurationError
from core.gateway.deployments import Deployment
from core.gateway.rate_limits import RateLimit, RateTable
from core.settings import RateLimitDefaults
from core.tables import people


class _Limit(BaseModel, extra="forbid"):
    requests_per_min: NonNegativeInt | None = None
    tokens_per_min: NonNegativeInt | None = None

    def over(self, default: RateLimit) -> RateLimit:
        """The default with what the entry says, `null` included, in its place."""
        return replace(default, **self.model_dump(exclude_unset=True))


class _File(BaseModel, extra="forbid"):
    people: dict[str, _Limit] = Field(default_factory=dict)
    departments: dict[str, _Limit] = Field(default_factory=dict)
    providers: dict[str, _Limit] = Field(default_factory=dict)
    deployments: dict[str, _Limit] = Field(default_factory=dict)


def defaults_of(settings: RateLimitDefaults) -> RateTable:
    """The limits of everyone who has none of their own."""

    def limit(scope: str) -> RateLimit:
        requests, tokens = f"{scope}_requests_per_min", f"{scope}_tokens_per_min"
        return RateLimit(getattr(settings, requests), getattr(settings, tokens))

    return RateTable(limit("person"), limit("department"), limit("provider"), limit("deployment"))


def load_rate_table(path: Path, defaults: RateTable, deployments: Sequence[Deployment]) -> RateTable:
    """The defaults, the deployments' own `rpm` and `tpm`, and what the file says of names.

    Raises ConfigurationError with the place and the reason, also for a provider or a deployment that
    the models file does not have. People are named by their e-mail address.
    """
    file = _read(path)
    _known(path, "providers", file.providers, {d.provider for d in deployments})
    _known(path, "deployments", file.deployments, {d.name for d in deployments})
    own = {
        d.name: _own(d, defaults.deployment) for d in deployments if d.rpm is not None or d.tpm is not None
    }
    named = {name: limit.over(own.get(name, defaults.deployment)) for name, limit in file.deployments.items()}
    return replace(
        defaults,
        people={email.strip().lower(): limit.over(defaults.person) for email, limit in file.people.items()},
        departments={name: limit.over(defaults.department) for name, limit in file.departments.items()},
        providers={name: limit.over(defaults.provider) for name, limit in file.providers.items()},
        deployments=own | named,
    )


def _own(deployment: Deployment, default: RateLimit) -> RateLimit:
    return RateLimit(
        default.requests_per_min if deployment.rpm is None else deployment.rpm,
        default.tokens_per_min if deployment.tpm is None else deployment.tpm,
    )


def _known(path: Path, section: str, named: Mapping[str, Any], known: Collection[str]) -> None:
    if unknown := sorted(named.keys() - set(known)):
        raise ConfigurationError(
            f"{path}, {section}.{unknown[0]}: the models file has none of this name. "
            f"It has: {', '.join(sorted(known))}."
        )


def _read(path: Path) -> _File:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if isinstance(content, dict):
            content = {section: entries or {} for section, entries in content.items()}
        return _File.model_validate(content)
    except OSError as exc:
        raise ConfigurationError(f"ANSWERDESK_LIMITS_FILE: {path} cannot be read ({exc.strerror}).") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"{path} is not valid YAML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}, {place}: {first['msg']}.") from exc


def email_reader(database: Database) -> Callable[[int], str | None]:
    """Gives the e-mail address of a person's id, in small letters; None for nobody's."""

    def email_of(person_id: int) -> str | None:
        with database.read() as connection:
            email = connection.scalar(sa.select(people.c.email).where(people.c.id == person_id))
        return None if email is None else str(email).lower()

    return email_of
