"""From the sums of each day to the frames behind the charts.

Every frame has the columns of SUMS, and `cost_usd` and `saved_usd` for drawing; micro-dollars are
what is exact. `demonstration` tells made-up charges from real ones in every row.
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core.gateway.charges import NOBODY
from core.gateway.deployments import EMBEDDED
from core.reports.periods import Span
from core.reports.view import View
from core.tables import charge_days, departments, people

if TYPE_CHECKING:
    import pandas as pd

SUMS = (
    "cost_microusd",
    "calls",
    "cached_calls",
    "prompt_tokens",
    "completion_tokens",
    "saved_microusd",
    "saved_ms",
)
NOT_NAMED = -1
"""The `person_id` of whoever is not named: people of other departments."""
BACKGROUND = "Work that nobody asked for"
ELSEWHERE = "People who are not in this department now"
_MICROUSD = 1_000_000


def cube(connection: sa.Connection, view: View, span: Span, demonstration: bool) -> pd.DataFrame:
    """All that the reader may see of these days, in one walk over the table.

    Columns: day (datetime64), department, department_id, provider, model, person_id, demonstration,
    and SUMS. `person_id` is NOT_NAMED outside the reader's own department.
    """
    c = charge_days.c
    person = sa.case((c.department == view.own, c.person_id), else_=NOT_NAMED).label("whose")
    plain = [c.day, c.department, c.provider, c.model, c.demonstration]
    cached = sa.case((c.cached, c.calls), else_=0)
    sums = [total(cached if name == "cached_calls" else c[name]).label(name) for name in SUMS]
    query = (
        sa.select(*plain, person, *sums)
        .where(c.day.between(span.first, span.last), *view.among(c.department))
        # By its name: to PostgreSQL two expressions with parameters are never the same one.
        .group_by(*plain, "whose")
    )
    if not demonstration:
        query = query.where(sa.not_(c.demonstration))
    found = frame(connection.execute(query), [*(key.name for key in plain), "person_id", *SUMS])
    return _typed(found, department_names(connection))


def daily(found: pd.DataFrame) -> pd.DataFrame:
    """For each day and department."""
    return _grouped(found, ["day", "department", "department_id", "demonstration"])


def days_across(days: pd.DataFrame, value: str) -> pd.DataFrame:
    """A row for each day of a `daily` frame, the newest first, as people read it.

    Columns: day, `total_usd` of `value` (`cost_usd` or `saved_usd`), one for each department by its
    name, and `made_up_usd` where any of it is demonstration.
    """
    across = days.pivot_table(index="day", columns="department", values=value, aggfunc="sum", fill_value=0.0)
    names = list(across.columns)
    across.insert(0, "total_usd", across.sum(axis=1))
    if bool(days["demonstration"].any()):
        made_up = days[days["demonstration"]].groupby("day")[value].sum()
        across["made_up_usd"] = made_up.reindex(across.index, fill_value=0.0)
    ordered = across.sort_index(ascending=False).reset_index()
    last = [name for name in ("made_up_usd",) if name in ordered.columns]
    return ordered[["day", "total_usd", *names, *last]].rename_axis(columns=None)


def by_model(found: pd.DataFrame) -> pd.DataFrame:
    """For each provider and model, the dearest first; `name` says both."""
    # A call is charged under the deployment's whole name, what the cache gave under the model's own.
    pairs = zip(found["provider"], found["model"], strict=True)
    found = found.assign(model=[_own_name(provider, model) for provider, model in pairs])
    sums = _dearest_first(_grouped(found, ["provider", "model", "demonstration"]), ["provider", "model"])
    pairs = zip(sums["provider"], sums["model"], strict=True)
    return sums.assign(name=[one if one == model else f"{one}: {model}" for one, model in pairs])


def by_person(connection: sa.Connection, found: pd.DataFrame, view: View) -> pd.DataFrame:
    """For each person of the reader's own department, the dearest first; the rest of it unnamed."""
    names = {NOBODY: BACKGROUND, **_names_of_people(connection, view.own)}
    own = found[found["department_id"] == view.own]
    own = own.assign(person=own["person_id"].map(lambda number: names.get(number, ELSEWHERE)).astype(str))
    own = own.assign(person_id=own["person_id"].where(own["person_id"].isin(list(names)), NOT_NAMED))
    return _dearest_first(_grouped(own, ["person", "person_id", "demonstration"]), ["person", "person_id"])


def dearest(sums: pd.DataFrame, column: str, number: int) -> pd.DataFrame:
    """The rows of the first so many different values of a column: a chart has no room for hundreds."""
    return sums[sums[column].isin(list(dict.fromkeys(sums[column]))[:number])]


def frame(rows: sa.CursorResult[Any], columns: list[str]) -> pd.DataFrame:
    """The rows of a result. pandas is imported here, so that a start without reports does without it."""
    import pandas as pd

    return pd.DataFrame(rows.all(), columns=columns)


def department_names(connection: sa.Connection) -> dict[str, str]:
    """The departments' names by their ids."""
    return {row.id: row.name for row in connection.execute(sa.select(departments))}


def total(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """The sum of a column as an integer: PostgreSQL's sum of big integers is a decimal."""
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _names_of_people(connection: sa.Connection, department: str) -> dict[int, str]:
    """By their ids; people of one name are told apart by their addresses."""
    here = sa.select(people.c.id, people.c.name, people.c.email).where(people.c.department_id == department)
    rows = connection.execute(here).all()
    bearers = Tally(row.name for row in rows)
    return {row.id: row.name if bearers[row.name] == 1 else f"{row.name} ({row.email})" for row in rows}


def _own_name(provider: str, model: str) -> str:
    """`gpt-4o-mini` for `azure/gpt-4o-mini`, `embedded` for `answerdesk/embedded`."""
    return model.split("/", 1)[1] if model == EMBEDDED else model.removeprefix(f"{provider}/")


def _typed(found: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    found = found.rename(columns={"department": "department_id"})
    return found.assign(
        day=pd.to_datetime(found["day"]),
        department=found["department_id"].map(lambda key: names.get(key, key)).astype(str),
        demonstration=found["demonstration"].astype(bool),
        **{name: found[name].astype("int64") for name in (*SUMS, "person_id")},
    )


def _grouped(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    sums = found.groupby(keys, as_index=False, sort=True)[list(SUMS)].sum()
    return sums.assign(
        cost_usd=sums["cost_microusd"] / _MICROUSD, saved_usd=sums["saved_microusd"] / _MICROUSD
    )


def _dearest_first(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    together = sums.groupby(keys)["cost_microusd"].transform("sum")
    order = sums.assign(total=together).sort_values(
        ["total", *keys, "demonstration"], ascending=[False, *(True for _ in keys), True]
    )
    return order.drop(columns="total").reset_index(drop=True)
