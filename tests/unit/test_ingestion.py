"""Files become documents: reported, replaced, refused, cancelled, taken up again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from core.bootstrap import Desk
from core.errors import BadInput, Cancelled, ConfigurationError, NotAllowed, NotFound
from core.knowledge.ingestion import FileReport, Outcome
from core.knowledge.library import Upload
from core.knowledge.progress import Progress, Tracker
from core.settings import Settings
from core.types import Person, Readership, Role
from tests.conftest import MakeDesk, add_departments, add_person, text_source
from tests.fakes import HashEmbedder


def ingest(desk: Desk, *sources: object, **options: object) -> list[FileReport]:
    return list(desk.knowledge.ingestion.run(sources, "upload", **options))  # type: ignore[arg-type]


def found(desk: Desk, person: Person, question: str) -> list[str]:
    return [passage.chunk.text for passage in desk.knowledge.retriever.search(question, person).passages]


@pytest.fixture
def ada(desk: Desk) -> Person:
    return add_person(desk.identity, "ada", "people", Role.OWNER)


@pytest.fixture
def bo(desk: Desk) -> Person:
    return add_person(desk.identity, "bo", "sales")


def test_good_files_go_in_and_a_bad_one_is_named_with_its_reason(desk: Desk, ada: Person) -> None:
    """One broken file holds nobody up."""
    broken = text_source("people/broken.pdf", "this is no PDF")
    reports = ingest(
        desk,
        text_source("people/a.txt", "Parking is free."),
        broken,
        text_source("people/b.txt", "Lunch at noon."),
    )
    assert {r.name: r.outcome for r in reports} == {
        "people/a.txt": Outcome.ADDED,
        "people/broken.pdf": Outcome.REFUSED,
        "people/b.txt": Outcome.ADDED,
    }
    refused = next(r for r in reports if r.outcome is Outcome.REFUSED)
    assert refused.reason.endswith(".")
    assert any("Lunch" in text for text in found(desk, ada, "lunch"))


def test_the_same_file_again_is_unchanged_and_costs_nothing(make_desk: MakeDesk) -> None:
    """No new version and no embedding."""
    embedder = HashEmbedder()
    desk = make_desk(embedder=embedder)
    add_departments(desk.identity)
    source = text_source("people/a.txt", "Parking is free.")
    ingest(desk, source)
    before = len(embedder.embedded)
    assert [r.outcome for r in ingest(desk, source)] == [Outcome.UNCHANGED]
    assert len(embedder.embedded) == before


def test_a_changed_file_replaces_the_old_one(desk: Desk, ada: Person) -> None:
    """The old words are not found any more, and no vector of theirs is left."""
    ingest(desk, text_source("people/a.txt", "Parking costs three euro."))
    [old] = [p.chunk.id for p in desk.knowledge.retriever.search("parking", ada).passages]
    assert [r.outcome for r in ingest(desk, text_source("people/a.txt", "Parking is free."))] == [
        Outcome.REPLACED
    ]
    assert found(desk, ada, "parking") == ["Parking is free."]
    assert old not in set(desk.knowledge.vectors.ids("*"))


def test_unchanged_passages_of_a_changed_file_are_not_embedded_again(make_desk: MakeDesk) -> None:
    """Only what is new is paid for."""
    embedder = HashEmbedder()
    desk = make_desk(embedder=embedder)
    add_departments(desk.identity)
    long = "".join(f"# Part {i}\n\n" + f"Rule {i} says {'so ' * 120}much.\n\n" for i in range(6))
    ingest(desk, text_source("people/a.md", long))
    whole = len(embedder.embedded)
    ingest(desk, text_source("people/a.md", long.replace("Rule 3 says", "Rule three says")))
    assert 0 < len(embedder.embedded) - whole < whole


def test_two_files_of_one_name_are_told_apart(desk: Desk) -> None:
    """The second is refused instead of silently lost."""
    reports = ingest(desk, text_source("people/a.txt", "one"), text_source("people/a.txt", "two"))
    assert sorted(r.outcome for r in reports) == [Outcome.ADDED, Outcome.REFUSED]


def test_a_file_over_the_limit_is_not_read(desk: Desk) -> None:
    """Its size is known before its content."""
    big = replace(
        text_source("people/big.txt", "x"),
        byte_count=desk.settings.limits.upload_bytes + 1,
        read=lambda: pytest.fail("was read"),
    )
    [report] = ingest(desk, big)
    assert report.outcome is Outcome.REFUSED
    assert "larger than" in report.reason


def test_progress_counts_files_and_estimates_the_time_left(make_desk: MakeDesk) -> None:
    """Time left is known once something has been done."""
    ticks = iter(range(10_000))
    desk = make_desk(timer=lambda: float(next(ticks)))
    add_departments(desk.identity)
    seen: list[Progress] = []
    sources = [text_source(f"people/{i}.txt", f"Rule {i}") for i in range(130)]
    ingest(desk, *sources, on_progress=seen.append)
    assert (seen[-1].files_done, seen[-1].files_total) == (130, 130)
    assert seen[0].seconds_left is None
    assert seen[-1].seconds_left == 0
    assert all(a.files_done <= b.files_done for a, b in itertools.pairwise(seen))
    assert all(a.share <= b.share for a, b in itertools.pairwise(seen))
    assert max(p.files_read for p in seen if p.files_done == 0) >= 100, "what was read counts at once"


def test_the_time_left_is_told_by_what_was_embedded_and_not_before_it_is_known() -> None:
    """Loading the model, which the first text waits for, says nothing about the others."""
    now, seen = [0.0], list[Progress]()
    tracker = Tracker({"a": 100, "b": 100}, seen.append, lambda: now[0])
    for name in ("a", "b"):
        tracker.read(name, 1_000)
    now[0] = 60.0
    tracker.embedded(200)
    assert (seen[-1].files_read, seen[-1].seconds_left) == (2, None)
    now[0] = 62.0
    tracker.embedded(400)
    assert seen[-1].seconds_left == pytest.approx(7.0)
    tracker.spared(400)
    now[0] = 64.0
    tracker.embedded(400)
    assert seen[-1].seconds_left == pytest.approx(3.0)
    tracker.done(1)
    tracker.done(1)
    assert (seen[-1].share, seen[-1].seconds_left, seen[-1].pages_done) == (1.0, 0.0, 2)


def test_a_cancelled_run_keeps_what_was_finished_and_goes_on_later(desk: Desk) -> None:
    """Nothing half-made stays, and the second run skips what the first one did."""
    sources = [text_source(f"people/{i}.txt", f"Rule {i}") for i in range(400)]
    done: list[FileReport] = []
    with pytest.raises(Cancelled):
        for report in desk.knowledge.ingestion.run(sources, "upload", cancelled=lambda: len(done) >= 128):
            done.append(report)
    assert 128 <= len(done) < 400
    outcomes = [r.outcome for r in ingest(desk, *sources)]
    assert outcomes.count(Outcome.UNCHANGED) == len(done)
    assert outcomes.count(Outcome.ADDED) == 400 - len(done)


def test_a_failing_embedder_leaves_the_old_version_whole(make_desk: MakeDesk) -> None:
    """The document is as it was, and the next try works."""

    class Failing(HashEmbedder):
        broken = False

        def embed_texts(self, texts):  # type: ignore[no-untyped-def]
            if self.broken:
                raise OSError("out of memory")
            return super().embed_texts(texts)

    embedder = Failing()
    desk = make_desk(embedder=embedder)
    add_departments(desk.identity)
    ada = add_person(desk.identity, "ada", "people")
    ingest(desk, text_source("people/a.txt", "Parking costs three euro."))
    embedder.broken = True
    with pytest.raises(OSError, match="memory"):
        ingest(desk, text_source("people/a.txt", "Parking is free."))
    assert found(desk, ada, "parking") == ["Parking costs three euro."]
    embedder.broken = False
    ingest(desk, text_source("people/a.txt", "Parking is free."))
    assert found(desk, ada, "parking") == ["Parking is free."]


def test_changing_readers_takes_effect_without_embedding_anything(make_desk: MakeDesk) -> None:
    """The vectors are taken over; who is shut out finds nothing from that moment."""
    embedder = HashEmbedder()
    desk = make_desk(embedder=embedder)
    add_departments(desk.identity)
    ada, bo = add_person(desk.identity, "ada", "people", Role.OWNER), add_person(desk.identity, "bo", "sales")
    ingest(desk, text_source("people/a.txt", "Parking is free."))
    [info] = desk.catalog.documents(bo)
    embedded = len(embedder.embedded)
    desk.library.change_readers(ada, info.id, Readership.of(["people"]))
    assert len(embedder.embedded) == embedded
    assert found(desk, bo, "parking") == []
    assert found(desk, ada, "parking") == ["Parking is free."]
    with pytest.raises(NotFound):
        desk.catalog.open(bo, info.id, info.version_id)


def test_a_deletion_is_proved(desk: Desk, ada: Person) -> None:
    """Afterwards neither a version nor a chunk nor a vector nor a search shows the document."""
    ingest(desk, text_source("people/a.txt", "Parking is free."))
    [info] = desk.catalog.documents(ada)
    proof = desk.library.delete(ada, info.id)
    assert proof.clean
    assert list(desk.knowledge.vectors.ids("*")) == []
    assert found(desk, ada, "parking") == []


def test_only_owners_of_the_department_change_its_documents(desk: Desk, ada: Person, bo: Person) -> None:
    """An owner elsewhere and a plain employee are refused, an administrator is not."""
    eve = add_person(desk.identity, "eve", "sales", Role.OWNER)
    root = add_person(desk.identity, "root", "sales", Role.ADMINISTRATOR)
    ingest(desk, text_source("people/a.txt", "Parking is free."))
    [info] = desk.catalog.documents(ada)
    for person in (bo, eve):
        with pytest.raises(NotAllowed):
            desk.library.delete(person, info.id)
        with pytest.raises(NotAllowed):
            desk.library.change_readers(person, info.id, Readership.of(["sales"]))
    with pytest.raises(NotAllowed):
        desk.library.upload_sources(bo, [Upload("a.txt", b"x")], Readership.everyone())
    assert desk.library.delete(root, info.id).clean


def test_uploads_of_two_departments_do_not_touch_each_other(desk: Desk, ada: Person) -> None:
    """A file name belongs to a department."""
    eve = add_person(desk.identity, "eve", "sales", Role.OWNER)
    for person, text in ((ada, b"Ours"), (eve, b"Theirs")):
        sources = desk.library.upload_sources(person, [Upload("plan.txt", text)], Readership.everyone())
        assert [r.outcome for r in desk.library.ingest(person, sources)] == [Outcome.ADDED]
    assert {i.name for i in desk.catalog.documents(ada)} == {"people/plan.txt", "sales/plan.txt"}


@pytest.mark.parametrize("departments", [[], ["nowhere"]])
def test_a_readership_must_name_departments_that_exist(
    desk: Desk, ada: Person, departments: list[str]
) -> None:
    """A typo must not hide a document from everyone."""
    with pytest.raises(BadInput):
        desk.library.upload_sources(ada, [Upload("a.txt", b"x")], Readership.of(departments))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd.txt", "people/passwd.txt"),
        ("C:\\docs\\a.txt", "people/a.txt"),
        ("ü b.txt", "people/ü b.txt"),
    ],
)
def test_an_upload_keeps_only_its_base_name(desk: Desk, ada: Person, given: str, name: str) -> None:
    """Folders in a file name mean nothing here."""
    [source] = desk.library.upload_sources(ada, [Upload(given, b"x")], Readership.everyone())
    assert source.name == name


@pytest.mark.parametrize("given", ["", "..", "/", "\n"])
def test_an_upload_without_a_usable_name_is_refused(desk: Desk, ada: Person, given: str) -> None:
    """It could not be told from others."""
    with pytest.raises(BadInput):
        desk.library.upload_sources(ada, [Upload(given, b"x")], Readership.everyone())


def folder(root: Path, **texts: str) -> Path:
    (root / "files").mkdir(parents=True, exist_ok=True)
    for stale in (root / "files").iterdir():
        stale.unlink()
    for name, text in texts.items():
        (root / "files" / f"{name}.txt").write_text(text)
    entries = [
        {"path": f"{name}.txt", "owner": "ada@fennwick.example", "readers": "everyone"} for name in texts
    ]
    (root / "manifest.yaml").write_text(yaml.safe_dump({"documents": entries}))
    return root


def test_a_folder_is_followed_new_changed_and_removed(tmp_path: Path, make_desk: MakeDesk) -> None:
    """After a sync the knowledge base is what the folder is; uploads are left alone."""
    root = folder(tmp_path / "share", a="Parking is free.", b="Lunch at noon.")
    desk = make_desk(settings=Settings(data_dir=tmp_path / "runtime", reranker="none", sync_dir=root))
    add_departments(desk.identity)
    add_person(desk.identity, "ada", "people", Role.OWNER)
    admin = add_person(desk.identity, "root", "sales", Role.ADMINISTRATOR)
    ingest(desk, text_source("people/own.txt", "My own."))
    assert {r.outcome for r in desk.library.sync(admin)} == {Outcome.ADDED}
    folder(root, a="Parking costs three euro.", c="Dinner at seven.")
    outcomes = {r.name: r.outcome for r in desk.library.sync(admin)}
    assert outcomes == {"a.txt": Outcome.REPLACED, "c.txt": Outcome.ADDED, "b.txt": Outcome.REMOVED}
    assert {i.name for i in desk.catalog.documents(admin)} == {"a.txt", "c.txt", "people/own.txt"}


def test_a_folder_with_a_file_that_nobody_vouches_for_is_refused(tmp_path: Path, desk: Desk) -> None:
    """Nobody has said who may read it."""
    add_person(desk.identity, "ada", "people", Role.OWNER)
    root = folder(tmp_path / "share", a="Parking is free.")
    (root / "files" / "secret.txt").write_text("Salaries")
    with pytest.raises(ConfigurationError, match=r"secret\.txt"):
        list(desk.library.sync_folder(root, "folder"))


def test_another_embedding_model_embeds_everything_again(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Vectors of two models are never mixed, and the old ones are dropped."""

    class Other(HashEmbedder):
        name = "another-model"

    first = make_desk()
    add_departments(first.identity)
    ada = add_person(first.identity, "ada", "people")
    ingest(first, text_source("people/a.txt", "Parking is free."))
    first.close()
    second = make_desk(embedder=Other())
    assert [r.outcome for r in second.library.reembed()] == [Outcome.REPLACED]
    assert found(second, ada, "parking") == ["Parking is free."]
    assert list(second.library.reembed()) == []


def test_who_deleted_and_who_synced_is_on_record(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Each document that a sync changed has an entry, and the sync itself with its counts."""
    root = folder(tmp_path / "share", a="Parking is free.", b="Lunch at noon.")
    desk = make_desk(settings=Settings(data_dir=tmp_path / "runtime", reranker="none", sync_dir=root))
    add_departments(desk.identity)
    ada = add_person(desk.identity, "ada", "people", Role.OWNER)
    admin = add_person(desk.identity, "root", "sales", Role.ADMINISTRATOR)
    list(desk.library.sync(admin))
    [first] = [info for info in desk.catalog.documents(ada) if info.name == "a.txt"]
    desk.library.delete(ada, first.id)
    added, added_too, synced, deleted = desk.journal.search()[::-1]
    assert (added.outcome, added_too.outcome) == ("added", "added")
    assert (synced.outcome, synced.person_id, synced.data) == ("synced", admin.id, {"files": {"added": 2}})
    assert (deleted.outcome, deleted.person_id, deleted.data["document"]) == ("deleted", ada.id, first.id)


def test_a_sync_that_was_stopped_is_on_record_as_such(tmp_path: Path, make_desk: MakeDesk) -> None:
    """With what had become of files by then."""
    root = folder(tmp_path / "share", a="Parking is free.")
    desk = make_desk(settings=Settings(data_dir=tmp_path / "runtime", reranker="none", sync_dir=root))
    add_departments(desk.identity)
    add_person(desk.identity, "ada", "people", Role.OWNER)
    admin = add_person(desk.identity, "root", "sales", Role.ADMINISTRATOR)
    with pytest.raises(Cancelled):
        list(desk.library.sync(admin, cancelled=lambda: True))
    [stopped] = desk.journal.search()
    assert (stopped.outcome, stopped.data) == ("sync_stopped", {"files": {}})
