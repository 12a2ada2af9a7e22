"""From pseudonym to name and back: for few, and every look is an entry of the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sqlalchemy as sa

from core.audit.rights import audit_record, may_see_names
from core.database import Database
from core.errors import BadInput, NotAllowed
from core.journal.journal import Journal
from core.journal.pseudonyms import Pseudonyms
from core.tables import people
from core.types import Person


class Names:
    """Looks people up. `new_trace_id` gives 32 hex digits.

    Both methods raise NotAllowed unless the actor is an auditor and an administrator. The entry is
    written before anything is told.
    """

    def __init__(
        self,
        journal: Journal,
        database: Database,
        pseudonyms: Pseudonyms,
        new_trace_id: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._database = database
        self._pseudonyms = pseudonyms
        self._new_trace_id = new_trace_id

    def of(self, actor: Person, pseudonyms: Iterable[str]) -> dict[str, str]:
        """The names behind the pseudonyms, of those that are known."""
        _admit(actor)
        wanted = sorted(set(pseudonyms))
        self._note(actor, wanted)
        ids = {self._pseudonyms.of(each): each for each in self._journal.people()}
        asked = {ids[name]: name for name in wanted if name in ids}
        query = sa.select(people.c.id, people.c.name).where(people.c.id.in_(asked))
        with self._database.read() as connection:
            return {asked[row.id]: row.name for row in connection.execute(query)}

    def pseudonym_of(self, actor: Person, name: str) -> str:
        """The pseudonym of the person with this e-mail address or whole name.

        Raises BadInput unless exactly one person has it.
        """
        _admit(actor)
        name = name.strip()
        match = sa.or_(
            people.c.email == name.casefold(),
            people.c.name == name,  # SQLite's lower() knows the letters of ASCII alone
            sa.func.lower(people.c.name) == name.lower(),
        )
        with self._database.read() as connection:
            found = connection.scalars(sa.select(people.c.id).where(match)).all()
        if len(found) != 1:
            problem = "Several people have this name." if found else "Nobody has this name."
            raise BadInput(f"{problem} Type the whole name, the e-mail address or a pseudonym.")
        pseudonym = self._pseudonyms.of(found[0])
        self._note(actor, [pseudonym])
        return pseudonym

    def _note(self, actor: Person, looked_up: list[str]) -> None:
        self._journal.append(audit_record(self._new_trace_id(), actor, "names", looked_up=looked_up))


def _admit(actor: Person) -> None:
    if not may_see_names(actor):
        raise NotAllowed("Only an auditor who is an administrator too may look names up.")
