"""What the whole analyser finds, with the real model: loaded once, in one process."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.gateway.privacy.analyser import Analyser
from core.gateway.privacy.kinds import Kind
from core.gateway.privacy.masking import Mask

pytestmark = pytest.mark.xdist_group("presidio")


@pytest.fixture(scope="session")
def analyser() -> Analyser:
    return Analyser(r"\bFW-\d{5}\b")


def found(analyser: Analyser, text: str) -> list[tuple[str, str]]:
    return [(span.kind.value, text[span.start : span.end]) for span in analyser.find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Please ask Maria Lindqvist about the leave.", "PERSON", "Maria Lindqvist"),
        ("My name is Chukwuemeka Obi.", "PERSON", "Chukwuemeka Obi"),
        ("can you tell priya sharma that i am late", "PERSON", "priya sharma"),
        ("Mr. Ford will call back.", "PERSON", "Mr. Ford"),
        ("write to tom@intranet.fennwick please", "EMAIL", "tom@intranet.fennwick"),
        ("send it to 12 Oak Street, Apt. 4, Springfield", "ADDRESS", "12 Oak Street, Apt. 4, Springfield"),
        ("Ich wohne in der Hauptstraße 5, 10115 Berlin", "ADDRESS", "Hauptstraße 5, 10115 Berlin"),
        ("the office at 10 rue de Rivoli, 75001 Paris", "ADDRESS", "10 rue de Rivoli, 75001 Paris"),
        ("call +49 30 901820", "PHONE", "+49 30 901820"),
        ("reach me at (212) 555-0188 x12", "PHONE", "(212) 555-0188 x12"),
        ("card 4111 1111 1111 1111 please", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("pay to DE89 3704 0044 0532 0130 00 today", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("ssn 536-22-1234", "SSN", "536-22-1234"),
        ("from 10.1.2.3 to you", "IP", "10.1.2.3"),
        ("from 2001:db8::8a2e:370:7334 to you", "IP", "2001:db8::8a2e:370:7334"),
        ("see https://wiki.fennwick.example/a?b=1.", "URL", "https://wiki.fennwick.example/a?b=1"),
        ("employee FW-12345 asked", "EMPLOYEE_NUMBER", "FW-12345"),
    ],
)
def test_each_kind_is_found_whole(analyser: Analyser, text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(analyser, text)


@pytest.mark.parametrize(
    "text",
    [
        "The budget is 12 500 000 euros for 2024-2025, on 2024-03-12.",
        "Version 3.11.4 replaces 3.10; see section 4.2 on page 128.",
        "Invoice number 20240312, order 4500012345.",
        "How many days of leave do I have in the first year?",
        "Open config.py and README.md, then run the tests.",
        "The policy applies to all employees from 1 January 2025.",
    ],
)
def test_numbers_and_words_that_are_nobodys_are_left(analyser: Analyser, text: str) -> None:
    assert found(analyser, text) == []


def test_finding_needs_no_network(analyser: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert found(analyser, "see fennwick.com/docs") == [("URL", "fennwick.com/docs")]


def test_many_threads_find_the_same(analyser: Analyser) -> None:
    texts = [f"Maria Lindqvist, room {number}, +44 20 7946 0{number:03}" for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda text: found(analyser, text), texts))
    assert all(("PERSON", "Maria Lindqvist") in result for result in results)


def test_the_provider_sees_placeholders_and_the_person_sees_names(analyser: Analyser) -> None:
    mask = Mask(analyser)
    masked = mask.mask("My name is Keiko Araujo, mail keiko@fennwick.example, key sk-" + "a1B2" * 10)
    assert masked == "My name is <PERSON_1>, mail <EMAIL_1>, key <SECRET_1>"
    assert mask.restore("Dear <PERSON_1>") == "Dear Keiko Araujo"


def test_a_number_is_known_by_the_key_it_stands_under(analyser: Analyser) -> None:
    mask = Mask(analyser)
    arguments = {"phone": 2125550188, "days": 12}
    masked = mask.mask_json(arguments)
    assert masked == {"phone": "<PHONE_1>", "days": 12}
    assert mask.restore_json(masked) == arguments


def test_a_kind_that_is_not_asked_for_hides_no_other(analyser: Analyser) -> None:
    text = "https://x.example/?mail=tom@fennwick.example"
    kinds = {span.kind for span in analyser.find(text, {Kind.EMAIL})}
    assert kinds == {Kind.EMAIL}


@pytest.mark.parametrize(
    "text",
    [
        "Wie viele Urlaubstage habe ich pro Jahr?",
        "Gibt es Urlaub im Jahr der Kündigung?",
        "Wo ist die Kantine?",
        "¿Cuántos días de vacaciones tengo?",
        "Quanti giorni di ferie ho?",
    ],
)
def test_everyday_words_of_other_languages_are_nobody(analyser: Analyser, text: str) -> None:
    """German writes its nouns as names are written."""
    assert found(analyser, text) == []


@pytest.mark.parametrize("name", ["Anna Schmidt", "Michael Sommer", "Frau Brandmoor", "Jan Peeters"])
def test_a_name_in_another_language_is_found(analyser: Analyser, name: str) -> None:
    """Also one that means something there."""
    assert any(name in value for _, value in found(analyser, f"{name} hat im Jahr 2026 Urlaub beantragt."))
