"""The path of a question: checks, cache, queue, confidence, and the assistant over them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from core.adjustments import Adjustments
from core.answering.admittance import Admittance
from core.answering.calibration import read_outcomes
from core.answering.checks.entailment import CrossEncoderEntailment
from core.answering.checks.guardrails import Guardrails, build_guardrails
from core.answering.confidence import read_model
from core.answering.dial import ConfidenceDial
from core.answering.judging import Judge, best_sentences
from core.answering.prompts import wording_digest
from core.answering.rewriting import Rewriter
from core.assistant import Assistant
from core.building.foundations import Foundations
from core.building.gateway import is_real
from core.building.knowledge import Knowledge
from core.building.reading import Reading
from core.composing import Composer
from core.conversations import Conversations
from core.errors import ConfigurationError
from core.gateway.catalogue import ModelEntry
from core.gateway.gateway import Gateway
from core.gateway.privacy.masking import Finder
from core.gateway.privacy.redaction import Redactor
from core.handover import Handover
from core.identity import Identity
from core.knowledge.embedding import Embedder
from core.knowledge.token_codes import token_codes
from core.knowledge.vector_index import VectorIndex
from core.memory import Memory, VerifiedMemory
from core.operations.cache_dial import CacheDial
from core.review.indexing import ReadingFor
from core.review.lessons import Lessons
from core.review.reviews import Reviews, build_reviews
from core.semantic_cache.audiences import is_about_oneself
from core.semantic_cache.cache import SemanticCache
from core.semantic_cache.entries import CacheKey
from core.semantic_cache.judges import CrossEncoderJudge, LaterJudge, ModelJudge
from core.semantic_cache.leases import DatabaseLeases, Leases, RedisLeases
from core.semantic_cache.recalled import CacheRules
from core.semantic_cache.wording import language_of
from core.settings import Settings
from core.stranded import Stranded


@dataclass(frozen=True)
class Answering:
    """What answers, and what it learns from."""

    assistant: Assistant
    guardrails: Guardrails
    cache: SemanticCache
    cache_dial: CacheDial
    reviews: Reviews
    dial: ConfidenceDial

    def forget(self, document_id: int) -> int:
        """Keep nothing that was taken from a deleted document; gives the number of answers left."""
        self.reviews.erasing.erase(document_id)
        self.reviews.staleness.sources_changed(document_id)
        self.cache.administration.sweep()
        return self.cache.administration.resting_on(document_id)


def build_answering(
    on: Foundations,
    reading: Reading,
    embedder: Embedder,
    knowledge: Knowledge,
    gateway: Gateway,
    analyser: Finder,
    adjustments: Adjustments,
    conversations: Conversations,
    entries: Sequence[ModelEntry],
    identity: Identity,
    background: Executor,
) -> Answering:
    """Connect all of it; `background` runs what nobody waits for."""
    guardrails = build_guardrails(
        reading.analyse,
        on.settings.guardrails_file,
        analyser.find,
        _entailment(on.settings),
        knowledge.catalog.dated,
    )
    cache_dial = CacheDial(adjustments, on.timer)
    cache = _cache(on, knowledge, embedder, analyser, cache_dial.threshold)
    key = _cache_key(on.settings, embedder)
    reviews = build_reviews(
        on.database,
        on.clock,
        on.journal,
        knowledge.catalog,
        guardrails.edited,
        on.settings.review,
        on.client,
        embedder=embedder,
        memory=VerifiedMemory(cache, key),
        masked=Redactor(analyser),
        reading=_reading_for(on.settings, reading, analyser),
        about_oneself=is_about_oneself,
    )
    dial = _dial(on, reviews.lessons, adjustments)
    limits, model, record = on.settings.limits, on.settings.answer_model, on.journal.append
    assistant = Assistant(
        conversations,
        Admittance(on.limiter, limits.questions_per_min, limits.question_chars, record, on.new_trace_id),
        Rewriter(gateway, model, is_real(entries, model), limits.question_chars),
        guardrails,
        Memory(
            cache,
            key,
            gateway.budgets.record_cached,
            record,
            lambda question, passages: best_sentences(knowledge.ranker, question, passages),
            reviews.verified.stand,
            on.journal.append_in,
            _later_judge(on.settings, gateway, entries),
            background.submit,
        ),
        knowledge.retriever if reviews.source is None else knowledge.retriever.beside(reviews.source),
        Judge(knowledge.ranker, dial.setting, reading.analyse),
        Composer(gateway, model, guardrails, _support_judge(on.settings, entries)),
        Handover(reviews.intake, reviews.verified, analyser),
        Stranded(identity.managers_of),
        on.timer,
        on.new_trace_id,
        record,
        on.journal.append_in,
        Redactor(analyser),
        background.submit,
        on.settings.house_department,
    )
    return Answering(assistant, guardrails, cache, cache_dial, reviews, dial)


def _reading_for(settings: Settings, reading: Reading, analyser: Finder) -> ReadingFor:
    def personal(text: str) -> list[str]:
        return [text[span.start : span.end] for span in analyser.find(text)]

    def encode(texts: Sequence[str]) -> list[bytes]:
        return [token_codes(tokens) for tokens in reading.reader.embed_tokens(texts)]

    kept = encode if settings.reranker == "embedded" else None
    return ReadingFor(reading.analyse, is_about_oneself, personal, kept)


def _entailment(settings: Settings) -> CrossEncoderEntailment | None:
    name = settings.entailment_model
    return None if name is None else CrossEncoderEntailment(name)


def _support_judge(settings: Settings, entries: Sequence[ModelEntry]) -> str | None:
    """The model that is asked whether a source says so, where one is set in place of an entailment model."""
    name = settings.support_judge
    if name is not None and settings.entailment_model is not None:
        raise ConfigurationError(
            "ANSWERDESK_SUPPORT_JUDGE: an entailment model is set as well; take one of the two away."
        )
    if name is not None and not is_real(entries, name, "ANSWERDESK_SUPPORT_JUDGE"):
        raise ConfigurationError(
            f"ANSWERDESK_SUPPORT_JUDGE: {name!r} can only quote; name a model that can judge."
        )
    return name


def _later_judge(settings: Settings, gateway: Gateway, entries: Sequence[ModelEntry]) -> LaterJudge | None:
    """The judge of doubtful reuse, where another is set than the answers' words."""
    chosen, name = settings.cache, settings.cache.judge_model
    if chosen.judge == "cross-encoder" and name is not None:
        encoder = CrossEncoderEntailment(name, "ANSWERDESK_CACHE__JUDGE_MODEL")
        return CrossEncoderJudge(encoder.probability, chosen.judge_threshold)
    if chosen.judge != "model":
        return None
    name = name or settings.answer_model
    if not is_real(entries, name, "ANSWERDESK_CACHE__JUDGE_MODEL"):
        raise ConfigurationError(
            f"ANSWERDESK_CACHE__JUDGE_MODEL: {name!r} can only quote; name a model that can judge."
        )
    return ModelJudge(gateway, name)


def _cache(
    on: Foundations,
    knowledge: Knowledge,
    embedder: Embedder,
    analyser: Finder,
    threshold: Callable[[], float],
) -> SemanticCache:
    chosen = on.settings.cache
    return SemanticCache(
        on.database,
        VectorIndex(knowledge.store, embedder.name, prefix="questions-"),
        knowledge.vectors,
        embedder,
        analyser,
        on.clock,
        random.Random(),  # noqa: S311 - which answers are compared
        CacheRules(
            ttl=timedelta(days=chosen.ttl_days),
            entries=chosen.entries,
            shadow_rate=chosen.shadow_rate,
            flight_wait_s=chosen.twin_wait_s,
            lease_s=chosen.twin_lease_s,
        ),
        threshold=threshold,
        leases=_leases(on),
    )


def _leases(on: Foundations) -> Leases:
    chosen, redis = on.settings.cache, on.settings.redis_url
    if redis is not None:
        return RedisLeases(redis, chosen.twin_lease_s)
    return DatabaseLeases(on.database, on.clock, chosen.twin_lease_s)


def _cache_key(settings: Settings, embedder: Embedder) -> Callable[[str], CacheKey]:
    wording = wording_digest()
    return lambda question: CacheKey(settings.answer_model, wording, embedder.name, language_of(question))


def _dial(on: Foundations, lessons: Lessons, adjustments: Adjustments) -> ConfidenceDial:
    model = read_model(on.settings.confidence_file)
    return ConfidenceDial(
        model,
        read_outcomes(on.settings.confidence_file),
        lambda: lessons.judged(model),
        adjustments,
        on.settings.accepted_wrong_share,
        on.timer,
    )
