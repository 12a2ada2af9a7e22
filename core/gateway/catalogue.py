"""Reads `data/models.yaml`: which deployments there are, in LiteLLM's own `model_list` form."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from core.errors import ConfigurationError

_FROM_ENVIRONMENT = "os.environ/"


class LiteLLMParams(BaseModel, extra="allow"):
    """The parameters of a LiteLLM call; only `model` is required, the others are handed on."""

    model: str = Field(min_length=1)


class ModelEntry(BaseModel, extra="allow"):
    """One deployment: entries with the same `model_name` serve the same requests, in their order."""

    model_name: str = Field(min_length=1)
    litellm_params: LiteLLMParams
    model_info: dict[str, Any] = Field(default_factory=dict)


class _File(BaseModel, extra="allow"):
    model_list: list[ModelEntry] = Field(min_length=1)


def load_models(path: Path) -> list[ModelEntry]:
    """The entries of the file; raises ConfigurationError with the place and the reason."""
    try:
        return _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).model_list
    except OSError as exc:
        raise ConfigurationError(f"ANSWERDESK_MODELS_FILE: {path} cannot be read ({exc.strerror}).") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"{path} is not valid YAML: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}, {place}: {first['msg']}.") from exc


def call_parameters(entry: ModelEntry, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The keyword arguments of a LiteLLM call, with `os.environ/NAME` replaced by the variable.

    Raises ConfigurationError that names the variable when it is not set.
    """
    environ = os.environ if environ is None else environ
    parameters = entry.litellm_params.model_dump()
    for key, value in parameters.items():
        if isinstance(value, str) and value.startswith(_FROM_ENVIRONMENT):
            variable = value.removeprefix(_FROM_ENVIRONMENT)
            if not environ.get(variable):
                raise ConfigurationError(f"The model {entry.model_name} needs {variable} in the environment.")
            parameters[key] = environ[variable]
    return parameters
