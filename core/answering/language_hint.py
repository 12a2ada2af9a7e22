"""What a person is told who asks in another language than the documents are in, and found nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.answering.languages import language_of
from core.types import Passage

_HINTS: Mapping[str, str] = {
    "en": (
        "I could not find this. The documents are in {language}: a question in {language} finds more. "
        "You can also ask a person below."
    ),
    "de": (
        "Dazu habe ich nichts gefunden. Die Dokumente sind auf {language}: Wenn Sie auf {language} "
        "fragen, finde "
        "ich mehr. Sie können die Frage auch einer Person stellen: unten, „Ask a person“."
    ),
    "nl": (
        "Ik heb hierover niets gevonden. De documenten zijn in het {language}: als u in het "
        "{language} vraagt, "
        "vind ik meer. U kunt de vraag ook aan een collega stellen: hieronder, „Ask a person”."
    ),
    "fr": (
        "Je n'ai rien trouvé à ce sujet. Les documents sont en {language} : posez la question en {language}, "
        "je trouverai mieux. Vous pouvez aussi la poser à une personne : ci-dessous, « Ask a person »."
    ),
    "es": (
        "No he encontrado nada sobre esto. Los documentos están en {language}: si pregunta en {language}, "
        "encontraré más. También puede preguntar a una persona: abajo, «Ask a person»."
    ),
    "it": (
        "Non ho trovato nulla su questo. I documenti sono in {language}: se chiede in {language}, "
        "trovo di più. "
        "Può anche chiedere a una persona: qui sotto, «Ask a person»."
    ),
}
# Each language by its name in the others, in the form that the sentences above need.
_NAMES: Mapping[str, Mapping[str, str]] = {
    "en": {"de": "German", "nl": "Dutch", "fr": "French", "es": "Spanish", "it": "Italian"},
    "de": {
        "en": "Englisch",
        "nl": "Niederländisch",
        "fr": "Französisch",
        "es": "Spanisch",
        "it": "Italienisch",
    },
    "nl": {"en": "Engels", "de": "Duits", "fr": "Frans", "es": "Spaans", "it": "Italiaans"},
    "fr": {"en": "anglais", "de": "allemand", "nl": "néerlandais", "es": "espagnol", "it": "italien"},
    "es": {"en": "inglés", "de": "alemán", "nl": "neerlandés", "fr": "francés", "it": "italiano"},
    "it": {"en": "inglese", "de": "tedesco", "nl": "olandese", "fr": "francese", "es": "spagnolo"},
}


def language_hint(question: str, passages: Sequence[Passage]) -> str | None:
    """The hint in the question's language; None unless both languages are clear and differ.

    The documents' language is that of the passages nearest to the question.
    """
    asked = language_of(question)
    written = language_of("\n".join(passage.chunk.text for passage in passages))
    if asked is None or written is None or asked == written:
        return None
    return _HINTS[asked].format(language=_NAMES[asked][written])
