"""How often a budget had no room, from the journal.

Demonstration takes nothing from a budget, so no budget refuses it: entries of earlier versions that
carry `"demonstration": true` are left out. The data is canonical JSON, so a member of it can be looked
for as text.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.gateway.money import ScopeKind
from core.journal.entries import Kind, stamp
from core.reports.frames import department_names, frame
from core.reports.periods import Span
from core.reports.view import View
from core.tables import journal

if TYPE_CHECKING:
    import pandas as pd

REFUSED = "refused"


def refusals(connection: sa.Connection, view: View, span: Span) -> pd.DataFrame:
    """For each department and budget without room: `department`, `budget`, `refusals`."""
    c = journal.c
    made_up = c.data.contains('"demonstration":true')
    whose = sa.case((c.data.contains(_scope(ScopeKind.PROVIDER)), c.provider), else_="")
    keys = [c.department, whose.label("budget")]
    query = (
        sa.select(*keys, sa.func.count().label("refusals"))
        .where(c.kind == Kind.BUDGET.value, c.outcome == REFUSED, sa.not_(made_up))
        .where(*view.among(c.department))
        .where(c.at >= _midnight(span.first), c.at < _midnight(span.last + timedelta(days=1)))
        .group_by(c.department, "budget")
    )
    found = frame(connection.execute(query), ["department", "budget", "refusals"])
    names = department_names(connection)
    found = found.assign(
        department=found["department"].map(lambda key: names.get(key, key or "")).astype(str),
        budget=found["budget"].map(lambda name: f"The provider {name}" if name else "The department"),
        refusals=found["refusals"].astype("int64"),
    )
    return found.sort_values(["refusals", "department", "budget"], ascending=[False, True, True]).reset_index(
        drop=True
    )


def _scope(kind: ScopeKind) -> str:
    return f'"scope":"{kind.value}"'


def _midnight(day: date) -> str:
    return stamp(datetime.combine(day, time(), UTC))
