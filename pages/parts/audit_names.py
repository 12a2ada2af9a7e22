"""Names in place of pseudonyms, for those who have the right: each is looked up, and noted, once."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.audit.rights import may_see_names
from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.journal.pseudonyms import PREFIX
from core.types import Person

SWITCH = "audit-names"
_KNOWN = "audit-known-names"
_FOUND = "audit-found-people"


def allowed(person: Person) -> bool:
    """Whether this person may see names at all."""
    return may_see_names(person)


def switch(person: Person) -> None:
    """The switch that shows names, for those who may."""
    if allowed(person):
        st.toggle(
            "Show names", key=SWITCH, help="Every name that is looked up is itself noted in the journal."
        )


def shown(desk: Desk, person: Person, pseudonyms: Iterable[str | None]) -> dict[str, str]:
    """What to write for each pseudonym: the name where it is switched on, otherwise the pseudonym."""
    wanted = {each for each in pseudonyms if each}
    if not (allowed(person) and st.session_state.get(SWITCH)):
        return {each: each for each in wanted}
    known: dict[str, str] = st.session_state.setdefault(_KNOWN, {})
    if missing := wanted - known.keys():
        known.update({each: each for each in missing} | desk.names.of(person, missing))
    return {each: known[each] for each in wanted}


def resolve(desk: Desk, person: Person, typed: str) -> tuple[str | None, str]:
    """The pseudonym that was typed, or that belongs to the typed name; otherwise a sentence."""
    if not typed:
        return None, ""
    if typed.startswith(PREFIX):
        return typed, ""
    if not allowed(person):
        return None, f"Type a pseudonym: it begins with {PREFIX}"
    found: dict[str, str] = st.session_state.setdefault(_FOUND, {})
    if typed not in found:
        try:
            found[typed] = desk.names.pseudonym_of(person, typed)
        except AnswerdeskError as exc:
            return None, str(exc)
    return found[typed], ""
