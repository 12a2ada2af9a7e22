"""Models files for tests whose deployments are stand-ins, one micro-dollar a token unless said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from core.settings import Settings


def entry(name: str, url: str, *, route: str = "gpt", order: int = 1, **info: Any) -> dict[str, Any]:
    """One deployment called `name`; `info` is its `model_info`, and `params` in it more parameters."""
    params = {
        "model": "openai/gpt-4o-mini",
        "api_base": url,
        "api_key": "k",
        "order": order,
        "input_cost_per_token": 0.000001,
        "output_cost_per_token": 0.000001,
        **info.pop("params", {}),
    }
    return {
        "model_name": route,
        "litellm_params": {key: value for key, value in params.items() if value is not None},
        "model_info": {"id": name, **info},
    }


def settings_of(folder: Path, entries: list[dict[str, Any]], **others: Any) -> Settings:
    """Settings over a models file of these entries; `top` holds more of the file."""
    file = {"model_list": entries, **others.pop("top", {})}
    (folder / "models.yaml").write_text(yaml.safe_dump(file))
    return Settings(
        data_dir=folder / "runtime",
        models_file=folder / "models.yaml",
        **{"answer_model": "gpt", "reranker": "none", **others},
    )
