"""What the screens of managers, auditors and administrators ask."""

from __future__ import annotations

import os

from core.adjustments import Adjustments
from core.answering.calibration import read_outcomes
from core.audit.audit import Audit
from core.audit.names import Names
from core.audit.sources import Sources
from core.building.answers import Answering
from core.building.foundations import Foundations
from core.gateway.gateway import Gateway
from core.journal.anchoring import Anchors
from core.journal.pseudonyms import Pseudonyms, stored_key
from core.operations.accounts import first_password
from core.operations.cache import CacheOperations
from core.operations.confidence import Confidence
from core.operations.configuration import Configuration, env_file_of
from core.operations.limits import LimitsReport
from core.operations.operations import Operations
from core.operations.people import People
from core.operations.providers import Providers
from core.operations.recent import recent
from core.reports.spending import Spending


def build_operations(
    on: Foundations, gateway: Gateway, adjustments: Adjustments, answering: Answering
) -> Operations:
    """The administrators' side; takes over at once what other processes switched off."""
    people = People(on.database, on.journal, on.clock, on.new_trace_id, first_password)
    providers = Providers(gateway, on.journal, adjustments, people.name_of, on.new_trace_id, on.timer)
    providers.follow()
    configuration = Configuration(on.settings, os.environ, env_file_of(on.settings))
    outcomes, lessons = len(read_outcomes(on.settings.confidence_file)), answering.reviews.lessons
    confidence = Confidence(answering.dial, outcomes, lessons.recent, lambda: recent(on.journal, on.clock()))
    kept = CacheOperations(
        answering.cache.administration, answering.cache_dial, on.clock, on.journal.append, on.new_trace_id
    )
    return Operations(
        providers, people, LimitsReport(gateway, on.limiter.storage), configuration, confidence, kept
    )


def build_audit(on: Foundations) -> tuple[Audit, Names]:
    """The auditors' side; says at once when the chain does not reach its last anchor."""
    anchors = Anchors(on.settings.journal_anchor_file, on.journal.head, on.clock)
    anchors.check()
    pseudonyms = Pseudonyms(stored_key(on.database))
    return (
        Audit(on.journal, pseudonyms, anchors, Sources(on.database), on.clock, on.new_trace_id),
        Names(on.journal, on.database, pseudonyms, on.new_trace_id),
    )


def build_spending(on: Foundations, gateway: Gateway) -> Spending:
    """The managers' side."""
    return Spending(
        on.database,
        gateway.budgets,
        on.clock,
        lambda: {deployment.provider for deployment in gateway.router.snapshot()},
    )
