"""A deployment that is switched off stays off: after a restart, and in every process over the database."""

from __future__ import annotations

from pathlib import Path

from core.bootstrap import Desk
from core.operations.providers import Health, OffReason
from core.settings import Settings
from core.types import Role
from tests.conftest import MakeDesk, add_departments, add_person
from tests.fakes import ScriptedModel


def test_a_switch_outlasts_a_restart_and_reaches_the_other_processes(
    database_url: str, make_desk: MakeDesk, tmp_path: Path
) -> None:
    def process(name: str) -> Desk:
        settings = Settings(DATABASE_URL=database_url, data_dir=tmp_path / name, reranker="none")
        return make_desk(settings=settings, routes={"embedded": [ScriptedModel()]})

    here, there = process("here"), process("there")
    add_departments(here.identity)
    root = add_person(here.identity, "root", "people", Role.ADMINISTRATOR)
    here.operations.providers.switch_off(root, "embedded 1", OffReason.DATA)
    there.operations.providers.follow()
    here.close()

    for desk in (there, process("here")):
        [status] = desk.operations.providers.all(root)
        assert (status.health, status.now.state) == (Health.OFF, "off")
        assert status.off is not None and (status.off.by, status.off.reason) == ("Root", OffReason.DATA)

    there.operations.providers.switch_on(root, "embedded 1")
    [status] = there.operations.providers.all(root)
    assert status.health is Health.UNUSED and status.off is None
