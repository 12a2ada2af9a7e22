"""Review: the queue, one question on the desk, every decision, and what the slower of two reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import pages
from core.bootstrap import Desk
from core.conversations import StoredMessage
from core.review.intake import Handed
from core.review.tasks import TaskFinding, TaskKind
from core.types import Passage, Person, Role
from tests.conftest import add_person, text_source
from tests.fakes import Clock
from tests.pages.conftest import LEAVE, all_text, component_data
from tests.review_asking import Asking

OpenApp = Callable[..., AppTest]
REVIEW = "pages/review.py"
QUESTION = "How many days of leave may be carried over?"
TRUE = "Up to five days of leave may be carried over [1]."
WRONG = "Up to nine days may be carried over [1]."
DRAFT = f"They must be used by 31 March [1]. {WRONG}"
FINDING = TaskFinding("number", "high", "flag", WRONG)


@pytest.fixture
def reviewer(desk: Desk) -> Person:
    return add_person(desk.identity, "vera", "people", Role.REVIEWER)


@pytest.fixture
def colleague(desk: Desk) -> Person:
    return add_person(desk.identity, "arno", "people", Role.REVIEWER)


@pytest.fixture
def asking(desk: Desk) -> Asking:
    return Asking(desk.conversations, desk.reviews.intake)


@pytest.fixture
def passages(desk: Desk, employee: Person) -> tuple[Passage, ...]:
    return desk.knowledge.retriever.search(QUESTION, employee).passages


@pytest.fixture
def waiting(asking: Asking, employee: Person, passages: tuple[Passage, ...]) -> Handed:
    """A question of Jonas with a draft of which one sentence is wrong."""
    return asking.flagged(employee, QUESTION, DRAFT, passages, [FINDING], 0.23)


def answered(desk: Desk, asker: Person, handed: Handed) -> StoredMessage:
    """The asker's message of the task."""
    [conversation] = desk.conversations.list(asker)
    return next(m for m in desk.conversations.messages(asker, conversation.id) if m.id == handed.message_id)


def claimed(open_app: OpenApp, reviewer: Person, handed: Handed) -> AppTest:
    """The question, claimed from the queue."""
    at = open_app(reviewer, REVIEW)
    return press(at, f"claim-{handed.task_id}")


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def badges(at: AppTest) -> str:
    return " ".join(element.value for element in at.markdown if "-badge[" in element.value)


def notices(at: AppTest) -> list[str]:
    return [str(element.value).replace("\\", "") for element in (*at.warning, *at.success)]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.REVIEWER, Role.ADMINISTRATOR)])
def test_nobody_but_reviewers_sees_the_page(
    open_app: OpenApp, desk: Desk, waiting: Handed, role: Role
) -> None:
    """Also when the file is run without the navigation that does not offer it."""
    person = add_person(desk.identity, "somebody", "people", role)
    at = AppTest.from_file(str(pages.ASSETS.parent / "review.py"), default_timeout=30)
    at.session_state["session_token"] = desk.identity.redeem(desk.identity.open_session(person))
    at.query_params["task"] = str(waiting.task_id)
    at.run()

    assert "for administrators and reviewers" in at.info[0].value
    assert not at.title and not at.button and QUESTION not in all_text(at)


def test_a_queue_in_which_nothing_waits_says_what_comes_there(open_app: OpenApp, reviewer: Person) -> None:
    at = open_app(reviewer, REVIEW)

    assert "No question waits for you." in all_text(at)
    assert not [button for button in at.button if "claim" in (button.key or "")]


def test_the_queue_shows_why_a_question_waits_and_how_long_the_most_urgent_first(
    open_app: OpenApp,
    reviewer: Person,
    employee: Person,
    asking: Asking,
    passages: tuple[Passage, ...],
    waiting: Handed,
    clock: Clock,
) -> None:
    asking.reported(employee, "Is sick leave paid?", TRUE, passages, "That is about something else.")
    clock.advance(minutes=65)
    asking.flagged(employee, "May I sell days of leave?", "", (), confidence=0.1)

    at = open_app(reviewer, REVIEW)
    text = all_text(at)
    questions = [QUESTION, "Is sick leave paid?", "May I sell days of leave?"]
    assert sorted(questions, key=text.index) == questions
    assert "3 questions wait**, 1 of them late" in text
    assert "People · waits for 1 h 5 min · confidence 23% · number not in the source" in text
    assert "late by 5 min" in badges(at) and "2 h 55 min left" in badges(at) and "1 h left" in badges(at)


def test_one_kind_of_question_can_be_looked_at_alone(
    open_app: OpenApp,
    reviewer: Person,
    employee: Person,
    asking: Asking,
    passages: tuple[Passage, ...],
    waiting: Handed,
) -> None:
    asking.reported(employee, "Is sick leave paid?", TRUE, passages, "It is about something else.")
    at = open_app(reviewer, REVIEW)

    at.pills(key="review-kind").set_value(TaskKind.REPORTED).run()
    assert "Is sick leave paid?" in all_text(at) and QUESTION not in all_text(at)
    at.pills(key="review-kind").set_value(TaskKind.STALE).run()
    assert "No question of this kind waits." in all_text(at)


def test_a_reviewer_sees_no_question_of_their_own_and_none_about_what_they_may_not_read(
    open_app: OpenApp, desk: Desk, reviewer: Person, asking: Asking
) -> None:
    seller = add_person(desk.identity, "sil", "sales")
    prices = desk.knowledge.retriever.search("Who allows a discount above twelve percent?", seller).passages
    [secret] = [passage for passage in prices if passage.chunk.readers == "sales"]
    hidden = asking.flagged(seller, "Who allows a discount?", "The head of sales [1].", [secret])
    asking.flagged(reviewer, "My own question?", "", ())

    at = open_app(reviewer, REVIEW)
    assert "No question waits for you." in all_text(at)
    at = open_app(reviewer, REVIEW, task=hidden.task_id)
    assert "There is no such question, or you may not see it." in all_text(at)
    assert "discount" not in all_text(at).casefold()


def test_a_claimed_question_is_shown_with_all_that_is_needed_to_decide_it(
    open_app: OpenApp, reviewer: Person, waiting: Handed, passages: tuple[Passage, ...]
) -> None:
    at = claimed(open_app, reviewer, waiting)

    [pieces] = component_data(at, "answerdesk_draft")
    assert "".join(text for text, *_ in pieces) == DRAFT.replace("[1]", "1")
    marked = [(text, letter) for text, letter, _ in pieces if letter]
    assert marked == [("Up to nine days may be carried over ", "A"), ("1", "A"), (".", "A")]
    text = all_text(at)
    assert "Underlined and lettered A: did not pass a check" in text
    assert ":orange-badge[A] :red-badge[high risk] A number does not stand in the cited source." in text
    assert "confidence 23%" in text and "Asked by Jonas" in text
    evidence = component_data(at, "answerdesk_reader")[0]
    assert "".join(part for part, _ in evidence["parts"]) == passages[0].chunk.text
    assert any(mark for _, mark in evidence["parts"])
    assert f"likeness of meaning **{passages[0].cosine:.2f}**" in text
    assert "kept for you for 15 min" in badges(at)


def test_an_approved_draft_arrives_with_the_asker_and_can_be_taken_back(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "approve")

    assert answered(desk, employee, waiting).text == DRAFT
    assert f"You approved the draft: “{QUESTION}”" in all_text(at)
    press(at, "undo")
    assert answered(desk, employee, waiting).text != DRAFT
    assert notices(at) == ["Your decision is undone. Whoever asked waits again."]
    assert at.button(key="approve"), "the question is on the desk again"


def test_a_decision_can_be_taken_back_after_a_reload_and_by_nobody_else(
    open_app: OpenApp, desk: Desk, reviewer: Person, colleague: Person, employee: Person, waiting: Handed
) -> None:
    press(claimed(open_app, reviewer, waiting), "approve")

    assert "You approved" not in all_text(open_app(colleague, REVIEW))
    again = open_app(reviewer, REVIEW)
    assert f"You approved the draft: “{QUESTION}”" in all_text(again)
    press(again, "undo")
    assert answered(desk, employee, waiting).text != DRAFT
    assert again.button(key="approve") and "kept for you for 15 min" in badges(again)


def test_the_way_back_that_is_shown_leads_to_no_later_decision(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, asking: Asking, waiting: Handed
) -> None:
    """Another tab has decided something else meanwhile."""
    at = press(claimed(open_app, reviewer, waiting), "approve")
    later = asking.flagged(employee, "May I sell days of leave?", "", ())
    other = press(claimed(open_app, reviewer, later), "open-not-in-documents")
    press(other, "send-not-in-documents")
    press(at, "undo")

    assert str(waiting.task_id) in at.query_params["task"] and at.button(key="approve")
    assert [item.id for item in desk.reviews.queue.items(reviewer)] == [waiting.task_id]


def test_one_decision_answers_what_waits_in_the_same_words_and_the_way_back_says_so(
    open_app: OpenApp,
    desk: Desk,
    reviewer: Person,
    employee: Person,
    asking: Asking,
    passages: tuple[Passage, ...],
    waiting: Handed,
) -> None:
    equal = asking.flagged(employee, QUESTION, TRUE, passages)
    at = press(claimed(open_app, reviewer, waiting), "approve")

    said = f"You approved the draft: “{QUESTION}”, and answered 1 equal question with it"
    assert said in all_text(at) and "No question waits for you." in all_text(at)
    looked = open_app(reviewer, REVIEW, task=equal.task_id)
    assert "Vera answered this with an equal question" in all_text(looked)
    press(looked, "open-equal")
    assert "Vera approved the draft" in all_text(looked)
    press(at, "undo")
    assert [item.id for item in desk.reviews.queue.items(reviewer)] == [waiting.task_id, equal.task_id]


def test_all_questions_that_a_reviewer_has_claimed_are_hers_in_a_new_browser(
    open_app: OpenApp, reviewer: Person, colleague: Person, employee: Person, asking: Asking, waiting: Handed
) -> None:
    """They stand first, and she goes on with either; a colleague sees whose they are."""
    asking.flagged(employee, "May I sell days of leave?", "", (), confidence=0.0)
    last = asking.flagged(employee, "Is sick leave paid?", "", (), confidence=0.9)
    press(open_app(reviewer, REVIEW), f"claim-{last.task_id}")
    press(open_app(reviewer, REVIEW), f"claim-{waiting.task_id}")

    at = open_app(reviewer, REVIEW)
    assert badges(at).count("with you") == 2 and "with Vera" not in badges(at)
    text = all_text(at)
    questions = [QUESTION, "Is sick leave paid?", "May I sell days of leave?"]
    assert sorted(questions, key=text.index) == questions
    for handed in (last, waiting):
        press(at, f"continue-{handed.task_id}")
        assert "kept for you for 15 min" in badges(at)
        press(at, "to-queue")
    assert badges(open_app(colleague, REVIEW)).count("with Vera") == 2


def test_there_is_no_way_back_when_the_time_for_it_is_over(
    open_app: OpenApp, reviewer: Person, waiting: Handed, clock: Clock
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "approve")
    clock.advance(minutes=16)
    at.run()

    assert not [button for button in at.button if button.key == "undo"]


def test_an_edited_answer_passes_the_same_checks_or_gets_a_reason(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "open-edit")
    field = f"edit-{waiting.task_id}"
    assert at.text_area(key=field).value == DRAFT
    at.text_area(key=field).set_value(f"{TRUE} The works council agreed to twelve weeks [1].")
    press(at, "send-edit")
    assert "These sentences do not pass the checks" in notices(at)[0]
    why = "The number “twelve” does not stand in the cited source."
    assert f"- The works council agreed to twelve weeks [1].\n    - {why}" in all_text(at)
    assert answered(desk, employee, waiting).answer["outcome"] == "waiting"  # type: ignore[index]

    at.text_input(key=f"override-{waiting.task_id}").set_value("Agreed on Monday, not written down yet")
    press(at, "send-edit")
    assert answered(desk, employee, waiting).text.endswith("twelve weeks [1].")
    [entry] = [e for e in desk.journal.search() if e.outcome == "edited"]
    assert entry.data["override"]


def test_an_edited_answer_that_stands_in_the_sources_goes_out_at_once(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "open-edit")
    at.text_area(key=f"edit-{waiting.task_id}").set_value(TRUE)
    press(at, "send-edit")

    assert answered(desk, employee, waiting).text == TRUE
    assert not at.warning


def test_not_in_the_documents_is_sent_after_the_words_are_shown(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "open-not-in-documents")
    assert "this is not in the company's documents" in all_text(at)
    press(at, "send-not-in-documents")

    assert "not in the company's documents" in answered(desk, employee, waiting).text


def test_a_question_is_rejected_only_with_a_reason(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "open-reject")
    press(at, "send-reject")
    assert notices(at) == ["Say why. The person who asked reads it."]

    at.text_area(key=f"reason-{waiting.task_id}").set_value("Please ask the payroll office.")
    press(at, "send-reject")
    assert "Please ask the payroll office." in answered(desk, employee, waiting).text


def test_a_question_without_a_draft_can_be_answered_but_not_approved(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, asking: Asking
) -> None:
    handed = asking.flagged(employee, "May I sell days of leave?", "", (), confidence=0.1)
    at = claimed(open_app, reviewer, handed)

    assert at.button(key="approve").disabled
    assert at.button(key="open-edit").label == "Write the answer"
    assert "No passage was found for this question." in all_text(at)


def test_a_question_is_handed_over_to_a_colleague_who_may_see_it(
    open_app: OpenApp, desk: Desk, reviewer: Person, colleague: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "open-hand-over")
    assert at.selectbox(key=f"to-{waiting.task_id}").options == ["Arno, People"]
    press(at, "send-hand-over")
    assert notices(at) == ["The question is kept for Arno."]
    assert "kept for Arno" in badges(at)

    press(at, f"claim-{waiting.task_id}")
    assert notices(at) == ["This question is kept for Arno."]
    assert "kept for you" in badges(open_app(colleague, REVIEW))


def test_a_question_that_is_put_back_is_free_again(
    open_app: OpenApp, desk: Desk, reviewer: Person, colleague: Person, waiting: Handed
) -> None:
    at = press(claimed(open_app, reviewer, waiting), "put-back")

    assert notices(at) == ["The question is back in the queue."]
    assert desk.reviews.queue.claim(colleague, waiting.task_id)


def test_a_comment_is_read_by_other_reviewers(
    open_app: OpenApp, reviewer: Person, colleague: Person, waiting: Handed
) -> None:
    at = claimed(open_app, reviewer, waiting)
    at.text_input(key="comment").set_value("I have asked <b>payroll</b>")
    press(at, "add-comment")

    assert "I have asked <b>payroll</b>" in all_text(open_app(colleague, REVIEW, task=waiting.task_id))


def test_two_reviewers_who_claim_one_question_get_it_once_and_the_slower_reads_why(
    open_app: OpenApp, reviewer: Person, colleague: Person, waiting: Handed
) -> None:
    first, second = open_app(reviewer, REVIEW), open_app(colleague, REVIEW)
    press(first, f"claim-{waiting.task_id}")
    press(second, f"claim-{waiting.task_id}")

    assert first.button(key="approve")
    assert notices(second) == ["Vera is working on this question, for 15 more min at least."]
    assert "with Vera" in badges(second)
    press(second, f"look-{waiting.task_id}")
    assert "Vera is working on this question." in all_text(second)
    assert not [button for button in second.button if button.key == "approve"]


def test_a_claim_that_ran_out_is_lost_to_the_next_and_what_was_written_is_kept(
    open_app: OpenApp,
    desk: Desk,
    reviewer: Person,
    colleague: Person,
    employee: Person,
    waiting: Handed,
    clock: Clock,
) -> None:
    slow = press(claimed(open_app, reviewer, waiting), "open-edit")
    clock.advance(minutes=16)
    press(claimed(open_app, colleague, waiting), "approve")
    slow.text_area(key=f"edit-{waiting.task_id}").set_value(f"{TRUE} My own words.")
    slow.text_area(key=f"edit-{waiting.task_id}").set_value(TRUE)
    press(slow, "send-edit")

    assert notices(slow) == ["Arno has already approved this answer. Nothing was changed."]
    assert TRUE in all_text(slow) and "Your text was not sent." in all_text(slow)
    assert answered(desk, employee, waiting).text == DRAFT
    press(slow, "discard-unsent")
    assert "Your text was not sent." not in all_text(slow)
    assert "Arno approved the draft" in all_text(slow)


def test_a_claim_is_renewed_by_what_its_reviewer_does_and_found_again_after_a_reload(
    open_app: OpenApp, desk: Desk, reviewer: Person, colleague: Person, waiting: Handed, clock: Clock
) -> None:
    at = claimed(open_app, reviewer, waiting)
    clock.advance(minutes=14)
    press(at, "open-edit")
    clock.advance(minutes=10)

    other = open_app(colleague, REVIEW)
    assert "with Vera" in badges(other)
    again = open_app(reviewer, REVIEW, task=waiting.task_id)
    assert again.button(key="approve") and "kept for you for 15 min" in badges(again)


def test_a_claim_that_is_up_still_holds_until_somebody_else_claims(
    open_app: OpenApp, desk: Desk, reviewer: Person, employee: Person, waiting: Handed, clock: Clock
) -> None:
    at = claimed(open_app, reviewer, waiting)
    clock.advance(minutes=40)
    press(at, "approve")

    assert answered(desk, employee, waiting).text == DRAFT


def test_the_next_question_is_claimed_with_one_press(
    open_app: OpenApp, reviewer: Person, colleague: Person, waiting: Handed, desk: Desk
) -> None:
    at, late = open_app(reviewer, REVIEW), open_app(colleague, REVIEW)
    press(at, "claim-next")
    assert str(waiting.task_id) in at.query_params["task"] and at.button(key="approve")

    press(late, "claim-next")
    assert notices(late) == ["Nothing is left that nobody works on."]


def test_an_answer_whose_source_changed_comes_back_with_the_new_version_named(
    open_app: OpenApp, desk: Desk, reviewer: Person, waiting: Handed
) -> None:
    press(claimed(open_app, reviewer, waiting), "approve")
    changed = LEAVE.replace("five days", "three days")
    assert all(
        not report.reason
        for report in desk.knowledge.ingestion.run([text_source("people/leave.md", changed)], "upload")
    )
    desk.reviews.staleness.sweep()
    [item] = desk.reviews.queue.items(reviewer)
    at = press(open_app(reviewer, REVIEW), f"claim-{item.id}")

    assert "A source of a verified answer has changed." in all_text(at)
    assert "version 1; version 2 since 24 Nov 2026" in badges(at)


def test_similar_verified_answers_stand_beside_a_question(
    open_app: OpenApp, reviewer: Person, employee: Person, asking: Asking, passages: tuple[Passage, ...]
) -> None:
    first = asking.flagged(employee, QUESTION, TRUE, passages)
    press(claimed(open_app, reviewer, first), "approve")
    second = asking.flagged(employee, f"{QUESTION} And when?", TRUE, passages)
    at = claimed(open_app, reviewer, second)

    assert [e.label for e in at.expander if QUESTION in e.label.replace("\\", "")]
    assert "verified by Vera, 24 Nov 2026" in badges(at).replace("\\", "")


def test_the_figures_say_how_the_queue_is_doing(
    open_app: OpenApp,
    reviewer: Person,
    employee: Person,
    asking: Asking,
    passages: tuple[Passage, ...],
    waiting: Handed,
    clock: Clock,
) -> None:
    clock.advance(minutes=25)
    press(claimed(open_app, reviewer, waiting), "approve")
    asking.reported(employee, "Is sick leave paid?", TRUE, passages, "It is about something else.")
    asking.flagged(employee, "May I sell days of leave?", "", (), confidence=0.1)
    clock.advance(minutes=61)
    at = open_app(reviewer, REVIEW)
    at.segmented_control(key="view").set_value("Figures").run()

    shown = {metric.label: (metric.value, metric.delta) for metric in at.metric}
    assert shown == {
        "Open": ("2", "1 late"),
        "Time to resolve": ("25 min", "median of 1 decision"),
        "Agreement with drafts": ("100%", "approved as they were"),
        "Answers reused": ("0", "1 verified answer"),
    }
    table = at.dataframe[0].value.astype(object)
    assert table.where(table.notna(), None).values.tolist() == [
        ["Flagged", 1, 1, "1 h 1 min", 1, "25 min", 1.0],
        ["Asked for", 0, 0, "", 0, "", None],
        ["Reported", 1, 0, "1 h 1 min", 0, "", None],
        ["Stale", 0, 0, "", 0, "", None],
    ]


def test_what_others_wrote_cannot_load_a_picture_or_hide_an_address(
    open_app: OpenApp, reviewer: Person, employee: Person, asking: Asking, passages: tuple[Passage, ...]
) -> None:
    evil = "![p](http://evil.example/p.png) [your bank](http://evil.example) <img src=x> pay@evil.example"
    handed = asking.reported(employee, evil, TRUE, passages, evil)
    listed = [element.value for element in open_app(reviewer, REVIEW).markdown if "evil" in element.value]
    assert listed and not [text for text in listed if "pay@evil" in text]
    at = claimed(open_app, reviewer, handed)

    shown = [element.value for element in at.markdown if "evil" in element.value]
    assert len(shown) >= 2
    assert not [text for text in shown if "](http" in text or "<img" in text.replace("\\<", "")]
    assert not [text for text in shown if "pay@evil" in text], "it would be linked by itself"
