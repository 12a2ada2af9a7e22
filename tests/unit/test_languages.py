"""In what language a question is asked, and what is said to somebody whom the documents do not fit."""

from __future__ import annotations

import pytest

from core.answering.language_hint import language_hint
from core.answering.languages import language_of
from tests.fakes import passage

ENGLISH = passage("Five days of annual leave may be carried over to the next year if asked for.")
GERMAN = passage("Fünf Tage des Urlaubs können in das nächste Jahr übernommen werden.")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "How many days of annual leave can I carry over?"),
        ("en", "What is the per diem in Den Haag and in Las Palmas?"),
        ("de", "Wie viele Urlaubstage habe ich pro Jahr?"),
        ("de", "Was kostet ein Parkplatz?"),
        ("nl", "Hoeveel vakantiedagen heb ik per jaar?"),
        ("fr", "Combien de jours de congé ai-je ?"),
        ("es", "¿Cuántos días de vacaciones tengo?"),
        ("it", "Quanti giorni di ferie ho?"),
        (None, "list price FW-210S"),
        (None, "Urlaub"),
        (None, ""),
    ],
)
def test_the_language_is_told_where_it_is_clear(language: str | None, text: str) -> None:
    """A word or two of a name are not enough."""
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Wie viele Urlaubstage habe ich pro Jahr?", "Die Dokumente sind auf Englisch"),
        ("Hoeveel vakantiedagen heb ik?", "De documenten zijn in het Engels"),
        ("Combien de jours de congé ai-je ?", "Les documents sont en anglais"),
        ("¿Cuántos días de vacaciones tengo?", "Los documentos están en inglés"),
        ("Quanti giorni di ferie ho?", "I documenti sono in inglese"),
    ],
)
def test_the_hint_is_in_the_language_of_the_question(question: str, said: str) -> None:
    """It says what language helps, and that a person may be asked."""
    hint = language_hint(question, [ENGLISH])
    assert hint is not None
    assert said in hint
    assert "Ask a person" in hint


def test_the_documents_decide_which_language_helps() -> None:
    """Nothing is taken for granted about them."""
    assert language_hint("Wie viele Urlaubstage habe ich?", [GERMAN]) is None
    english = language_hint("How many days of leave do I have?", [GERMAN])
    assert english is not None
    assert "The documents are in German" in english
    assert language_hint("Wie viele Urlaubstage habe ich?", []) is None
