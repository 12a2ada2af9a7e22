"""What is masked that must be, what is masked that need not be, and how long it takes."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.spans import Span

# The labels of others to the kinds of ours; towns, organisations, titles and dates are not measured.
LABELS = {
    "PERSON": "PERSON",
    "ADDRESS": "ADDRESS",
    "STREET_ADDRESS": "ADDRESS",
    "CREDIT_CARD": "CREDIT_CARD",
    "US_SSN": "SSN",
    "SSN": "SSN",
    "EMAIL_ADDRESS": "EMAIL",
    "EMAIL": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "PHONE": "PHONE",
    "IP_ADDRESS": "IP",
    "IBAN_CODE": "IBAN",
    "IBAN": "IBAN",
    "DOMAIN_NAME": "URL",
    "URL": "URL",
    "SECRET": "SECRET",
    "API_KEY": "SECRET",
}
# Words of these kinds in a handbook are personal data or contacts; all others count as wrongly masked.
RIGHTLY_MASKED = frozenset((Kind.EMAIL, Kind.PHONE))


def run(data: Path) -> dict[str, Any]:
    """Recall by kind over every `pii_*` folder, the share of words masked wrongly, p50 in milliseconds."""
    analyser = Analyser(remembered_texts=0)
    analyser.warm_up()
    recall, counts = _recall(analyser, data)
    share, by_kind = _false_masked(analyser, data)
    p50 = _p50_ms(analyser)
    for kind in sorted(recall):
        print(f"{kind:14} {counts[kind]:6} spans  {recall[kind]:7.2%} fully covered")
    print(f"\nhandbook: {share:.2%} of words masked that are no contact data; by kind: {by_kind}")
    print(f"a text of 100 words: {p50:.1f} ms (p50)")
    return {"recall": recall, "false_masked_share": share, "p50_ms": p50}


def labelled(data: Path) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """Texts with their labelled spans (our kind, start, end)."""
    for file in sorted(data.glob("pii_*/*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            spans = [
                (LABELS[label], span["start"], span["end"])
                for span in row.get("spans", ())
                if (label := span.get("type") or span.get("label")) in LABELS
            ]
            yield row["text"], spans


def secrets_made() -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """The set of secrets in real surroundings that the tests use too."""
    from tests.unit.test_privacy_secrets import secret_cases

    for text, secret in secret_cases():
        start = text.index(secret)
        yield text, [("SECRET", start, start + len(secret))]


def _recall(analyser: Analyser, data: Path) -> tuple[dict[str, float], Counter[str]]:
    total: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for texts in (labelled(data), secrets_made()):
        for text, spans in texts:
            found = analyser.find(text)
            for kind, start, end in spans:
                total[kind] += 1
                covered[kind] += is_covered(text, start, end, found)
    return {kind: round(covered[kind] / total[kind], 4) for kind in total}, total


def is_covered(text: str, start: int, end: int, found: Iterable[Span]) -> bool:
    """Whether every letter and digit of the span is in some found span."""
    hidden = {position for span in found for position in range(span.start, span.end)}
    return all(position in hidden for position in range(start, end) if text[position].isalnum())


def _false_masked(analyser: Analyser, data: Path) -> tuple[float, dict[str, int]]:
    words = 0
    by_kind: dict[str, int] = defaultdict(int)
    for file in sorted((data / "handbook_gsa_tts").rglob("*.md")):
        text = file.read_text(encoding="utf-8", errors="replace")
        words += len(text.split())
        for passage in _passages(text):
            for span in analyser.find(passage):
                by_kind[span.kind] += len(passage[span.start : span.end].split())
    wrong = sum(count for kind, count in by_kind.items() if kind not in RIGHTLY_MASKED)
    return (round(wrong / words, 4) if words else 0.0), dict(by_kind)


def _passages(text: str, characters: int = 1500) -> Iterator[str]:
    """The text as prompts carry it, cut between paragraphs."""
    passage = ""
    for paragraph in text.split("\n\n"):
        if passage and len(passage) + len(paragraph) > characters:
            yield passage
            passage = ""
        passage += paragraph + "\n\n"
    if passage:
        yield passage


def _p50_ms(analyser: Analyser, runs: int = 60) -> float:
    words = [
        "Maria",
        "Lindqvist",
        "asked",
        "on",
        "Monday",
        "whether",
        "the",
        "travel",
        "policy",
        "covers",
        "a",
        "rental",
        "car",
        "in",
        "Porto,",
        "because",
        "her",
        "manager",
        "Tom",
        "Becker",
        "told",
        "her",
        "to",
        "call",
        "+44",
        "20",
        "7946",
        "0123",
        "or",
        "write",
        "to",
        "travel@fennwick.example",
        "before",
        "the",
        "trip",
        "is",
        "booked.",
        "The",
        "policy",
        "says",
        "that",
        "a",
        "car",
        "is",
        "paid",
        "for",
        "when",
        "public",
        "transport",
        "takes",
        "twice",
        "as",
        "long,",
        "that",
        "receipts",
        "reach",
        "finance",
        "within",
        "thirty",
        "days,",
        "and",
        "that",
        "employees",
        "keep",
        "the",
        "cheaper",
        "of",
        "two",
        "offers",
        "unless",
        "a",
        "director",
        "agrees",
        "in",
        "writing.",
        "Her",
        "address",
        "for",
        "the",
        "invoice",
        "is",
        "12",
        "Harbour",
        "Street,",
        "Bristol",
        "BS1",
        "4QA,",
        "and",
        "the",
        "booking",
        "number",
        "is",
        "still",
        "missing",
        "there.",
    ]
    times = []
    for run_number in range(runs):
        text = " ".join([*words[:99], str(run_number)])
        began = time.perf_counter()
        analyser.find(text)
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 2)
