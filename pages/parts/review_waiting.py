"""How many questions wait, in the navigation."""

from __future__ import annotations

from core.bootstrap import Desk
from core.review.access import REVIEWERS
from core.types import Person


def title(desk: Desk, person: Person) -> str:
    """What the review page is called in the navigation of this person."""
    waiting = desk.reviews.queue.count(person) if person.roles & REVIEWERS else 0
    return f"Review ({waiting:,})" if waiting else "Review"
