"""Questions to begin with, made from documents that the person can really read."""

from __future__ import annotations

from collections.abc import Sequence

from core.knowledge.catalog import DocumentInfo
from core.types import Person

HOW_MANY = 3
# Natural questions for documents of the sample company, by the document's name.
_NATURAL = {
    "people/annual-leave-policy-2026.docx": "How many days of annual leave can I carry over?",
    "people/remote-work-policy-2026.pdf": "How many days a week may I work from home?",
    "finance/expense-policy-2026.docx": "When must I send an expense claim?",
    "people/parental-leave-policy.docx": "How long is parental leave?",
    "people/sick-leave-policy.md": "When do I need a doctor's note?",
}


def for_person(person: Person, documents: Sequence[DocumentInfo]) -> list[str]:
    """Up to three questions that these documents, as far as the person may read them, can answer."""
    readable = [info for info in documents if info.readership.admits(person)]
    names = {info.name for info in readable}
    natural = [question for name, question in _NATURAL.items() if name in names]
    newest = sorted(readable, key=lambda info: info.updated_at, reverse=True)
    about = [f"What does “{info.title}” say?" for info in newest if info.name not in _NATURAL]
    return [*natural, *about][:HOW_MANY]
