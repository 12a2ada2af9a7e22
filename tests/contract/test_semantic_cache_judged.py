"""Doubtful reuse that a judge decides on after the answer, on SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.answering.answer import Answer
from core.asking import Asking
from core.bootstrap import build
from core.database import Database
from core.errors import ConfigurationError, ModelUnavailable
from core.gateway.charges import Caller
from core.journal.entries import Record
from core.knowledge.vector_index import ChromaStore
from core.memory import Memory
from core.semantic_cache.recalled import CacheRules, Candidate, Miss
from core.settings import CacheSettings, Settings
from core.types import DataClass, Passage, Person
from tests.cache_house import ALIKE, KEY, QUESTION, House, drafted
from tests.fakes import Clock, HashEmbedder

POLICY = "Up to five days of annual leave may be carried over."
OTHER_WORDS = "You may carry up to five days over [1]."
DOUBTFUL = CacheRules(threshold=0.999, second_look=0, doubt=0.9)
_prefixes = itertools.count()
Works = list[Callable[[], None]]


class Desk:
    """A house with a memory whose judge is `verdict`; what is for later waits in `later`."""

    def __init__(self, house: House, verdict: bool | Exception) -> None:
        self.house = house
        self.verdict = verdict
        self.judged: list[tuple[str, str, Caller]] = []
        self.records: list[Record] = []
        self.later: Works = []
        self.memory = Memory(
            house.cache,
            lambda question: KEY,
            lambda caller, spent: None,
            self.records.append,
            lambda question, passages: [passage.chunk.text for passage in passages],
            lambda person, answer: True,
            lambda connection, record: None,
            judge=self._judge,
            in_background=self.later.append,
        )

    def _judge(self, stored: Answer, fresh: Answer, caller: Caller) -> bool:
        self.judged.append((stored.question, fresh.question, caller))
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    def answered(self, person: Person, question: str, text: str, *passages: Passage) -> None:
        caller = Caller(person.department, person.id, "0" * 32, "answer")
        asking = Asking(person, caller, 1, question, DataClass.INTERNAL, 0.0)
        miss = self.memory.recall(asking)
        assert isinstance(miss, Miss)
        self.memory.remember(asking, miss, drafted(question, text, *passages), passages)

    def exact(self, person: Person, question: str) -> Candidate:
        found = self.house.ask(person, question)
        assert isinstance(found, Candidate)
        assert found.how == "exact"
        return found

    def outcomes(self) -> list[str | None]:
        return [record.outcome for record in self.records]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaStore]:
    store = ChromaStore(tmp_path_factory.mktemp("chroma"))
    yield store
    store.close()


@pytest.fixture
def house(database: Database, store: ChromaStore, clock: Clock) -> Iterator[House]:
    house = House(database, store, f"judged{next(_prefixes)}-", clock, DOUBTFUL)
    yield house
    house.cache.close()


def test_a_yes_lets_the_words_lead_to_the_stored_answer(house: House) -> None:
    """Meanwhile they lead to their own, so that whoever asks the same at that moment needs no model."""
    desk, policy, asker = Desk(house, True), house.document("leave.md", POLICY), house.person()
    desk.answered(asker, QUESTION, "Up to five days may be carried over [1].", policy)
    desk.answered(asker, ALIKE, OTHER_WORDS, policy)
    assert desk.judged == []
    assert desk.exact(asker, ALIKE).entry.answer.text == OTHER_WORDS

    [work] = desk.later
    work()
    assert [pair[:2] for pair in desk.judged] == [(QUESTION, ALIKE)]
    assert desk.judged[0][2].person_id == asker.id
    assert desk.exact(asker, ALIKE).entry.id == desk.exact(asker, QUESTION).entry.id
    assert desk.outcomes() == ["kept", "kept", "alias"]


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [(False, "no alias"), (ModelUnavailable("gone"), "not judged"), (ConfigurationError("x"), "not judged")],
)
def test_a_no_and_a_fault_leave_both_answers(house: House, verdict: bool | Exception, outcome: str) -> None:
    desk, policy, asker = Desk(house, verdict), house.document("leave.md", POLICY), house.person()
    desk.answered(asker, QUESTION, "Up to five days may be carried over [1].", policy)
    desk.answered(asker, ALIKE, OTHER_WORDS, policy)
    desk.later[0]()
    assert desk.exact(asker, ALIKE).entry.answer.text == OTHER_WORDS
    assert desk.outcomes()[-1] == outcome


def test_a_question_that_is_less_alike_is_served_only_when_retrieval_bears_it_out(
    database: Database, store: ChromaStore, clock: Clock
) -> None:
    """The notch alone would not find it."""
    rules = CacheRules(threshold=0.999, second_look=0.5)
    house = House(database, store, f"judged{next(_prefixes)}-", clock, rules)
    policy, other = house.document("leave.md", POLICY), house.document("pay.md", "Leave is paid.")
    house.answered(house.person(), policy)
    found = house.ask(house.person(), ALIKE)
    assert isinstance(found, Candidate)
    assert rules.threshold - rules.second_look <= found.score < rules.threshold
    assert not found.at_once("people")
    assert house.cache.confirm(found, [policy, other])
    assert not house.cache.confirm(found, [other, policy])
    house.cache.close()


def test_nobody_is_asked_about_answers_from_other_places_or_with_other_numbers(house: House) -> None:
    desk, asker = Desk(house, True), house.person()
    policy, other = house.document("leave.md", POLICY), house.document("pay.md", "Leave is paid.")
    desk.answered(asker, QUESTION, "Up to five days may be carried over [1].", policy)
    desk.answered(asker, ALIKE, "Up to 5 days may be carried over [1].", policy)
    desk.answered(asker, f"{ALIKE} Please say.", OTHER_WORDS, other)
    assert desk.later == []


def test_an_entry_that_went_meanwhile_gets_no_alias(house: House) -> None:
    desk, policy, asker = Desk(house, True), house.document("leave.md", POLICY), house.person()
    desk.answered(asker, QUESTION, "Up to five days may be carried over [1].", policy)
    desk.answered(asker, ALIKE, OTHER_WORDS, policy)
    house.cache.not_my_question(asker, desk.exact(asker, QUESTION).entry.id)
    desk.later[0]()
    assert desk.exact(asker, ALIKE).entry.answer.text == OTHER_WORDS
    assert desk.outcomes()[-1] == "no alias"


def test_another_departments_own_answer_stays(house: House) -> None:
    """The stored one needs a second look there, the own one does not."""
    desk, policy, asker = Desk(house, True), house.document("leave.md", POLICY), house.person("sales")
    desk.answered(house.person(), QUESTION, "Up to five days may be carried over [1].", policy)
    desk.answered(asker, ALIKE, OTHER_WORDS, policy)
    desk.later[0]()
    found = desk.exact(asker, ALIKE)
    assert found.at_once("sales")
    assert found.entry.answer.text == OTHER_WORDS


@pytest.mark.parametrize(
    ("cache", "named"),
    [
        (CacheSettings(judge="model", judge_model="nobody"), "not in the models file"),
        (CacheSettings(judge="model"), "can only quote"),
    ],
)
def test_a_judge_that_cannot_judge_is_a_setting_to_correct(
    tmp_path: Path, cache: CacheSettings, named: str
) -> None:
    settings = Settings(data_dir=tmp_path / "runtime", reranker="none", cache=cache)
    with pytest.raises(ConfigurationError, match=named):
        build(settings, embedder=HashEmbedder())
