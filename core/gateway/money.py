"""What budgets are about: scopes, periods in UTC, and money in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class ScopeKind(StrEnum):
    """What a budget may be for."""

    DEPARTMENT = "department"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A department or a provider, by its id."""

    kind: ScopeKind
    id: str

    @classmethod
    def department(cls, department_id: str) -> Scope:
        """The scope of a department."""
        return cls(ScopeKind.DEPARTMENT, department_id)

    @classmethod
    def provider(cls, provider_id: str) -> Scope:
        """The scope of a provider, such as `openai`."""
        return cls(ScopeKind.PROVIDER, provider_id)


class Period(StrEnum):
    """How long a budget lasts: a day or a calendar month, both in UTC."""

    DAY = "day"
    MONTH = "month"

    def start(self, day: date) -> date:
        """The first day of the period that `day` is in."""
        return day.replace(day=1) if self is Period.MONTH else day

    def turn(self, start: date) -> date:
        """The first day of the period after the one that starts on `start`."""
        if self is Period.DAY:
            return start + timedelta(days=1)
        return (start + timedelta(days=31)).replace(day=1)

    def called(self, start: date) -> str:
        """What people call the period that starts on `start`."""
        return f"{start:%B}" if self is Period.MONTH else day_name(start)


def day_name(day: date) -> str:
    """`1 Dec 2026`."""
    return f"{day.day} {day:%b %Y}"


def dollars(microusd: int) -> str:
    """Micro-dollars in words: two decimals from a cent on, as many as it takes below."""
    if microusd == 0 or abs(microusd) >= 10_000:
        return f"${microusd / 1_000_000:,.2f}"
    return f"${microusd / 1_000_000:.6f}".rstrip("0")
