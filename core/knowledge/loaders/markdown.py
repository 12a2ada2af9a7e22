"""Markdown to blocks: templates are resolved, markdown-it makes HTML, the HTML reader does the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.knowledge.loaders.canonical import one_line
from core.knowledge.loaders.decoding import decoded
from core.knowledge.loaders.markup import check_size, html_reading
from core.knowledge.loaders.reading import Reading
from core.knowledge.loaders.templates import without_templates

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TITLE_LINE = re.compile(r"^title:[ \t]*[\"']?(.{1,300}?)[\"']?[ \t]*$", re.M)
_ATTRIBUTES = re.compile(r"[ \t]{0,4}\{:?[.#][^{}\n]{1,100}\}")
_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{0,500}\)")
_STRONG = re.compile(r"\*\*([^*\n]{1,300})\*\*")
_EMOJI = re.compile(r"(?<![\w:]):([a-z][a-z0-9_+-]{0,30}):(?![\w:])")
_EMOJI_WORDS = {"white_check_mark": "yes", "heavy_check_mark": "yes", "x": "no"}
_CONTENTS = re.compile(r"^(?:\[\[_?toc_?\]\]|\[toc\])[ \t]*$", re.I | re.M)
_TAG_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_HTML_NAMES = """
a abbr address article aside b big blockquote br button caption center cite code col colgroup dd del
details dfn div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hr html i
iframe img input ins kbd label legend li main mark nav noscript ol p picture pre q s samp script section
select small source span strike strong style sub summary sup svg table tbody td textarea tfoot th thead
time title tr tt u ul var video body head link meta
"""


def read_markdown(content: bytes) -> Reading:
    """The reading of a Markdown file; its title is that of the front matter, else its first heading."""
    check_size(content)
    text = (decoded(content) or "").replace("\r\n", "\n").replace("\r", "\n")
    title, body = _front_matter(text)
    body = _CONTENTS.sub("", _ATTRIBUTES.sub("", without_templates(body)))
    body = _EMOJI.sub(_emoji_words, body)
    reading = html_reading(_parser().render(body))
    reading.title = title
    return reading


def _front_matter(text: str) -> tuple[str | None, str]:
    found = _FRONT_MATTER.match(text)
    if not found:
        return None, text
    return _title(found[1]), text[found.end() :]


def _title(front_matter: str) -> str | None:
    import yaml

    try:
        fields: Any = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        line = _TITLE_LINE.search(front_matter)
        return line[1] if line else None
    title = fields.get("title") if isinstance(fields, dict) else None
    return one_line(str(title)) if isinstance(title, str | int | float) else None


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.add_render_rule("html_inline", _inline_html)
    parser.add_render_rule("html_block", _block_html)
    return parser


def _emoji_words(found: re.Match[str]) -> str:
    return _EMOJI_WORDS.get(found[1]) or found[1].replace("_", " ")


def _inline_html(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A tag that HTML does not know, such as `<your name>`, is a placeholder: its words stay."""
    from markdown_it.common.utils import escapeHtml

    content = tokens[index].content
    name = _TAG_NAME.match(content)
    known = name is None or name[1].lower() in _HTML_NAMES.split()
    return content if known else escapeHtml(content)


def _block_html(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Site generators read Markdown inside HTML, the standard does not: links and strong words are."""
    return _STRONG.sub(r"\1", _LINK.sub(r"\1", tokens[index].content))
