"""What entries say, in plain words: money in dollars, names in place of ids."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.evidence import Scored
from core.journal.entries import Kind
from core.journal.lines import Line
from pages.parts.audit_facts import facts, summary
from pages.parts.audit_sources import scores

NAMES = {"sales": "Sales", "people": "People & culture"}


def line(kind: str, outcome: str | None = None, **data: Any) -> Line:
    provider, model = ("openai", "gpt-x") if kind in (Kind.MODEL_ATTEMPT, Kind.BUDGET) else (None, None)
    known = ("person-1", "sales", provider, model, outcome, None, None)
    return Line(1, None, "t", kind, *known, data, "hash")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            line(Kind.BUDGET, "set", scope="department", id="people", limit_microusd=0, period="month"),
            "the People & culture department, $0.00 a month",
        ),
        (
            line(Kind.BUDGET, "removed", scope="provider", id="openai", limit_microusd=None, period="day"),
            "the provider openai",
        ),
        (
            line(
                Kind.BUDGET,
                "warned",
                scope="department",
                id="sales",
                spent_microusd=9_000_000,
                limit_microusd=10_000_000,
                period="day",
            ),
            "the Sales department, $10.00 a day, $9.00 spent",
        ),
        (
            line(Kind.BUDGET, "refused", scope="department", deployment="gpt-x", purpose="answer"),
            "the Sales department, for the answer",
        ),
        (
            line(Kind.BUDGET, "hold_expired", hold="h", amounts_microusd=[["provider", "openai", 1_500_000]]),
            "$1.50 held for the provider openai",
        ),
        (line(Kind.CACHE, "miss", reason="no like"), "not alike enough"),
        (line(Kind.CACHE, "not kept", reason="not confident"), "the answer was not sure enough"),
        (line(Kind.CACHE, "miss", reason="a newer one"), "a newer one"),
        (
            line(Kind.CACHE, "hit", entry=7, how="meaning", score=0.83),
            "asked in other words, 83 % alike, entry 7",
        ),
        (line(Kind.STANDALONE, whole=False, text="x"), "leans on the conversation before it"),
        (line(Kind.STANDALONE, whole=True, text="x"), "can be understood by itself"),
        (
            line(
                Kind.MODEL_ATTEMPT,
                latency_ms=55,
                prompt_tokens=702,
                completion_tokens=1,
                estimated=False,
                failure=None,
                status=None,
                deployment="gpt-x",
                purpose="stand-alone",
            ),
            "to complete the question, read 702 tokens, wrote 1 token",
        ),
        (
            line(Kind.MODEL_OUTCOME, failure="rate_limited", status=429, estimated=True, deployment="big"),
            "deployment big, its tokens are estimated, failed: rate limited, it answered with status 429",
        ),
        (
            line(
                Kind.RETRIEVAL,
                passages=[[1, 2, 2.5, 0.7]],
                evidence=0.98,
                confidence=0.97,
                threshold=0.64,
                suspicious=[[2, "injection-role", "flag"]],
            ),
            "1 passage found, 98 % likely to answer it, 97 % confidence expected, "
            "a reviewer decides below 64 %, one passage looked like an instruction (injection-role: flag)",
        ),
        (
            line(Kind.ANSWER, cited=[237, 257], confidence=0.9475, message=4),
            "2 passages cited, 95 % confidence",
        ),
        (line(Kind.ANSWER, cited=[], confidence=None, message=4), "no passage cited"),
        (line(Kind.RATE_LIMIT, "refused", scope="person", purpose="answer"), "of the person, for the answer"),
        (
            line(Kind.REFUSAL, "not_cleared", purpose="answer", data_class="restricted"),
            "no deployment may see restricted text, for the answer",
        ),
        (line(Kind.REVIEW, "approved", task=3, confidence=0.5), "task 3, 50 % confidence"),
        (
            line(
                Kind.DOCUMENT,
                "readers_changed",
                document=3,
                version=2,
                readers="people+sales",
                data_class="internal",
                origin="upload",
                before={
                    "document": 3,
                    "version": 1,
                    "readers": "*",
                    "data_class": "internal",
                    "origin": "upload",
                },
            ),
            "document 3, version 2, read by People & culture, Sales, internal text, from upload, "
            "before: version 1, read by everyone",
        ),
        (
            line(Kind.SETTING, "done", act="person_added", person=8, department="sales", roles=["auditor"]),
            "person added, department Sales, account 8, roles auditor",
        ),
        (
            line(
                Kind.SETTING, "done", act="started", settings_sha256="ff", not_default=[["reranker", "none"]]
            ),
            "started, not as shipped: reranker",
        ),
        (line(Kind.SIGN_IN, "ok", by="password"), "by password"),
        (
            line(Kind.AUDIT, "intact", entries=1, first_bad=None, anchors=3),
            "1 entry checked, 3 anchors compared",
        ),
        (line(Kind.AUDIT, "names", looked_up=["person-1"]), "1 name looked up"),
        (
            line("of_a_newer_version", limit_microusd=2_500_000, waited_ms=55, on=False),
            "limit $2.50, waited 55 ms, not on",
        ),
    ],
)
def test_entries_in_plain_words(entry: Line, said: str) -> None:
    assert facts(entry, entry.data, NAMES) == said


@pytest.mark.parametrize("kind", list(Kind))
def test_data_of_another_form_is_no_error(kind: Kind) -> None:
    """A newer version may write it, and whoever tampers with the journal does."""
    keys = ("cited", "passages", "kinds", "reason", "how", "score", "found", "scope", "id", "limit_microusd")
    more = ("amounts_microusd", "before", "readers", "act", "not_default", "entries", "looked_up", "task")
    for odd in (None, 1, "x", [1], [["x"]], {"a": []}, True):
        assert isinstance(summary(line(kind, **dict.fromkeys((*keys, *more), odd)), NAMES), str)


@pytest.mark.parametrize(
    ("cosine", "said"),
    [
        (0.77, "very near the question in meaning (0.77), ranked with 2.66"),
        (0.5, "near the question in meaning (0.50), ranked with 2.66"),
        (0.3, "somewhat near the question in meaning (0.30), ranked with 2.66"),
        (-0.2, "far from the question in meaning (-0.20), ranked with 2.66"),
    ],
)
def test_scores_are_said_in_words(cosine: float, said: str) -> None:
    assert scores(Scored(1, 1, 2.66, cosine)) == said
