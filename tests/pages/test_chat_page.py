"""The chat: asking, reading sources, and keeping conversations."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from core.answering.answer import Answer, Outcome
from core.bootstrap import Desk
from core.errors import ModelUnavailable
from core.review.decisions import Decision
from core.review.tasks import Verdict
from core.types import Person, Readership, Role
from tests.conftest import add_person, text_source
from tests.pages.conftest import LEAVE, QuotingModel, all_text, component_data
from tests.review_asking import Asking

OpenApp = Callable[..., AppTest]
QUESTION = "How many days of leave may be carried over?"


def ask(at: AppTest, question: str = QUESTION) -> AppTest:
    at.chat_input(key="question").set_value(question).run()
    assert not at.exception
    return at


def keys(at: AppTest, prefix: str) -> list[str]:
    return [b.key for b in at.button if b.key and b.key.startswith(prefix)]


def test_an_empty_chat_says_what_it_knows_and_suggests_questions(open_app: OpenApp, employee: Person) -> None:
    at = open_app(employee)

    assert "1 document that you may read" in all_text(at)
    at.button(key="suggestion-0").click().run()
    assert [m.name for m in at.chat_message] == ["user", "assistant"]


def test_a_question_is_answered_with_a_source_that_opens_at_the_marked_passage(
    open_app: OpenApp, employee: Person
) -> None:
    at = ask(open_app(employee))

    assert "Up to five days of leave may be carried over." in all_text(at)
    assert "Written by scripted at a provider" in all_text(at) and "$0.0000" not in all_text(at)
    assert at.query_params["conversation"]
    [cite] = keys(at, "cite-")
    assert "Carry\\-over" in at.button(key=cite).label
    at.button(key=cite).click().run()
    [reader] = component_data(at, "answerdesk_reader")
    marked = [text for text, is_marked in reader["parts"] if is_marked]
    assert marked == ["Up to five days of leave may be carried over."]
    assert "Version 1" in all_text(at)
    at.button(key="close-source").click().run()
    assert not component_data(at, "answerdesk_reader")


def test_a_source_of_an_older_version_says_that_it_is_superseded(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    at = ask(open_app(employee))
    newer = text_source("people/leave.md", LEAVE.replace("five", "six"), Readership.everyone())
    list(desk.knowledge.ingestion.run([newer], "upload"))

    at.button(key=keys(at, "cite-")[0]).click().run()
    assert "superseded by version 2" in all_text(at)
    assert "five days" in str(component_data(at, "answerdesk_reader"))


def test_a_source_that_was_restricted_since_is_not_shown(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    at = ask(open_app(employee))
    list(
        desk.knowledge.ingestion.run(
            [text_source("people/leave.md", LEAVE, Readership.of(["sales"]))], "upload"
        )
    )

    at.button(key=keys(at, "cite-")[0]).click().run()
    assert not component_data(at, "answerdesk_reader")
    assert "you may not read it" in all_text(at)


def test_people_of_another_department_do_not_find_a_restricted_document(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    seller = add_person(desk.identity, "rosa", "sales")
    question = "Who decides about a discount above twelve percent?"

    assert "head of sales" in all_text(ask(open_app(seller), question))
    answer = all_text(ask(open_app(employee), question))
    assert "head of sales" not in answer


ANSWERED = "How many days of leave may be carried over to 2027?"


def verified(desk: Desk, asker: Person, text: str) -> None:
    """A question that a colleague has answered from the leave policy."""
    reviewer = add_person(desk.identity, "vera", "people", Role.REVIEWER)
    passages = desk.knowledge.retriever.search(ANSWERED, asker).passages
    handed = Asking(desk.conversations, desk.reviews.intake).flagged(asker, ANSWERED, text, passages)
    lease = desk.reviews.queue.claim(reviewer, handed.task_id)
    desk.reviews.decisions.decide(reviewer, lease, Decision(Verdict.APPROVED))


def test_a_colleagues_answer_is_a_source_with_who_and_when_and_what_it_rests_on(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    """Opened, it shows its words as long as it is in force."""
    verified(desk, employee, "Five days to [2027](https://evil.example) [1].")
    at = ask(open_app(employee))
    chip, behind = keys(at, "cite-")
    assert at.button(key=chip).label.endswith("Verified answer, Vera, 24 Nov 2026")
    assert "Carry\\-over" in at.button(key=behind).label
    at.button(key=chip).click().run()
    [reader] = component_data(at, "answerdesk_reader")
    assert "".join(text for text, _ in reader["parts"]) == "Five days to [2027](https://evil.example)."
    assert "It rests on :gray-badge[2]" in all_text(at) and "Version" not in all_text(at)
    assert ":green-badge[:material/verified: Verified by Vera, 24 Nov 2026]" in all_text(at)
    at.button(key=behind).click().run()
    assert "Version 1" in all_text(at)

    newer = text_source("people/leave.md", LEAVE.replace("five", "six"), Readership.everyone())
    list(desk.knowledge.ingestion.run([newer], "upload"))
    at.button(key=chip).click().run()
    assert "no longer in force" in all_text(at) and not component_data(at, "answerdesk_reader")


def test_an_answer_points_to_a_colleagues_answer_which_is_given_when_it_is_clicked(
    open_app: OpenApp, desk: Desk, employee: Person, model: QuotingModel
) -> None:
    verified(desk, employee, "Five days to [2027](https://evil.example) [1].")
    model.says = "Up to five days of leave may be carried over. [2]"
    at = ask(open_app(employee))
    assert "Up to five days of leave may be carried over." in all_text(at)
    assert "A colleague has answered a similar question:" in all_text(at)
    [pointer] = keys(at, "related-")
    assert at.button(key=pointer).label.replace("\\", "") == ANSWERED
    assert ":green-badge[:material/verified: Verified by Vera, 24 Nov 2026]" in all_text(at)
    at.button(key=pointer).click().run()
    assert "Five days to" in all_text(at) and len(at.chat_message) == 4
    assert keys(at, "related-") == [pointer], "the colleague's own answer points nowhere"


def test_nothing_found_is_said_calmly_with_what_can_be_done(
    open_app: OpenApp, employee: Person, model: QuotingModel
) -> None:
    model.says = "NOT_FOUND"
    at = ask(open_app(employee))

    assert "I could not find this in the documents you can read." in all_text(at)
    assert "Try other words" in all_text(at) and not at.error


def test_a_model_that_fails_leaves_the_question_to_be_asked_again(
    open_app: OpenApp, employee: Person, model: QuotingModel, desk: Desk
) -> None:
    model.says = ModelUnavailable("down")
    at = ask(open_app(employee))
    assert "No language model is answering at the moment." in all_text(at)

    model.says = None
    # The circuit is open for some seconds; an administrator need not wait for it.
    desk.gateway.router.switch_on("embedded 1")
    at.button(key=keys(at, "again-")[0]).click().run()
    assert "Up to five days of leave may be carried over." in all_text(at)


def test_an_answer_that_no_source_supports_is_not_shown_and_waits_for_a_person(
    open_app: OpenApp, desk: Desk, employee: Person, model: QuotingModel
) -> None:
    model.says = "Ten days, I believe."
    at = ask(open_app(employee))

    assert "Ten days" not in all_text(at)
    assert "A colleague will answer here." in all_text(at) and "Next in the queue" in all_text(at)
    reviewer = add_person(desk.identity, "vera", "people", Role.REVIEWER)
    [task] = desk.reviews.queue.items(reviewer)
    assert desk.reviews.queue.open(reviewer, task.id).draft is not None


def test_what_a_document_says_cannot_load_a_picture_or_hide_an_address(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    evil = "![x](https://evil.example/a.png) [your bank](https://evil.example) <img src=x>"
    text = f"Up to ten days of special leave may be carried over {evil}."
    list(desk.knowledge.ingestion.run([text_source("people/special.txt", text)], "upload"))
    at = ask(open_app(employee), "How many days of special leave may be carried over?")

    [shown] = [m.value for m in at.chat_message[1].markdown if "evil" in m.value]
    assert "](" not in shown.replace("\\](", "") and "`https://evil.example/a.png`" in shown
    assert "\\<img" in shown


def test_too_many_questions_are_refused_in_one_sentence(open_app: OpenApp, employee: Person) -> None:
    at = open_app(employee)
    for _ in range(6):
        ask(at)

    assert ["many questions in one minute" in warning.value for warning in at.warning] == [True]
    assert len(at.chat_message) == 10


def test_a_refused_first_question_leaves_no_empty_conversation(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    at = ask(open_app(employee), "\u200b")

    assert "Type a question first." in all_text(at)
    assert desk.conversations.list(employee) == [] and "conversation" not in at.query_params


def test_somebody_elses_conversation_is_not_shown(
    open_app: OpenApp, desk: Desk, employee: Person, owner: Person
) -> None:
    theirs = desk.conversations.start(owner, "A secret question")

    at = open_app(employee, conversation=theirs)
    assert "it is not yours" in all_text(at) and "secret" not in all_text(at)
    assert not at.chat_message and not at.chat_input


def test_a_refresh_keeps_the_conversation(open_app: OpenApp, employee: Person) -> None:
    at = ask(open_app(employee))

    again = open_app(employee, conversation=at.query_params["conversation"][0])
    assert "Up to five days of leave may be carried over." in all_text(again)


def test_a_question_whose_answer_was_never_written_can_be_asked_again(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    conversation = desk.conversations.start(employee, QUESTION)
    desk.conversations.add(employee, conversation, "person", QUESTION, "0" * 32)

    at = open_app(employee, conversation=conversation)
    assert "has no answer" in all_text(at)
    at.button(key="ask-again").click().run()
    assert "Up to five days of leave may be carried over." in all_text(at)
    assert "has no answer" not in all_text(at)


def test_thumbs_and_their_reason_are_kept(open_app: OpenApp, desk: Desk, employee: Person) -> None:
    at = ask(open_app(employee))
    [thumbs] = at.feedback
    thumbs.set_value(0).run()
    message = desk.conversations.messages(employee, int(at.query_params["conversation"][0]))[-1]
    assert message.rating == -1

    at.text_input(key=f"reason-{message.id}").input("It names the wrong year")
    at.button(key=f"send-reason-{message.id}").click().run()
    message, reply = desk.conversations.messages(employee, int(at.query_params["conversation"][0]))[-2:]
    assert message.rating_reason == "It names the wrong year"
    assert "Your reason: It names the wrong year" in all_text(at)
    assert "A colleague will look at this answer" in reply.text and reply.text in all_text(at)


def test_conversations_can_be_searched_renamed_and_deleted(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    at = ask(open_app(employee))
    number = int(at.query_params["conversation"][0])
    at.text_input(key="search-conversations").input("nothing like this").run()
    assert not keys(at, "conversation-") and "No conversation contains this." in all_text(at)
    at.text_input(key="search-conversations").input("leave").run()
    assert keys(at, "conversation-") == [f"conversation-{number}"]

    at.text_input(key=f"title-{number}").input("My leave")
    at.button(key=f"rename-submit-{number}").click().run()
    assert [c.title for c in desk.conversations.list(employee)] == ["My leave"]

    at.button(key="delete-conversation").click().run()
    assert len(desk.conversations.list(employee)) == 1, "it is deleted only after a confirmation"
    at.button(key="confirm-delete").click().run()
    assert desk.conversations.list(employee) == [] and "conversation" not in at.query_params


def test_a_long_conversation_shows_its_end_and_more_on_request(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    conversation = desk.conversations.start(employee, "many")
    for number in range(30):
        desk.conversations.add(employee, conversation, "person", f"question {number}", "0" * 32)

    at = open_app(employee, conversation=conversation)
    shown = [m.markdown[0].value for m in at.chat_message if m.name == "user"]
    assert shown[0] == "question 10" and shown[-1] == "question 29"
    at.button(key="show-earlier").click().run()
    assert at.chat_message[0].markdown[0].value == "question 0"


def test_a_question_that_is_too_long_stays_in_the_box_with_a_sentence(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    """The box has no limit of its own: one drops a longer paste, and nobody learns why."""
    at = open_app(employee)
    pasted = "How much leave may be carried over? " * 80
    ask(at, pasted)
    assert at.chat_input(key="question").proto.max_chars == 0
    assert at.chat_input(key="question").proto.value == pasted
    assert "at most 2,000 are read" in at.warning[0].value.replace("\\", "")
    assert desk.conversations.list(employee) == []
    ask(at, QUESTION)
    assert [m.name for m in at.chat_message] == ["user", "assistant"]
    assert at.chat_input(key="question").proto.value == ""


def test_thanks_get_a_friendly_line_without_buttons(open_app: OpenApp, employee: Person) -> None:
    at = ask(open_app(employee), "Thanks!")
    assert "You are welcome" in all_text(at)
    assert not keys(at, "again-") and not keys(at, "person-")


def test_a_reason_that_is_too_long_is_not_cut_in_silence(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    at = ask(open_app(employee))
    [conversation] = desk.conversations.list(employee)
    message = desk.conversations.messages(employee, conversation.id)[-1]
    desk.conversations.rate(employee, message.id, -1)
    at.run()
    at.text_input(key=f"reason-{message.id}").set_value("x" * 2_001)
    at.button(key=f"send-reason-{message.id}").click().run()
    assert "2,000 characters at most" in at.error[0].value.replace("\\", "")
    assert at.text_input(key=f"reason-{message.id}").value == "x" * 2_001


def test_over_budget_a_person_can_be_asked_and_nobody_is_told_to_wait_in_vain(
    open_app: OpenApp, desk: Desk, employee: Person
) -> None:
    conversation = desk.conversations.start(employee, QUESTION)
    answer = Answer(Outcome.NO_MODEL, "It comes back on 1 Dec 2026.", (), QUESTION, 0.5)
    desk.conversations.add(employee, conversation, "person", QUESTION, "trace-9")
    desk.conversations.add(employee, conversation, "assistant", answer.text, "trace-9", answer.to_json())
    at = open_app(employee)
    at.query_params["conversation"] = str(conversation)
    at.run()
    assert "It comes back on 1 Dec 2026" in all_text(at).replace("\\", "")
    assert "ask again below" not in all_text(at)
    at.button(key=keys(at, "person-")[0]).click().run()
    assert len(desk.reviews.inbox.waiting(employee, conversation)) == 1
