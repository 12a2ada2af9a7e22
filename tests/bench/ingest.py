"""How fast and how robust ingestion is, against the embedder's own raw rate on the same chunks."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from core.bootstrap import build
from core.identity import Department
from core.knowledge.embedding import local_embedder
from core.knowledge.ingestion import Outcome
from core.knowledge.sources import Source
from core.settings import Settings
from core.types import Readership
from tests.bench.hostile import hostile

# The machine's speed drifts within a minute: halves of raw work before and after frame the measured run.


def run(data: Path) -> dict[str, Any]:
    """Ingest the handbook into an empty base; then try the hostile files."""
    embedder = local_embedder("embedded", threads=2)
    embedder.embed_query("warm up")
    with tempfile.TemporaryDirectory() as folder:
        desk = build(Settings(data_dir=Path(folder)), embedder=embedder)
        desk.identity.add_departments([Department("people", "People")])
        sources = _sources(data / "handbook_gsa_tts" / "docs")
        list(desk.knowledge.ingestion.run(sources[:3], "warm-up"))  # imports parsers and opens collections
        started = time.perf_counter()
        reports = list(desk.knowledge.ingestion.run(sources, "bench"))
        seconds = time.perf_counter() - started
        texts = _indexed_texts(desk)
        desk.close()
    raw_seconds = _raw(embedder, texts)
    files = [r for r in reports if r.outcome in (Outcome.ADDED, Outcome.REPLACED)]
    chunks = sum(r.chunk_count for r in files)
    result = {
        "files": len(reports),
        "refused": len([r for r in reports if r.outcome is Outcome.REFUSED]),
        "chunks": chunks,
        "chunks_per_s": round(chunks / seconds, 2),
        "raw_chunks_per_s": round(len(texts) / raw_seconds, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "hostile": hostile(data),
    }
    ratio = result["chunks_per_s"] / result["raw_chunks_per_s"]
    print(f"{len(files)} files, {chunks} chunks in {seconds:.1f} s: {result['chunks_per_s']} chunks a second")
    print(f"the embedder alone: {result['raw_chunks_per_s']} chunks a second; share of it {ratio:.2f}")
    return {**result, "share_of_raw": round(ratio, 3)}


def _sources(root: Path) -> list[Source]:
    return [
        Source(
            path.relative_to(root).as_posix(),
            Readership.everyone(),
            "people",
            None,
            path.stat().st_size,
            path.read_bytes,
        )
        for path in sorted(root.rglob("*.md"))
    ]


def _indexed_texts(desk: Any) -> list[str]:
    import sqlalchemy as sa

    from core.tables import chunks

    with desk.database.read() as connection:
        return list(connection.scalars(sa.select(chunks.c.indexed_text).order_by(chunks.c.id)))


def _raw(embedder: Any, texts: list[str]) -> float:
    """Seconds that the embedder alone takes for the same chunks, given all at once."""
    started = time.perf_counter()
    embedder.embed_texts(texts)
    return time.perf_counter() - started
