"""Liquid, Jinja and Eleventy tags in Markdown: their readable words stay, the rest goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Every repetition is bounded and excludes braces, so an unclosed tag costs a thousand steps at most.
_TAG = re.compile(r"\{%-?\s*([A-Za-z_-]*)([^{}]{0,1000}?)-?%\}|\{\{([^{}]{0,500})\}\}")
_LINK_TARGET = re.compile(r"\]\(\s*(?:\{%[^{}]{0,1000}?%\}|\{\{[^{}]{0,500}\}\})[^\s()]{0,500}\s*\)")
_ATTRIBUTE_TARGET = re.compile(r"""(?<=[a-z]=)(["'])\{[%{][^{}]{0,1000}?[%}]\}[^"'\s]{0,500}\1""")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'|“([^”]*)”")
_PATH_LIKE = re.compile(r"^[\w./#?=&-]*[/.][\w./#?=&-]*$")
_VERBATIM = {"raw": "endraw", "verbatim": "endverbatim"}
_DROPPED = {"comment": "endcomment"}
_SILENT = """
include render layout page link assign set for if unless case when else elsif block extends import
"""


def without_templates(text: str) -> str:
    """The text with template tags resolved, in one pass.

    A link to a tag keeps its words; the content of raw tags stays as it is; the content of comments
    goes; a Slack channel is `#channel`; of other tags the last quoted words stay, as alternative
    texts and headings of boxes are written so; variables go.
    """
    text = _ATTRIBUTE_TARGET.sub(r"\1#\1", _LINK_TARGET.sub("](#)", text))
    return "".join(_resolved(text))


def _resolved(text: str) -> Iterator[str]:
    position = 0
    ends_at: str | None = None
    for tag in _TAG.finditer(text):
        name = tag[1] or ""
        if ends_at is None:
            yield text[position : tag.start()]
            ends_at = _VERBATIM.get(name) or _DROPPED.get(name)
            if ends_at is None and tag[3] is None:
                yield _words(name, tag[2])
            position = tag.end()
        elif name == ends_at:
            if name in _VERBATIM.values():
                yield text[position : tag.start()]
            position, ends_at = tag.end(), None
    yield text[position:]


def _words(name: str, arguments: str) -> str:
    quoted = ["".join(groups) for groups in _QUOTED.findall(arguments)]
    if name in _SILENT.split() or name.startswith("end") or not quoted:
        return ""
    if "slack" in name or "channel" in name:
        return f"#{quoted[0].lstrip('#')}"
    words = quoted[-1]
    return "" if _PATH_LIKE.match(words) or (len(quoted) > 1 and " " not in words) else words
