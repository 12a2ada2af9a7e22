"""The tables, in SQLAlchemy Core. The migrations make them; a test keeps the two equal.

Ids of chunks and versions are never used again (`sqlite_autoincrement`), so that a left-over vector
can never be taken for a new chunk.
"""

from __future__ import annotations

from core.tables.adjustments import adjustments
from core.tables.api import api_keys, api_questions, api_replies
from core.tables.common import UtcDateTime, metadata
from core.tables.conversations import conversations, messages
from core.tables.documents import changes, chunks, documents, files, purges, versions
from core.tables.journal import journal, journal_keys
from core.tables.money import budget_counters, budgets, charge_days, charges, hold_parts, holds
from core.tables.people import departments, people, sessions
from core.tables.review import regression_cases, review_comments, review_outbox, review_sources, review_tasks
from core.tables.semantic_cache import (
    cache_counts,
    cache_entries,
    cache_leases,
    cache_sources,
    cache_wordings,
)
from core.tables.verified import verified_answers, verified_passages, verified_sources, verified_vectors

__all__ = [
    "UtcDateTime",
    "adjustments",
    "api_keys",
    "api_questions",
    "api_replies",
    "budget_counters",
    "budgets",
    "cache_counts",
    "cache_entries",
    "cache_leases",
    "cache_sources",
    "cache_wordings",
    "changes",
    "charge_days",
    "charges",
    "chunks",
    "conversations",
    "departments",
    "documents",
    "files",
    "hold_parts",
    "holds",
    "journal",
    "journal_keys",
    "messages",
    "metadata",
    "people",
    "purges",
    "regression_cases",
    "review_comments",
    "review_outbox",
    "review_sources",
    "review_tasks",
    "sessions",
    "verified_answers",
    "verified_passages",
    "verified_sources",
    "verified_vectors",
    "versions",
]
