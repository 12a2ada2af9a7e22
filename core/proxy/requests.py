"""From what an application sends to what the gateway takes."""

from __future__ import annotations

from typing import Any

from core.errors import BadInput
from core.gateway.hanging_up import Line
from core.gateway.messages import Message, ModelRequest, ToolCall
from core.proxy.forms import ChatForm, ChatMessage, ToolChoice
from core.settings import ProxySettings

_AS_THEY_ARE = (
    "top_p",
    "stop",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "reasoning_effort",
    "parallel_tool_calls",
)


def request_of(form: ChatForm, settings: ProxySettings, line: Line | None = None) -> ModelRequest:
    """The request for the gateway; raises BadInput for a turn that says nothing or too large a wish."""
    return ModelRequest(
        form.model,
        tuple(_message(message) for message in form.messages),
        max_tokens=_max_tokens(form, settings),
        temperature=form.temperature,
        options=_options(form),
        line=line,
        empty_is_answer=True,
    )


def _max_tokens(form: ChatForm, settings: ProxySettings) -> int:
    asked = form.max_completion_tokens or form.max_tokens or settings.max_tokens
    if asked > settings.most_tokens:
        raise BadInput(f"max_tokens is {asked:,}; at most {settings.most_tokens:,} can be asked for.")
    return asked


def _message(message: ChatMessage) -> Message:
    calls = tuple(
        ToolCall(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()
    )
    if message.content is None and not calls:
        raise BadInput(f"A turn of the {message.role} has no content.")
    if message.role == "tool" and not message.tool_call_id:
        raise BadInput("A turn of a tool needs the tool_call_id that it answers.")
    call_id = message.tool_call_id if message.role == "tool" else ""
    return Message(message.role, message.text(), calls if message.role == "assistant" else (), call_id or "")


def _options(form: ChatForm) -> dict[str, Any]:
    options = {name: value for name in _AS_THEY_ARE if (value := getattr(form, name)) is not None}
    if form.n is not None and form.n > 1:
        options["n"] = form.n
    if form.tools:
        options["tools"] = [tool.model_dump(exclude_none=True) for tool in form.tools]
    if form.tool_choice is not None:
        choice = form.tool_choice
        options["tool_choice"] = choice.model_dump() if isinstance(choice, ToolChoice) else choice
    if form.response_format is not None and form.response_format.type != "text":
        options["response_format"] = form.response_format.model_dump(by_alias=True, exclude_none=True)
    return options
