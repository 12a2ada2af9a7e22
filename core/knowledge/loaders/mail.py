"""E-mails to blocks: who wrote to whom and when, the body, then what is attached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from core.errors import UnreadableFile
from core.knowledge.loaders.decoding import decoded
from core.knowledge.loaders.markup import html_reading
from core.knowledge.loaders.plain import read_text
from core.knowledge.loaders.reading import Block, Reading

MAX_ATTACHMENTS = 50
_ENCRYPTED = "The e-mail is encrypted: open it, save its text, and upload that."


def read_mail(content: bytes, read: Callable[[str, bytes], Reading]) -> Reading:
    """The e-mail with its attachments of readable kinds, each below a heading with its name.

    `read(name, content)` reads an attachment and raises UnreadableFile where it cannot.
    """
    message = message_from_bytes(content, policy=policy.default)
    if message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime"):
        raise UnreadableFile(_ENCRYPTED)
    blocks = [Block(_headers(message)), *_body(message)]
    attachments = list(message.iter_attachments())[:MAX_ATTACHMENTS] if message.is_multipart() else []
    for attachment in attachments:
        blocks += _attached(attachment, read)
    return Reading(blocks, title=str(message["subject"] or "") or None)


def _headers(message: EmailMessage) -> str:
    named = ((name, str(message[name] or "").strip()) for name in ("From", "To", "Date"))
    return "; ".join(f"{name}: {value}" for name, value in named if value)


def _body(message: EmailMessage) -> list[Block]:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return []
    raw = part.get_payload(decode=True)
    text = _text(raw if isinstance(raw, bytes) else b"", part.get_content_charset())
    if part.get_content_type() == "text/html":
        return html_reading(text).blocks
    return read_text(text.encode()).blocks


def _text(raw: bytes, charset: str | None) -> str:
    """The text of a body; a charset that is wrong or unknown counts as none."""
    try:
        return raw.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return decoded(raw) or ""


def _attached(part: EmailMessage, read: Callable[[str, bytes], Reading]) -> Iterator[Block]:
    name = part.get_filename() or "attached message"
    yield Block(f"Attachment: {name}", level=1)
    if part.get_content_type() == "message/rfc822":
        inner = part.get_content()
        raw = inner.as_bytes() if isinstance(inner, EmailMessage) else b""
        name = "message.eml"
    else:
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
    try:
        reading = read(name, raw)
    except UnreadableFile:
        yield Block(f"The attachment {name} is not read.")
        return
    for block in reading.blocks:
        yield Block(block.text, level=block.level + 1 if block.level else 0)
