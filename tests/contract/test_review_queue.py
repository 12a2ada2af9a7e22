"""The queue behaves alike on SQLite and PostgreSQL: who sees what, in which order, and claims."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from core.database import Database
from core.errors import AnswerdeskError, BadInput, Busy, NotAllowed, NotFound
from core.review.decisions import Decision
from core.review.queue import Lease
from core.review.tasks import NewTask, TaskFinding, TaskKind, TaskState, Verdict
from core.types import Person, Role
from tests.fakes import Clock
from tests.review_house import QUESTION, House, drafted


@pytest.fixture
def house(database: Database, clock: Clock) -> House:
    return House(database, clock)


@pytest.fixture
def ada(house: House) -> Person:
    return house.person("ada", "people")


@pytest.fixture
def rhea(house: House) -> Person:
    return house.person("rhea", "people", Role.REVIEWER)


@pytest.fixture
def sam(house: House) -> Person:
    return house.person("sam", "sales", Role.REVIEWER)


def ids(house: House, reviewer: Person) -> list[int]:
    return [item.id for item in house.reviews.queue.items(reviewer)]


def in_threads(work: Callable[[int], object], count: int = 8) -> list[object]:
    """What each thread returned or raised."""
    results: list[object] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except AnswerdeskError as exc:
            results[number] = exc

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_flagged_question_waits_with_its_draft_and_its_asker_is_told(
    house: House, ada: Person, rhea: Person
) -> None:
    """The asker's message holds no word of the draft."""
    passage = house.document("leave.md", "Up to five days may be carried over.")
    finding = TaskFinding("numbers", "high", "block", "Five days [1].")
    handed = house.flag(ada, passage, findings=(finding,))

    task = house.reviews.queue.open(rhea, handed.task_id)
    assert (task.item.kind, task.item.state) == (TaskKind.FLAGGED, TaskState.OPEN)
    assert task.draft == drafted("Five days [1].", QUESTION, passage)
    assert (task.item.findings, task.item.confidence, task.asker) == ((finding,), 0.4, "Ada")
    assert [(p.chunk.text, p.cosine) for p in task.evidence] == [(passage.chunk.text, 0.8)]

    message = house.message(ada, handed)
    assert message.answer is not None
    assert message.answer["outcome"] == "waiting" and message.answer["review"]["task"] == handed.task_id
    assert "days" not in message.text and message.answer["citations"] == []
    assert house.acts() == ["flagged"]


def test_the_same_question_is_handed_over_once(house: House, ada: Person, rhea: Person) -> None:
    """However many threads repeat it, there is one task and one message."""
    conversation = house.conversations.start(ada, QUESTION)
    new = NewTask("t" * 32, QUESTION, drafted("Five days.", QUESTION))
    results = in_threads(lambda _: house.reviews.intake.hand_over(ada, conversation, new))

    assert len(set(results)) == 1
    assert ids(house, rhea) == [results[0].task_id]  # type: ignore[attr-defined]
    assert len(house.conversations.messages(ada, conversation)) == 1
    assert house.acts() == ["flagged"]


def test_nobody_hands_over_in_somebody_elses_conversation(house: House, ada: Person, rhea: Person) -> None:
    """Nothing is left behind by the try."""
    theirs = house.conversations.start(ada, QUESTION)
    with pytest.raises(NotFound):
        house.reviews.intake.hand_over(rhea, theirs, NewTask("t" * 32, QUESTION))
    assert house.conversations.messages(ada, theirs) == ()


def test_asking_for_a_person_and_reporting_wait_beside_the_answer(
    house: House, ada: Person, rhea: Person
) -> None:
    """The answer stays as it is; the evidence is read from what it cites."""
    answer = house.answered(ada, house.document("leave.md", "Up to five days."))
    asked = house.reviews.intake.ask_person(ada, answer.id, "I need to be sure")
    assert house.reviews.intake.ask_person(ada, answer.id) == asked
    reported = house.reviews.intake.report(ada, answer.id, "It is six")

    task = house.reviews.queue.open(rhea, reported.task_id)
    assert (task.item.kind, task.reason) == (TaskKind.REPORTED, "It is six")
    assert [p.chunk.text for p in task.evidence] == ["Up to five days."]
    said = [m.text for m in house.context_of(ada)]
    assert said[:2] == [QUESTION, "Five days [1]."] and len(said) == 4
    with pytest.raises(BadInput):
        house.reviews.intake.report(ada, answer.id, "  ")
    with pytest.raises(NotFound):
        house.reviews.intake.ask_person(rhea, answer.id)
    with pytest.raises(BadInput, match="already"):
        house.reviews.intake.ask_person(ada, asked.message_id)


def test_only_reviewers_see_the_queue(house: House, ada: Person, rhea: Person) -> None:
    """Core says no, whatever a page shows."""
    handed = house.flag(rhea)
    queue = house.reviews.queue
    for attempt in (
        lambda: queue.items(ada),
        lambda: queue.count(ada),
        lambda: queue.open(ada, handed.task_id),
        lambda: queue.claim(ada, handed.task_id),
        lambda: queue.claim_next(ada),
        lambda: house.reviews.figures.of(ada),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_reviewer_sees_only_what_all_of_whose_sources_they_may_read(
    house: House, ada: Person, rhea: Person, sam: Person
) -> None:
    """Neither in the list, nor in a count, by its number or as a figure; one closed source is enough."""
    open_to_all = house.document("leave.md", "Up to five days.")
    closed = house.document("salary.md", "Band five is 75,800 euro.", "people")
    public = house.flag(ada, open_to_all)
    secret = house.flag(ada, open_to_all, closed)

    assert ids(house, rhea) == [public.task_id, secret.task_id]
    assert ids(house, sam) == [public.task_id]
    assert (house.reviews.queue.count(sam), house.reviews.figures.of(sam).open) == (1, 1)
    for attempt in (house.reviews.queue.open, house.reviews.queue.claim, house.reviews.queue.comments):
        with pytest.raises(NotFound):
            attempt(sam, secret.task_id)
    with pytest.raises(NotFound):
        house.reviews.queue.comment(sam, secret.task_id, "hello")
    house.claim(sam, public)
    assert house.reviews.queue.claim_next(sam) is None


def test_a_source_that_is_closed_later_closes_its_tasks(house: House, ada: Person, sam: Person) -> None:
    """Without anybody telling the queue; a deleted one leaves the readers that it had."""
    passage = house.document("leave.md", "Up to five days.")
    task = house.flag(ada, passage)
    assert ids(house, sam) == [task.task_id]
    house.document("leave.md", "Up to five days, for us.", "people")
    assert ids(house, sam) == []
    house.versions.delete(passage.chunk.document_id)
    assert ids(house, sam) == [task.task_id]


def test_nobody_reviews_their_own_question(house: House, rhea: Person, sam: Person) -> None:
    """An administrator neither."""
    own = house.flag(rhea)
    assert ids(house, rhea) == [] and house.reviews.queue.count(rhea) == 0
    assert house.reviews.queue.claim_next(rhea) is None
    with pytest.raises(NotFound):
        house.claim(rhea, own)
    boss = house.person("boss", "people", Role.ADMINISTRATOR)
    with pytest.raises(NotFound):
        house.claim(boss, house.flag(boss))
    assert house.claim(sam, own).task_id == own.task_id


def test_risk_overtakes_and_waiting_wins_in_the_end(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """A grave finding goes before an older routine question, but not before one of yesterday."""
    old = house.flag(ada, confidence=0.9)
    clock.advance(hours=10)
    routine = house.flag(ada, confidence=0.9)
    clock.advance(minutes=5)
    grave = house.flag(ada, findings=(TaskFinding("injection", "high", "block"),))
    assert ids(house, rhea) == [old.task_id, grave.task_id, routine.task_id]
    lease = house.reviews.queue.claim_next(rhea)
    assert lease is not None and lease.task_id == old.task_id


def test_one_of_many_reviewers_gets_a_task_and_the_others_learn_who(
    house: House, ada: Person, clock: Clock
) -> None:
    """At the same moment, from eight threads."""
    reviewers = [house.person(f"rev{n}", "people", Role.REVIEWER) for n in range(8)]
    handed = house.flag(ada)
    results = in_threads(lambda number: house.claim(reviewers[number], handed))
    [winner] = [n for n, result in enumerate(results) if isinstance(result, Lease)]
    losers = [str(result) for result in results if isinstance(result, Busy)]
    assert len(losers) == 7
    assert all(f"Rev{winner} is working on this question, for 15 more min" in loser for loser in losers)
    [item] = house.reviews.queue.items(reviewers[0])
    assert (item.state, item.holder) == (TaskState.CLAIMED, f"Rev{winner}")


def test_reviewers_who_take_the_next_task_get_different_ones(house: House, ada: Person) -> None:
    """Eight at once, ten tasks."""
    reviewers = [house.person(f"rev{n}", "people", Role.REVIEWER) for n in range(8)]
    for _ in range(10):
        house.flag(ada)
    leases = in_threads(lambda number: house.reviews.queue.claim_next(reviewers[number]))
    assert len({lease.task_id for lease in leases}) == 8  # type: ignore[attr-defined]


def test_a_lease_ends_by_itself_and_is_renewed_by_activity(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """A crashed browser keeps nothing; a working one keeps its task."""
    handed = house.flag(ada)
    lease = house.claim(rhea, handed)
    clock.advance(minutes=14)
    lease = house.reviews.queue.renew(rhea, lease)
    clock.advance(minutes=14)
    with pytest.raises(Busy, match="Rhea is working"):
        house.claim(sam, handed)
    clock.advance(minutes=2)
    assert house.reviews.queue.items(sam)[0].state is TaskState.OPEN
    taken = house.claim(sam, handed)
    with pytest.raises(Busy, match="Sam is working"):
        house.reviews.queue.renew(rhea, lease)
    assert house.reviews.queue.held(sam) == [taken] and house.reviews.queue.held(rhea) == []


def test_all_tabs_of_a_reviewer_share_one_lease(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """A second tab takes nothing away from the first."""
    handed = house.flag(ada)
    first = house.claim(rhea, handed)
    clock.advance(minutes=1)
    second = house.claim(rhea, handed)
    assert first.token == second.token and second.until > first.until


def test_a_reviewer_finds_all_of_her_leases_again(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """The one of another browser as well, and goes on with either; those of a colleague are not hers."""
    for _ in range(4):
        house.flag(ada)
    queue = house.reviews.queue
    first = queue.claim_next(rhea)
    clock.advance(minutes=1)
    second, _ = queue.claim_next(rhea), queue.claim_next(sam)
    assert first is not None and second is not None
    assert queue.held(rhea) == [second, first]
    for lease in queue.held(rhea):
        queue.renew(rhea, lease)
    clock.advance(minutes=14)
    queue.release(rhea, second)
    assert [lease.task_id for lease in queue.held(rhea)] == [first.task_id]


def test_a_released_task_is_everybodys_again(house: House, ada: Person, rhea: Person, sam: Person) -> None:
    """The old lease is worth nothing any more."""
    handed = house.flag(ada)
    lease = house.claim(rhea, handed)
    house.reviews.queue.release(rhea, lease)
    house.claim(sam, handed)
    with pytest.raises(Busy):
        house.reviews.queue.release(rhea, lease)


def test_a_reassigned_task_is_kept_for_its_reviewer(
    house: House, ada: Person, rhea: Person, sam: Person
) -> None:
    """Only to somebody who may see it; an administrator may take it all the same."""
    boss = house.person("boss", "people", Role.ADMINISTRATOR)
    nora = house.person("nora", "people", Role.REVIEWER)
    handed = house.flag(ada, house.document("salary.md", "Band five.", "people"))
    lease = house.claim(rhea, handed)
    task = house.reviews.queue.open(rhea, handed.task_id)
    assert {p.name for p in house.reviews.queue.assignees(rhea, task)} == {"Boss", "Nora"}
    for outsider in (sam, ada, rhea):
        with pytest.raises(BadInput):
            house.reviews.queue.reassign(rhea, lease, outsider.id)
    house.reviews.queue.reassign(rhea, lease, nora.id)

    assert house.reviews.queue.items(rhea)[0].assigned_to == "Nora"
    assert house.reviews.queue.claim_next(rhea) is None
    with pytest.raises(Busy, match="kept for Nora"):
        house.claim(rhea, handed)
    house.reviews.queue.release(boss, house.claim(boss, handed))
    assert house.claim(nora, handed)


def test_comments_are_for_reviewers(house: House, ada: Person, rhea: Person, clock: Clock) -> None:
    """They come in order, with their authors, and need no claim."""
    handed = house.flag(ada)
    house.reviews.queue.comment(rhea, handed.task_id, " Ask payroll. ")
    clock.advance(minutes=1)
    house.reviews.queue.comment(rhea, handed.task_id, "They say five.")
    comments = house.reviews.queue.comments(rhea, handed.task_id)
    assert [(c.author, c.text) for c in comments] == [("Rhea", "Ask payroll."), ("Rhea", "They say five.")]
    with pytest.raises(BadInput):
        house.reviews.queue.comment(rhea, handed.task_id, "  ")


def test_the_asker_knows_who_is_next_and_until_when(
    house: House, ada: Person, rhea: Person, sam: Person, clock: Clock
) -> None:
    """Among what the asker could read; nothing of others is told, and no number that could grow."""
    sales_only = house.document("prices.md", "Twelve percent.", "sales", "sales")
    house.flag(house.person("bo", "sales"), sales_only)
    mine = house.flag(ada)
    conversation = house.conversations.list(ada)[0].id
    waiting = house.reviews.inbox.waiting(ada, conversation)[mine.message_id]
    assert (waiting.is_next, waiting.being_answered) == (True, False)
    clock.advance(minutes=15)
    house.flag(house.person("cy", "people"), findings=(TaskFinding("injection", "high", "block"),))
    overtaken = house.reviews.inbox.waiting(ada, conversation)[mine.message_id]
    assert (overtaken.is_next, overtaken.due_at) == (False, waiting.due_at)
    house.claim(sam, mine)
    assert house.reviews.inbox.waiting(ada, conversation)[mine.message_id].being_answered
    assert house.reviews.inbox.waiting(rhea, conversation) == {}


def test_who_withdraws_or_deletes_does_not_wait_any_more(house: House, ada: Person, rhea: Person) -> None:
    """The task leaves the queue, and its reviewer is told why."""
    first, second = house.flag(ada), house.flag(ada)
    leases = [house.claim(rhea, handed) for handed in (first, second)]
    house.reviews.intake.withdraw(rhea, first.message_id)
    assert len(ids(house, rhea)) == 2, "nobody withdraws for somebody else"
    house.reviews.intake.withdraw(ada, first.message_id)
    for conversation in house.conversations.list(ada)[:1]:
        house.conversations.delete(ada, conversation.id)
    assert ids(house, rhea) == []
    for lease in leases:
        with pytest.raises(Busy, match="no longer waits"):
            house.reviews.queue.renew(rhea, lease)


def test_who_has_withdrawn_may_ask_for_a_person_again(
    house: House, ada: Person, rhea: Person, clock: Clock
) -> None:
    """The task is there once, in the same message, and waits from then on."""
    answer = house.answered(ada, house.document("leave.md", "Up to five days."))
    asked = house.reviews.intake.ask_person(ada, answer.id)
    lease = house.claim(rhea, asked)
    house.reviews.intake.withdraw(ada, asked.message_id)
    clock.advance(days=1)
    assert house.reviews.intake.ask_person(ada, answer.id, "I need it after all") == asked

    assert ids(house, rhea) == [asked.task_id]
    task = house.reviews.queue.open(rhea, asked.task_id)
    assert (task.item.state, task.reason) == (TaskState.OPEN, "I need it after all")
    assert task.item.created_at == clock()
    message = house.message(ada, asked)
    assert message.answer is not None and message.answer["outcome"] == "waiting"
    with pytest.raises(Busy):
        house.reviews.queue.renew(rhea, lease)


def test_who_asks_for_a_person_after_the_decision_is_told_that_it_was_made(
    house: House, ada: Person, rhea: Person
) -> None:
    answer = house.answered(ada, house.document("leave.md", "Up to five days."))
    asked = house.reviews.intake.ask_person(ada, answer.id)
    rejected = Decision(Verdict.REJECTED, reason="Ask the works council.")
    house.reviews.decisions.decide(rhea, house.claim(rhea, asked), rejected)
    with pytest.raises(BadInput, match="answered this already"):
        house.reviews.intake.ask_person(ada, answer.id)


def test_who_no_longer_waits_takes_nobodys_place(house: House, ada: Person, rhea: Person) -> None:
    house.flag(ada)
    conversation = house.conversations.start(rhea, QUESTION)
    house.flag(rhea, conversation=conversation)
    [waiting] = house.reviews.inbox.waiting(rhea, conversation).values()
    assert not waiting.is_next
    house.conversations.delete(ada, house.conversations.list(ada)[0].id)
    [waiting] = house.reviews.inbox.waiting(rhea, conversation).values()
    assert waiting.is_next


def test_the_conversation_hides_what_the_reviewer_may_not_read(
    house: House, ada: Person, rhea: Person, sam: Person
) -> None:
    """The question of the task shows, an earlier answer from closed documents does not."""
    closed = house.document("salary.md", "Band five is 75,800 euro.", "people")
    answer = house.answered(ada, closed, text="75,800 euro [1].")
    conversation = house.conversations.list(ada)[0].id
    handed = house.flag(ada, conversation=conversation, question="And leave?")
    for reviewer, shown in ((rhea, "75,800 euro [1]."), (sam, None)):
        task = house.reviews.queue.open(reviewer, handed.task_id)
        said = house.reviews.context.conversation(reviewer, task)
        assert [each.text for each in said] == [QUESTION, shown, "And leave?"]
    assert answer.id < handed.message_id
