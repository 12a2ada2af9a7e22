"""Masks what comes with functions: their definitions, the model's calls of them, and their results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from core.gateway.messages import Message, ToolCall
from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.masking import Mask

# What a JSON schema says in words or lists as values; everything else in it is structure.
_WORDS = {"description", "title", "enum", "const", "default", "examples"}


def masked_message(mask: Mask, message: Message, kinds: Set[Kind]) -> Message:
    """A turn with its text, and its calls' arguments, masked; raises MaskingFailed."""
    calls = tuple(
        ToolCall(call.id, call.name, masked_json_text(mask, call.arguments, kinds))
        for call in message.tool_calls
    )
    masked = masked_json_text if message.role == "tool" else _masked_text
    return replace(message, content=masked(mask, message.content, kinds), tool_calls=calls)


def masked_json_text(mask: Mask, text: str, kinds: Set[Kind]) -> str:
    """A text that may be JSON: then its values are read with their keys. Raises MaskingFailed."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return mask.mask(text, kinds)
    if not isinstance(value, dict | list):
        return mask.mask(text, kinds)
    masked = mask.mask_json(value, kinds)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def masked_options(mask: Mask, options: Mapping[str, Any], kinds: Set[Kind]) -> dict[str, Any]:
    """The parameters of a request, with the words of its tools and forms masked; raises MaskingFailed."""
    masked = dict(options)
    for name in ("tools", "response_format"):
        if name in masked:
            masked[name] = _masked_schema(mask, masked[name], kinds, words=False)
    if "stop" in masked:
        stop = masked["stop"]
        masked["stop"] = (
            mask.mask(stop, kinds) if isinstance(stop, str) else [mask.mask(s, kinds) for s in stop]
        )
    return masked


def _masked_schema(mask: Mask, value: Any, kinds: Set[Kind], words: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked_schema(mask, item, kinds, words or key in _WORDS) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked_schema(mask, item, kinds, words) for item in value]
    return mask.mask(value, kinds) if words and isinstance(value, str) else value


def _masked_text(mask: Mask, text: str, kinds: Set[Kind]) -> str:
    return mask.mask(text, kinds)
