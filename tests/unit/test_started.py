"""What the journal is told at a start: settings in force, without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from core.bootstrap import Desk
from core.journal.entries import Record, prepared
from core.operations.started import started
from core.settings import Limits, ReviewSettings, Settings, Smtp


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[arg-type]


def changed(record: Record) -> dict[str, str]:
    return dict(record.data["not_default"])


def test_what_differs_from_the_defaults_is_named(tmp_path: Path) -> None:
    """Nested ones by their path; a default is not repeated."""
    record = started(settings(data_dir=tmp_path, limits=Limits(questions_per_min=3)), "t")
    assert changed(record) == {"data_dir": str(tmp_path), "limits.questions_per_min": "3"}
    assert (record.kind, record.outcome, record.data["act"]) == ("setting", "done", "started")


def test_no_secret_and_no_address_of_a_person_is_kept() -> None:
    """Passwords, keys, credentials in addresses, the paths of webhooks."""
    smtp = Smtp(host="mail.fennwick.example", user="ada@fennwick.example", password=SecretStr("hunter2"))
    review = ReviewSettings(webhook_url="https://hooks.fennwick.example/T1/B2/s3cr3t", smtp=smtp)
    record = started(
        settings(
            DATABASE_URL="postgresql://ada:hunter2@db.fennwick.example/desk?password=hunter3",
            cookie_key=SecretStr("hunter4"),
            review=review,
        ),
        "t",
    )
    stored = str(prepared(record))
    assert not [word for word in ("hunter", "s3cr3t", "ada") if word in stored]
    assert changed(record) == {
        "database_url": "postgresql://db.fennwick.example",
        "cookie_key": "set",
        "review.webhook_url": "https://hooks.fennwick.example",
        "review.smtp.host": "mail.fennwick.example",
        "review.smtp.user": "set",
        "review.smtp.password": "set",
    }


@pytest.mark.parametrize(("session_days", "same"), [(14, True), (15, False)])
def test_equal_settings_have_equal_hashes(session_days: int, same: bool) -> None:
    """So that an auditor sees at a glance whether anything changed between two starts."""
    hashes = {
        started(settings(session_days=days), "t").data["settings_sha256"] for days in (14, session_days)
    }
    assert (len(hashes) == 1) is same


def test_each_start_is_one_entry(desk: Desk) -> None:
    """The program that screens are served from says so when it begins."""
    desk.start()
    assert [entry.data["act"] for entry in desk.journal.search() if entry.kind == "setting"] == ["started"]
