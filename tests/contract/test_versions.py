"""Stage, swap and purge behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.database import Database
from core.errors import Busy, NotFound
from core.identity import Department, Identity
from core.journal.journal import Journal
from core.knowledge.catalog import Catalog
from core.knowledge.versions import Draft, KnownChunk, Staged, Versions
from core.types import ChunkSpan, DataClass, LoadedDocument, Section
from tests.fakes import Clock


@pytest.fixture
def versions(database: Database, clock: Clock) -> Versions:
    Identity(database, clock, None, 1, None).add_departments([Department("people", "People")])  # type: ignore[arg-type]
    return Versions(database, "model-a", clock)


def draft(text: str, name: str = "people/leave.md", readers: str = "*") -> Draft:
    loaded = LoadedDocument("Leave", text, (Section((), None, 0, len(text)),), None)
    span = ChunkSpan((), None, 0, len(text), text, f"Leave\n{text}")
    return Draft(
        name, text.encode(), text, loaded, [span], [text.split()], readers, "people", "upload", None, None
    )


def stage(versions: Versions, *drafts: Draft) -> list[Staged]:
    return [staged for staged in versions.stage(drafts) if staged is not None]


def test_a_staged_version_is_invisible_until_it_is_swapped_in(versions: Versions, database: Database) -> None:
    """Its predecessor is searchable to the last moment, and gone in the same one."""
    catalog = Catalog(database)
    [first] = stage(versions, draft("five days"))
    versions.swap([first])
    [second] = stage(versions, draft("six days"))
    assert set(catalog.chunks(first.chunk_ids + second.chunk_ids)) == set(first.chunk_ids)
    versions.swap([second])
    found = catalog.chunks(first.chunk_ids + second.chunk_ids)
    assert [(c.text, c.version) for c in found.values()] == [("six days", 2)]
    assert [p.chunk_ids for p in versions.pending_purges()] == [first.chunk_ids]


def test_the_same_content_again_makes_no_version(versions: Versions) -> None:
    """Unless its readers or the embedding model differ."""
    versions.swap(stage(versions, draft("five days")))
    assert versions.stage([draft("five days")]) == [None]
    assert versions.unchanged("people/leave.md", "five days", "*")
    assert not versions.unchanged("people/leave.md", "five days", "people")


def test_two_uploads_at_once_give_one_version(versions: Versions, database: Database) -> None:
    """Whatever the threads do, one stages and the others are told so."""
    results: list[list[Staged | None]] = []
    barrier = threading.Barrier(6)

    def upload() -> None:
        barrier.wait()
        results.append(versions.stage([draft("five days")]))

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [staged for [staged] in results if staged is not None]
    assert len(results) == 6
    assert len(winners) == 1
    versions.swap(winners)
    assert Catalog(database).version_count(winners[0].document_id) == 1


def test_an_abandoned_version_is_taken_over_after_its_lease(versions: Versions, clock: Clock) -> None:
    """A killed upload blocks the document for minutes, not for ever."""
    [dead] = stage(versions, draft("five days"))
    assert versions.stage([draft("six days")]) == [None]
    clock.advance(minutes=6)
    [alive] = stage(versions, draft("six days"))
    with pytest.raises(Busy):
        versions.swap([dead])
    versions.swap([alive])
    assert [p.chunk_ids for p in versions.pending_purges()] == [dead.chunk_ids]


def test_a_renewed_lease_keeps_a_slow_upload_alive(versions: Versions, clock: Clock) -> None:
    """Only work that stands still is taken over."""
    [slow] = stage(versions, draft("five days"))
    clock.advance(minutes=4)
    versions.renew([slow])
    clock.advance(minutes=4)
    assert versions.discard_abandoned(all_of_them=False) == 0
    versions.swap([slow])


def test_discarding_a_first_version_leaves_no_empty_document(versions: Versions, database: Database) -> None:
    """A document appears with its first whole version or not at all."""
    [staged] = stage(versions, draft("five days"))
    versions.discard([staged])
    assert versions.names("upload") == {}
    assert Catalog(database).is_empty()


def test_swapping_several_is_all_or_nothing(versions: Versions, database: Database) -> None:
    """One that was taken away holds the others back."""
    first, second = stage(versions, draft("a", "people/a.md"), draft("b", "people/b.md"))
    versions.discard([second])
    with pytest.raises(Busy):
        versions.swap([first, second])
    assert Catalog(database).is_empty()


def test_deleting_waits_for_a_version_that_is_being_made(versions: Versions, database: Database) -> None:
    """So that no vector is written after its document is gone."""
    [first] = stage(versions, draft("five days"))
    versions.swap([first])
    [second] = stage(versions, draft("six days"))
    with pytest.raises(Busy):
        versions.delete(first.document_id)
    versions.swap([second])
    versions.delete(first.document_id)
    assert Catalog(database).version_count(first.document_id) == 0
    with pytest.raises(NotFound):
        versions.delete(first.document_id)


def test_chunk_ids_are_never_used_again(versions: Versions) -> None:
    """A left-over vector can not be taken for a new chunk."""
    [first] = stage(versions, draft("five days"))
    versions.discard([first])
    [second] = stage(versions, draft("five days"))
    assert min(second.chunk_ids) > max(first.chunk_ids)
    assert second.version_id > first.version_id


def test_vectors_of_another_model_are_not_taken_over(
    database: Database, versions: Versions, clock: Clock
) -> None:
    """Passages are embedded again when the embedding model changes."""
    [first] = stage(versions, draft("five days"))
    versions.swap([first])
    versions.keep_token_codes({first.chunk_ids[0]: b"codes"})
    known = {"Leave\nfive days": KnownChunk(first.chunk_ids[0], b"codes")}
    assert versions.current_chunks(first.document_id) == ("*", known)
    other = Versions(database, "model-b", clock)
    assert other.current_chunks(first.document_id) == ("", {})
    assert not other.unchanged("people/leave.md", "five days", "*")


def test_each_change_is_on_record_in_the_transaction_that_makes_it(
    versions: Versions, database: Database, clock: Clock
) -> None:
    """Ids, versions and readers; no name and no text."""
    journal = Journal(database, clock)
    recorded, moved = (
        Versions(database, model, clock, journal.append_in) for model in ("model-a", "model-b")
    )
    for each in (draft("five days"), draft("six days"), draft("six days", readers="people")):
        recorded.swap(stage(recorded, each))
    moved.swap(stage(moved, draft("six days", readers="people")))
    moved.swap(stage(moved, replace(draft("six days", readers="people"), data_class=DataClass.RESTRICTED)))
    [document] = moved.names("upload").values()
    moved.delete(document, deleted_by=7)
    entries = journal.search()[::-1]
    assert [entry.outcome for entry in entries] == [
        "added",
        "replaced",
        "readers_changed",
        "embedded_again",
        "class_changed",
        "deleted",
    ]
    assert {(entry.kind, entry.department) for entry in entries} == {("document", "people")}
    first, second = (
        {"document": document, "version": n, "readers": "*", "data_class": "internal", "origin": "upload"}
        for n in (1, 2)
    )
    assert [entry.data for entry in entries[:2]] == [first, {**second, "before": first}]
    assert entries[2].data["readers"] == "people"
    assert entries[2].data["before"] == second
    assert (entries[-1].person_id, entries[-1].data["version"]) == (7, 5)
    assert not [word for word in ("leave", "days") if word in str(entries)]


def test_a_change_that_did_not_happen_is_not_on_record(
    versions: Versions, database: Database, clock: Clock
) -> None:
    """A swap that is refused takes the entries of its neighbours back with it."""
    journal = Journal(database, clock)
    recorded = Versions(database, "model-a", clock, journal.append_in)
    kept, lost = stage(recorded, draft("five days"), draft("six days", "people/other.md"))
    recorded.discard([lost])
    with pytest.raises(Busy):
        recorded.swap([kept, lost])
    with pytest.raises(NotFound):
        recorded.delete(999)
    assert journal.search() == []
