"""What a person reads when no model can be asked, and what helps: waiting, or another person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from core.answering.answer import Answer, Outcome
from core.asking import Asking
from core.errors import BudgetExceeded, ModelError, PriceUnknown, RateLimited
from core.gateway.money import day_name
from core.types import Person

_ASK_A_PERSON = "You can still ask a person: a colleague will answer."


class Stranded:
    """`managers_of` gives the managers of a department, who may speak for more money."""

    def __init__(self, managers_of: Callable[[str], Sequence[Person]]) -> None:
        self._managers_of = managers_of

    def answer(self, asking: Asking, error: ModelError | RateLimited, evidence: float = 0.0) -> Answer:
        """The answer to a question that met this error: NO_MODEL where asking again soon cannot help."""
        if isinstance(error, BudgetExceeded) and not error.passing:
            return asking.without(Outcome.NO_MODEL, self._over_budget(asking.person, error), evidence)
        if isinstance(error, PriceUnknown):
            return asking.without(Outcome.NO_MODEL, f"{error} {_ASK_A_PERSON}", evidence)
        return asking.without(Outcome.FAILED, str(error), evidence)

    def _over_budget(self, person: Person, error: BudgetExceeded) -> str:
        whose = "Your department's budget" if error.scope == "department" else "The company's budget"
        names = [manager.name for manager in self._managers_of(person.department) if manager.id != person.id]
        whom = f"{_either(names)}, who manages your department," if names else "An administrator"
        return " ".join(
            filter(
                None,
                [
                    f"{whose} for language models is used up, so I cannot write an answer now.",
                    _until(error.turns_on),
                    f"{whom} can say whether it is raised before that.",
                    _ASK_A_PERSON,
                ],
            )
        )


def _until(turns_on: date | None) -> str:
    return "" if turns_on is None else f"It comes back on {day_name(turns_on)}."


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
