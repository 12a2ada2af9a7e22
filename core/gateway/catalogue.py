"""Reads `data/models.yaml`: which deployments there are, in the form of LiteLLM's own `config.yaml`.

What LiteLLM knows and we have no use for is tolerated, so that a working file can be pasted; a
wrong value of what we do use is named with its place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from core.errors import ConfigurationError
from core.gateway.privacy.kinds import Kind

_FROM_ENVIRONMENT = "os.environ/"


def _from_environment(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FROM_ENVIRONMENT):
        return os.environ.get(value.removeprefix(_FROM_ENVIRONMENT))
    return value


def _small_or_large(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [word.upper() if isinstance(word, str) else word for word in value]


Seconds = Annotated[float | None, Field(gt=0), BeforeValidator(_from_environment)]
Count = Annotated[int | None, Field(ge=0), BeforeValidator(_from_environment)]
Cost = Annotated[float | None, Field(ge=0), BeforeValidator(_from_environment)]
Kinds = Annotated[frozenset[Kind], BeforeValidator(_small_or_large)]
Targets = list[dict[str, list[str | dict[str, Any]]]]
"""LiteLLM's form of fallbacks: `[{model: [other, ...]}]`, a target may be a mapping with `model`."""


class LiteLLMParams(BaseModel, extra="allow"):
    """The parameters of a LiteLLM call; only `model` is required, the others are handed on.

    Named are those that the router reads: `timeout` limits a whole answer and `stream_timeout` the
    silence before and between tokens, in seconds.
    """

    model: str = Field(min_length=1)
    order: int | None = None
    weight: Cost = None
    rpm: Count = None
    tpm: Count = None
    max_parallel_requests: Count = None
    timeout: Seconds = None
    stream_timeout: Seconds = None
    cooldown_time: Seconds = None
    input_cost_per_token: Cost = None
    output_cost_per_token: Cost = None
    data_class: str | None = None


class ModelInfo(BaseModel, extra="allow"):
    """What is known about a deployment.

    Of LiteLLM: `id`, `mode`, `base_model` and prices. Ours: `data_class` (public, internal,
    confidential or restricted), `masked_kinds` (of personal data that it must not see), `region`, the
    limits on silence, and `slow_after`, the median seconds to a first token from which on it counts
    as sick.
    """

    id: str | None = None
    mode: str | None = None
    base_model: str | None = None
    region: str | None = None
    data_class: str | None = None
    masked_kinds: Kinds | None = None
    first_token_timeout: Seconds = None
    inter_token_timeout: Seconds = None
    slow_after: Seconds = None
    input_cost_per_token: Cost = None
    output_cost_per_token: Cost = None


class ModelEntry(BaseModel, extra="allow"):
    """One deployment: entries with the same `model_name` serve the same requests.

    `rpm`, `tpm` and `max_parallel_requests` may stand here or among the parameters.
    """

    model_name: str = Field(min_length=1)
    litellm_params: LiteLLMParams
    model_info: ModelInfo = Field(default_factory=ModelInfo)
    rpm: Count = None
    tpm: Count = None
    max_parallel_requests: Count = None

    def limit(self, key: Literal["rpm", "tpm", "max_parallel_requests"]) -> int | None:
        """The limit of that name, or None."""
        inner: int | None = getattr(self.litellm_params, key)
        outer: int | None = getattr(self, key)
        return outer if inner is None else inner


class RouterSettings(BaseModel, extra="allow"):
    """LiteLLM's `router_settings`, as far as this router follows them.

    `content_policy_fallbacks` and `routing_strategy` are read over: a refusal is never routed
    around, and traffic always goes by order, weight and load.
    """

    fallbacks: Targets | None = None
    default_fallbacks: list[str] | None = None
    context_window_fallbacks: Targets | None = None
    model_group_alias: dict[str, str | dict[str, Any]] = Field(default_factory=dict)
    num_retries: Count = None
    allowed_fails: Count = None
    cooldown_time: Seconds = None
    timeout: Seconds = None
    stream_timeout: Seconds = None

    def fallback_table(self) -> dict[str, tuple[str, ...]]:
        """The models to try for each model, under `*` those for every other one."""
        table = _table(self.fallbacks)
        return {"*": tuple(self.default_fallbacks), **table} if self.default_fallbacks else table

    def context_window_table(self) -> dict[str, tuple[str, ...]]:
        """The models with a larger window for each model."""
        return _table(self.context_window_fallbacks)

    def aliases(self) -> dict[str, str]:
        """Further names of models."""
        return {alias: _target(model) for alias, model in self.model_group_alias.items()}


class LiteLLMSettings(RouterSettings):
    """LiteLLM's `litellm_settings`: it accepts the fallbacks here too."""

    request_timeout: Seconds = None


class Catalogue(BaseModel, extra="allow"):
    """The whole file; `masked_kinds` says for each provider which kinds of personal data it never sees."""

    model_list: list[ModelEntry] = Field(min_length=1)
    router_settings: RouterSettings = Field(default_factory=RouterSettings)
    litellm_settings: LiteLLMSettings = Field(default_factory=LiteLLMSettings)
    masked_kinds: dict[str, Kinds] = Field(default_factory=dict)

    def router(self) -> RouterSettings:
        """The settings of both places; where both say something, `router_settings` counts."""
        shared = set(RouterSettings.model_fields)
        general = self.litellm_settings.model_dump(exclude_none=True, exclude_defaults=True, include=shared)
        if self.litellm_settings.request_timeout is not None:
            general.setdefault("timeout", self.litellm_settings.request_timeout)
        own = self.router_settings.model_dump(exclude_none=True, exclude_defaults=True)
        return RouterSettings.model_validate({**general, **own})


def load_catalogue(path: Path) -> Catalogue:
    """The whole file; raises ConfigurationError with the place and the reason."""
    try:
        return Catalogue.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise ConfigurationError(f"ANSWERDESK_MODELS_FILE: {path} cannot be read ({exc.strerror}).") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"{path} is not valid YAML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}, {place}: {first['msg']}.") from exc


def load_models(path: Path) -> list[ModelEntry]:
    """The entries of the file; raises ConfigurationError with the place and the reason."""
    return load_catalogue(path).model_list


def named(entries: Sequence[ModelEntry], name: str) -> list[ModelEntry]:
    """The entries that serve requests for this name."""
    return [entry for entry in entries if entry.model_name == name]


def call_parameters(entry: ModelEntry, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The keyword arguments of a LiteLLM call, with `os.environ/NAME` replaced by the variable.

    Raises ConfigurationError that names the variable when it is not set.
    """
    environ = os.environ if environ is None else environ
    parameters = entry.litellm_params.model_dump(exclude_unset=True)
    for key, value in parameters.items():
        if isinstance(value, str) and value.startswith(_FROM_ENVIRONMENT):
            variable = value.removeprefix(_FROM_ENVIRONMENT)
            if not environ.get(variable):
                raise ConfigurationError(f"The model {entry.model_name} needs {variable} in the environment.")
            parameters[key] = environ[variable]
    return parameters


def _table(targets: Targets | None) -> dict[str, tuple[str, ...]]:
    return {
        model: tuple(_target(name) for name in names)
        for entry in targets or []
        for model, names in entry.items()
    }


def _target(target: str | dict[str, Any]) -> str:
    return target if isinstance(target, str) else str(target.get("model", ""))
