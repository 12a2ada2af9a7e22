"""What the journal is told of budgets, apart from refusals: changes, warnings, and expired holds."""

from __future__ import annotations

import uuid

from core.gateway.budget_status import BudgetStatus
from core.gateway.charges import Caller
from core.gateway.holds import Hold
from core.gateway.money import Period, Scope, ScopeKind
from core.journal.entries import Kind, Record
from core.types import Person


def budget_set(actor: Person, scope: Scope, amount_microusd: int | None, period: Period) -> Record:
    """A budget was given, or taken away where the amount is None."""
    return Record(
        trace_id=uuid.uuid4().hex,
        kind=Kind.BUDGET,
        department=actor.department,
        person_id=actor.id,
        provider=scope.id if scope.kind is ScopeKind.PROVIDER else None,
        outcome="removed" if amount_microusd is None else "set",
        data={
            "scope": scope.kind.value,
            "id": scope.id,
            "limit_microusd": amount_microusd,
            "period": period.value,
        },
    )


def budget_warned(caller: Caller, status: BudgetStatus) -> Record:
    """With this caller's charge the mark was passed from which on a budget is worth a warning."""
    return Record(
        trace_id=caller.trace_id,
        kind=Kind.BUDGET,
        department=caller.department,
        person_id=caller.person_id,
        provider=status.scope.id if status.scope.kind is ScopeKind.PROVIDER else None,
        outcome="warned",
        data={
            "scope": status.scope.kind.value,
            "id": status.scope.id,
            "spent_microusd": status.spent_microusd,
            "limit_microusd": status.limit_microusd,
            "period": status.period.value,
        },
    )


def hold_expired(hold: Hold) -> Record:
    """The money of a process that died is free again; on the account of whoever asked."""
    amounts = [[scope.kind.value, scope.id, amount] for scope, amount in sorted(hold.amounts.items())]
    return Record(
        trace_id=hold.caller.trace_id,
        kind=Kind.BUDGET,
        department=hold.caller.department,
        person_id=hold.caller.person_id,
        outcome="hold_expired",
        data={"hold": hold.id, "purpose": hold.caller.purpose, "amounts_microusd": amounts},
    )
