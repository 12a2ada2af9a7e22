"""The settings as administrators read them: where each came from, and no secret among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core.errors import NotAllowed
from core.operations.configuration import Configuration, Source, env_file_of, plain, shown
from core.settings import Limits, Settings
from core.types import Person, Role

ROOT = Person(1, "root@fennwick.example", "Root", "people", frozenset({Role.ADMINISTRATOR}))
SECRET = "hunter2-very-secret"


def by_name(configuration: Configuration) -> dict[str, tuple[str, Source]]:
    return {one.name: (one.value, one.source) for one in configuration.all(ROOT)}


def test_each_setting_says_where_it_came_from(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, answer_model="gpt", limits=Limits(question_chars=500), session_days=3
    )
    environ = {"answerdesk_answer_model": "gpt"}
    found = by_name(Configuration(settings, environ, {"ANSWERDESK_LIMITS__QUESTION_CHARS": "500"}))

    assert found["ANSWERDESK_ANSWER_MODEL"] == ("gpt", Source.ENVIRONMENT)
    assert found["ANSWERDESK_LIMITS__QUESTION_CHARS"] == ("500", Source.FILE)
    assert found["ANSWERDESK_LIMITS__UPLOAD_BYTES"] == ("50,000,000", Source.DEFAULT)
    assert found["ANSWERDESK_SESSION_DAYS"] == ("3", Source.PROGRAM)
    assert found["DATABASE_URL"] == ("not set", Source.DEFAULT)


def test_a_group_that_is_given_whole_counts_for_each_of_its_settings() -> None:
    settings = Settings(limits=Limits(question_chars=500))
    found = by_name(Configuration(settings, {"ANSWERDESK_LIMITS": "{}"}, {}))
    assert found["ANSWERDESK_LIMITS__QUESTION_CHARS"][1] is Source.ENVIRONMENT


def test_the_env_file_that_the_settings_read_is_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert env_file_of(Settings()) == {}
    (tmp_path / ".env").write_text("ANSWERDESK_SESSION_DAYS=5\n")
    settings = Settings()
    found = by_name(Configuration(settings, {}, env_file_of(settings)))
    assert found["ANSWERDESK_SESSION_DAYS"] == ("5", Source.FILE)


def test_no_secret_is_in_the_result() -> None:
    """Not in the settings that are secret, and not inside addresses."""
    settings = Settings(
        DATABASE_URL=f"postgresql://desk:{SECRET}@db.example:5432/desk?password={SECRET}&sslmode=require",
        REDIS_URL=f"redis://:{SECRET}@/with/slashes@cache.example:6379/0",
        CHROMA_URL=f"http://chroma.example:8000?api_key={SECRET}",
        cookie_key=SecretStr(SECRET),
    )
    found = by_name(Configuration(settings, {}, {}))

    assert SECRET not in str(found) and "slashes" not in str(found)
    assert found["ANSWERDESK_COOKIE_KEY"][0] == "set"
    assert found["DATABASE_URL"][0].startswith("postgresql://•••@db.example:5432/desk?")
    assert found["REDIS_URL"][0] == "redis://•••@cache.example:6379/0"
    assert "chroma.example:8000" in found["CHROMA_URL"][0]


@given(secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30))
def test_whatever_a_password_looks_like_it_does_not_show(secret: str) -> None:
    assert secret not in plain(f"postgresql://somebody:{secret}@db.example/desk")


@pytest.mark.parametrize("name", ["api_key", "access_token", "client_secret", "smtp_password", "key"])
def test_a_secret_that_is_kept_as_plain_text_is_told_by_its_name(name: str) -> None:
    assert shown(name, SECRET) == "set" and shown(name, "") == "not set"
    assert SECRET not in shown("headers", {name: SECRET})
    assert SECRET not in shown("headers", [{name: [SECRET]}])
    assert SECRET not in shown("options", f"host=db {name}={SECRET}" if name != "key" else "")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_read_them(role: Role) -> None:
    with pytest.raises(NotAllowed):
        Configuration(Settings(), {}, {}).all(Person(2, "a@b.example", "A", "people", frozenset({role})))
