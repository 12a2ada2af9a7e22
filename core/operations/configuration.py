"""The settings as this process reads them, each with where it came from, and no secret among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, SecretBytes, SecretStr

from core.operations.acts import admit
from core.settings import PREFIX, Settings
from core.types import Person

HIDDEN = "•••"
_SECRET_NAME = re.compile(
    r"passw|passphrase|secret|token$|_key$|^key$|apikey|credential|authorization", re.IGNORECASE
)
# Up to the last @, because a password may hold one that nobody escaped.
_USER_INFO = re.compile(r"(?<=://)[^\s]*@")
_QUERY_VALUE = re.compile(r"(?<=[?&;])([^=&;\s]+)=[^&;\s#]*")
_NAMED_VALUE = re.compile(
    r"\b(\w*(?:password|passwd|pwd|secret|token|api_?key)\w*)\s*=\s*[^\s&;]+", re.IGNORECASE
)


class Source(StrEnum):
    """Where a setting's value came from."""

    ENVIRONMENT = "environment variable"
    FILE = ".env file"
    DEFAULT = "default"
    PROGRAM = "given by the program"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting by the name of its variable; a secret's value says only whether there is one."""

    name: str
    value: str
    source: Source


class Configuration:
    """What the settings were when the process began; it reads them again at its next start."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], env_file: Mapping[str, str | None]
    ) -> None:
        self._all = list(_lines(settings, _upper(environ), _upper(env_file)))

    def all(self, actor: Person) -> list[Setting]:
        """Every setting in the order of `core/settings.py`; for administrators."""
        admit(actor)
        return list(self._all)


def env_file_of(settings: Settings) -> dict[str, str | None]:
    """The names and values in the settings' `.env` file; empty when there is none."""
    named = settings.model_config.get("env_file")
    path = Path(named) if isinstance(named, str | Path) else None
    return dict(dotenv_values(path)) if path is not None and path.is_file() else {}


def _upper(values: Mapping[str, Any]) -> set[str]:
    # Only names: where a value came from does not depend on what it is.
    return {name.upper() for name in values}


def _lines(
    model: BaseModel, environ: set[str], env_file: set[str], above: tuple[str, ...] = ()
) -> Iterator[Setting]:
    for name, field in type(model).model_fields.items():
        alias = field.validation_alias
        prefix = f"{above[-1]}__" if above else PREFIX
        variable = alias if isinstance(alias, str) else f"{prefix}{name}".upper()
        value, names = getattr(model, name), (*above, variable)
        if isinstance(value, BaseModel):
            yield from _lines(value, environ, env_file, names)
            continue
        default = field.get_default(call_default_factory=True, validated_data={})
        yield Setting(variable, shown(name, value), _source(names, environ, env_file, value == default))


def _source(names: tuple[str, ...], environ: set[str], env_file: set[str], is_default: bool) -> Source:
    if environ.intersection(names):
        return Source.ENVIRONMENT
    if env_file.intersection(names):
        return Source.FILE
    return Source.DEFAULT if is_default else Source.PROGRAM


def shown(name: str, value: object) -> str:
    """A value as an administrator may read it; `name` tells a secret that is kept as plain text."""
    if isinstance(value, SecretStr | SecretBytes) or (isinstance(value, str) and _SECRET_NAME.search(name)):
        secret = value if isinstance(value, str) else value.get_secret_value()
        return "set" if secret else "not set"
    if value is None:
        return "not set"
    if isinstance(value, BaseModel):
        return shown(name, {key: getattr(value, key) for key in type(value).model_fields})
    if isinstance(value, Mapping):
        return (
            ", ".join(f"{plain(str(key))}: {shown(str(key), item)}" for key, item in value.items()) or "none"
        )
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(shown(name, item) for item in value) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else plain(str(value))


def plain(text: str) -> str:
    """The text without credentials of addresses, and without values of their queries."""
    text = _USER_INFO.sub(f"{HIDDEN}@", text)
    return _NAMED_VALUE.sub(rf"\1={HIDDEN}", _QUERY_VALUE.sub(rf"\1={HIDDEN}", text))
