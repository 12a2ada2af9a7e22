"""Settings are strict: what does not load names the key and the reason."""

from __future__ import annotations

import pytest

from core.errors import ConfigurationError
from core.settings import load_settings


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("ANSWERDESK_SESSION_DAYS", "0", "ANSWERDESK_SESSION_DAYS"),
        ("ANSWERDESK_SESSION_DAYS", "soon", "ANSWERDESK_SESSION_DAYS"),
        ("ANSWERDESK_LIMITS__QUESTION_CHARS", "-1", "QUESTION_CHARS"),
        ("ANSWERDESK_SESION_DAYS", "7", "ANSWERDESK_SESION_DAYS is not a setting"),
        ("ANSWERDESK_LIMITS__QUESTIONS", "7", "ANSWERDESK_LIMITS__QUESTIONS is not a setting"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, key: str, value: str, said: str) -> None:
    """A typo must not silently mean the default."""
    monkeypatch.setenv(key, value)
    with pytest.raises(ConfigurationError, match=said):
        load_settings()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Usual names for the usual services, ours for the rest."""
    monkeypatch.setenv("DATABASE_URL", "postgres://u@127.0.0.1/desk")
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("ANSWERDESK_ANSWER_MODEL", "gpt")
    monkeypatch.setenv("ANSWERDESK_LIMITS__QUESTION_CHARS", "500")
    settings = load_settings()
    assert settings.resolved_database_url() == "postgresql+psycopg://u@127.0.0.1/desk"
    assert (settings.answer_model, settings.limits.question_chars, settings.redis_url) == ("gpt", 500, None)


def test_without_a_database_url_the_tables_are_on_disk() -> None:
    """Nothing has to be installed."""
    settings = load_settings()
    assert settings.resolved_database_url() == f"sqlite:///{settings.data_dir / 'answerdesk.sqlite'}"
