"""The command line: `setup` prepares what `make run` starts, `demo-traffic` fills the spend screen."""

from __future__ import annotations

import argparse
import logging
import random
import sys
from collections.abc import Callable
from pathlib import Path

from core.bootstrap import Desk, build, demo_traffic
from core.demo_traffic import CHARGES
from core.errors import AnswerdeskError
from core.knowledge.ingestion import Outcome
from core.knowledge.progress import Progress
from core.proxy.serving import serve
from core.sample_company import ORIGIN, SampleCompany, add_demonstration_people, read_sample_company
from core.settings import load_settings
from core.types import Role

USAGE = "usage: python -m core setup | gateway | demo-traffic [--charges N] [--seed N] [--add | --remove]"
BAR_CHARS = 30


def main(arguments: list[str]) -> int:
    """Run one command; 0 when it worked, 1 with a sentence on stderr when not."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if arguments[:1] == ["demo-traffic"]:
        return _demo_traffic(arguments[1:])
    if arguments == ["gateway"]:
        return _gateway()
    if arguments != ["setup"]:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        desk = build(load_settings())
    except AnswerdeskError as exc:
        print(f"Answerdesk did not start. {exc}", file=sys.stderr)
        return 1
    try:
        return _setup(desk)
    except AnswerdeskError as exc:
        print(f"\nThe sample company could not be loaded. {exc}", file=sys.stderr)
        return 1
    finally:
        desk.close()


def _gateway() -> int:
    """The proxy alone, until a signal comes."""
    try:
        desk = build(load_settings(), guest=True)
    except AnswerdeskError as exc:
        print(f"The gateway did not start. {exc}", file=sys.stderr)
        return 1
    try:
        desk.start()
        address = f"http://{desk.settings.proxy.host}:{desk.settings.proxy.port}/v1"
        print(f"The gateway answers at {address}. Stop it with Ctrl+C.", flush=True)
        serve(desk.proxy)
    finally:
        desk.close()
    return 0


def _demo_traffic(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "python -m core demo-traffic", description="Made-up charges for the Spend page."
    )
    parser.add_argument("--charges", type=int, default=CHARGES, help="how many to make")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other traffic")
    parser.add_argument("--add", action="store_true", help="make more of it, if there is some already")
    parser.add_argument("--remove", action="store_true", help="take all of it away again")
    options = parser.parse_args(arguments)
    try:
        with demo_traffic(load_settings(), random.Random(options.seed)) as traffic:  # noqa: S311 - made up
            if options.remove:
                print(f"Removed {traffic.remove():,} charges.")
            else:
                made = traffic.make(options.charges, options.add, _counting("Demonstration traffic"))
                print(f"\nMade {made:,} charges. The Spend page shows them, marked as demonstration.")
    except AnswerdeskError as exc:
        print(f"No demonstration traffic was made. {exc}", file=sys.stderr)
        return 1
    return 0


def _counting(title: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        bar = "#" * round(done / total * BAR_CHARS)
        print(f"\r{title} [{bar:<{BAR_CHARS}}] {done:,} of {total:,}", end="", flush=True)

    return show


def _setup(desk: Desk) -> int:
    for number, report in enumerate(desk.library.reembed(), start=1):
        print(f"\rThe embedding model has changed: {number} documents embedded again ({report.name})", end="")
    company = read_sample_company(desk.settings.company_dir)
    if desk.catalog.is_empty():
        _load_sample_company(desk, company)
    _show_sign_ins(desk, company)
    return 0


def _load_sample_company(desk: Desk, company: SampleCompany) -> None:
    add_demonstration_people(company, desk.identity)
    refused = [
        report
        for report in desk.library.sync_folder(
            Path(desk.settings.company_dir), ORIGIN, _bar(f"Loading {company.company}")
        )
        if report.outcome is Outcome.REFUSED
    ]
    print()
    for report in refused:
        print(f"  {report.name}: {report.reason}")


def _show_sign_ins(desk: Desk, company: SampleCompany) -> None:
    people = desk.identity.demonstration_people()
    if people:
        print(f"Demonstration sign-ins (password {company.demonstration_password}), until they are closed:")
    for person in people:
        roles = ", ".join(sorted(person.roles - {Role.EMPLOYEE})) or Role.EMPLOYEE
        print(f"  {person.email:<40} {roles}, {person.department}")


def _bar(title: str) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        bar = "#" * round(progress.share * BAR_CHARS)
        left = "" if progress.seconds_left is None else f", about {progress.seconds_left:.0f} s left"
        files = (
            f"{progress.files_read} of {progress.files_total} files read, {progress.files_done} searchable"
        )
        line = f"{title} [{bar:<{BAR_CHARS}}] {files}{left}"
        print(f"\r{line:<110}", end="", flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
