"""What is looked for, and what is masked where a provider's configuration says nothing else."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A kind of personal data or secret; the value is the word in its placeholders."""

    PERSON = "PERSON"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    ADDRESS = "ADDRESS"
    CREDIT_CARD = "CREDIT_CARD"
    IBAN = "IBAN"
    SSN = "SSN"
    ID_NUMBER = "ID_NUMBER"
    EMPLOYEE_NUMBER = "EMPLOYEE_NUMBER"
    IP = "IP"
    URL = "URL"
    SECRET = "SECRET"  # noqa: S105 - the name of a kind, not a secret


DEFAULT_MASKED: frozenset[Kind] = frozenset(Kind)
"""Everything: a deployment must be cleared for what it may see, not the other way round."""
