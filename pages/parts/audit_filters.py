"""The bar of filters above the journal: what an auditor wants to see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, tzinfo

import streamlit as st

from core.audit.findings import Query
from core.bootstrap import Desk
from core.types import Person
from pages.parts import audit_names, audit_words
from pages.parts.plain import label
from pages.parts.wording import in_reader_zone

RANGES = {
    "Last 24 hours": timedelta(hours=24),
    "Last 7 days": timedelta(days=7),
    "Last 30 days": timedelta(days=30),
    "Last 12 months": timedelta(days=365),
    "All time": None,
}
CUSTOM = "Chosen days"
_DEFAULT = "Last 7 days"
_ANY = "Any"
_EMPTY: dict[str, object] = {
    "audit-text": "",
    "audit-time": _DEFAULT,
    "audit-kinds": [],
    "audit-department": None,
    "audit-provider": None,
    "audit-outcome": None,
    "audit-person": "",
}


def draw(desk: Desk, person: Person) -> Query | None:
    """The filters as they are set; None, with a sentence in their place, while one makes no sense."""
    values = desk.audit.values(person)
    departments = {each.id: each.name for each in desk.identity.departments()}
    now = in_reader_zone(desk.audit.now())
    st.session_state.setdefault("audit-time", _DEFAULT)
    with st.container(border=True, key="audit-filters"):
        # Twice two is four: the edges of both rows meet.
        wide, middle, last = st.columns([2, 1, 1], gap="small")
        with wide:
            text = st.text_input(
                "Text",
                key="audit-text",
                placeholder="Words in questions, answers and details",
                icon=":material/search:",
            )
        with middle:
            chosen = st.selectbox("Time", [*RANGES, CUSTOM], key="audit-time")
            since, until = _span(chosen, now)
        with last:
            kinds = st.multiselect(
                "Kind",
                values.kinds,
                key="audit-kinds",
                format_func=lambda each: audit_words.kind(each).name,
                placeholder=_ANY,
            )
        columns = st.columns(4, gap="small")
        with columns[0]:
            department = _choice(
                "Department",
                departments.keys() | set(values.departments),
                "audit-department",
                lambda each: departments.get(each, each),
            )
        with columns[1]:
            provider = _choice("Provider", values.providers, "audit-provider")
        with columns[2]:
            outcome = _choice("Outcome", values.outcomes, "audit-outcome", audit_words.words)
        with columns[3]:
            typed = _who(desk, person)
        if any(st.session_state.get(key, empty) != empty for key, empty in _EMPTY.items()):
            st.button(
                "Clear the filters",
                key="audit-clear",
                icon=":material/filter_alt_off:",
                type="tertiary",
                on_click=_clear,
            )
        pseudonym, problem = audit_names.resolve(desk, person, typed)
        if problem:
            st.caption(f":orange[{label(problem)}]")
            return None
    return Query(since, until, tuple(kinds), department, pseudonym, provider, outcome, text)


def zone(now: datetime) -> tzinfo:
    """The reader's zone."""
    found = in_reader_zone(now).tzinfo
    assert found is not None  # noqa: S101 - an aware time has one
    return found


def _who(desk: Desk, person: Person) -> str:
    named = audit_names.allowed(person)
    return st.text_input(
        "Person",
        key="audit-person",
        placeholder="Name, e-mail or pseudonym" if named else "As in person-3f9a0c12be",
    ).strip()


def _choice(title: str, options: Iterable[str], key: str, shown: Callable[[str], str] = str) -> str | None:
    return st.selectbox(
        title,
        sorted(options, key=shown),
        index=None,
        key=key,
        format_func=shown,
        placeholder=_ANY,
    )


def _span(chosen: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    if chosen != CUSTOM:
        length = RANGES[chosen]
        return (None if length is None else now - length), None
    days = st.date_input(
        "Days",
        (now.date() - timedelta(days=6), now.date()),
        key="audit-days",
        format="DD/MM/YYYY",
        max_value=now.date(),
    )
    first, last = _first_and_last(days, now.date())
    return _midnight(first, now), _midnight(last + timedelta(days=1), now)


def _first_and_last(days: object, today: date) -> tuple[date, date]:
    # While the second day is still to be chosen, the first stands for both.
    found = [day for day in days if isinstance(day, date)] if isinstance(days, tuple) else []
    return (found[0], found[-1]) if found else (today, today)


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)


def _clear() -> None:
    for key, empty in _EMPTY.items():
        st.session_state[key] = empty
