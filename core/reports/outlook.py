"""Where a budget is heading: its burn line and a forecast to the end of its period.

All of it is about the money that the budget itself counts: demonstration charges are in none of it.
The forecast is linear: what was spent so far, divided by the part of the period that has passed, to
the minute. It waits for the first day of a month, and the first hour of a day, because a few calls
at the beginning say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from core.gateway.budget_status import WARNS_FROM, BudgetStatus
from core.gateway.money import Period, day_name, dollars

if TYPE_CHECKING:
    import pandas as pd

SPENT, FORECAST = "spent", "forecast"
_WAITS = {Period.MONTH: timedelta(days=1), Period.DAY: timedelta(hours=1)}
_MICROUSD = 1_000_000


@dataclass(frozen=True, slots=True)
class Outlook:
    """A budget as it stands and where it is heading; micro-dollars.

    `burn` has the columns at (datetime64, UTC), line (SPENT or FORECAST) and spent_usd.
    """

    status: BudgetStatus
    forecast_microusd: int | None
    burn: pd.DataFrame

    @property
    def share(self) -> float:
        """The spent part of the limit, where 1 is all of it."""
        return 1.0 if self.status.share is None else self.status.share

    @property
    def warns(self) -> bool:
        """Whether 80 % or more are spent."""
        return self.share >= WARNS_FROM

    @property
    def will_pass(self) -> bool:
        """Whether the forecast is above the limit."""
        return self.forecast_microusd is not None and self.forecast_microusd > (
            self.status.limit_microusd or 0
        )

    @property
    def standing(self) -> str:
        """Spent, held, limit and when it turns, in one or two sentences."""
        status = self.status
        free = "" if status.limit_microusd else " Only what costs nothing is answered."
        return (
            f"{dollars(status.spent_microusd)} of {dollars(status.limit_microusd or 0)} spent, "
            f"{dollars(status.held_microusd)} held for questions that are being answered.{free} "
            f"The budget turns on {day_name(status.turns_on)}."
        )

    @property
    def heading(self) -> str:
        """The forecast in a sentence, and how it is made."""
        if self.forecast_microusd is None:
            return "It is too early in the period for a forecast."
        period = self.status.period.called(self.status.starts_on)
        return f"At the pace so far, {period} ends at {dollars(self.forecast_microusd)}."


def outlook(status: BudgetStatus, steps: list[tuple[datetime, int]], now: datetime) -> Outlook:
    """The outlook of a budget that stands so.

    `steps` are micro-dollars by the end of the day (of the hour, for a day's budget) in which they
    were spent, in order.
    """
    spent = status.spent_microusd
    begin, end = midnight(status.starts_on), midnight(status.turns_on)
    forecast = None
    if now - begin >= _WAITS[status.period]:
        forecast = round(spent * ((end - begin) / (now - begin)))
    burn = _burn(begin, end, now, steps, spent, forecast)
    return Outlook(status, forecast, burn)


def midnight(day: date) -> datetime:
    """The beginning of a day, in UTC."""
    return datetime.combine(day, time(), UTC)


def _burn(
    begin: datetime,
    end: datetime,
    now: datetime,
    steps: list[tuple[datetime, int]],
    spent: int,
    forecast: int | None,
) -> pd.DataFrame:
    import pandas as pd

    points, total = [(begin, SPENT, 0)], 0
    for at, amount in steps:
        total += amount
        if at < now:
            points.append((at, SPENT, total))
    points.append((now, SPENT, spent))
    if forecast is not None:
        points += [(now, FORECAST, spent), (end, FORECAST, forecast)]
    frame = pd.DataFrame(points, columns=["at", "line", "spent_microusd"])
    return frame.assign(
        at=pd.to_datetime(frame["at"], utc=True), spent_usd=frame["spent_microusd"] / _MICROUSD
    )
