"""Names for readers who may see what happened, but not who did it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

import sqlalchemy as sa

from core.database import Database
from core.tables import journal_keys

PREFIX = "person-"
_NAME = "pseudonyms"


class Pseudonyms:
    """The same person gets the same pseudonym as long as the key is the same; the key gives no way back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, person_id: int) -> str:
        """As in `person-3f9a0c12be`."""
        return PREFIX + hmac.new(self._key, str(person_id).encode(), hashlib.sha256).hexdigest()[:10]

    def find(self, pseudonym: str, person_ids: Iterable[int]) -> int | None:
        """Which of the people it stands for, so that a reader can filter by it."""
        return next((each for each in person_ids if self.of(each) == pseudonym), None)


def stored_key(database: Database) -> bytes:
    """The key of this database, 32 random bytes made at first use; for when the settings give none."""
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("LOCK TABLE journal_keys IN EXCLUSIVE MODE"))
        key = connection.scalar(sa.select(journal_keys.c.value).where(journal_keys.c.name == _NAME))
        if key is None:
            key = secrets.token_bytes(32)
            connection.execute(sa.insert(journal_keys).values(name=_NAME, value=key))
    return bytes(key)
