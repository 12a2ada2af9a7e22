"""The sample company: people to sign in as, and documents to ask about, until there are real ones."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from core.errors import ConfigurationError
from core.identity import Department, Identity, NewPerson
from core.types import Role

ORIGIN = "sample"


class _Department(BaseModel, extra="forbid"):
    id: str
    name: str


class _Person(BaseModel, extra="forbid"):
    email: str
    name: str
    department: str
    roles: list[Role]


class SampleCompany(BaseModel, extra="forbid"):
    """`people.yaml` of the sample company."""

    company: str
    demonstration_password: str
    departments: list[_Department]
    people: list[_Person]


def read_sample_company(folder: Path) -> SampleCompany:
    """The people of the company in this folder; raises ConfigurationError."""
    path = folder / "people.yaml"
    try:
        return SampleCompany.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise ConfigurationError(f"ANSWERDESK_COMPANY_DIR: {path} cannot be read ({exc.strerror}).") from exc
    except (yaml.YAMLError, ValidationError) as exc:
        raise ConfigurationError(f"{path} does not load: {exc}") from exc


def add_demonstration_people(company: SampleCompany, identity: Identity) -> None:
    """Make the departments and one demonstration account for each role; existing ones stay as they are."""
    identity.add_departments(Department(d.id, d.name) for d in company.departments)
    for person in company.people:
        if identity.by_email(person.email) is None:
            identity.put_person(
                NewPerson(
                    email=person.email,
                    name=person.name,
                    department=person.department,
                    roles=frozenset(person.roles),
                    password=company.demonstration_password,
                    demonstration=True,
                )
            )
