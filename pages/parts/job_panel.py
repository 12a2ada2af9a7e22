"""How far an upload is, and what became of its files. It is found again after a refresh."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from core.bootstrap import Desk
from core.errors import AnswerdeskError
from core.knowledge.ingestion import FileReport, Outcome
from core.knowledge.jobs import Job
from core.knowledge.progress import Progress
from core.types import Person
from pages import require
from pages.parts.plain import label
from pages.parts.wording import count, duration

POLL_S = 1.0
REFUSED_SHOWN = 50


def draw(desk: Desk, person: Person) -> None:
    """The person's latest upload, if there is one."""
    job = desk.jobs.latest(person)
    if job is None:
        return
    if job.running:
        st.fragment(_running, run_every=POLL_S)(desk)
    else:
        _ended(desk, person, job)


def _running(desk: Desk) -> None:
    job = desk.jobs.latest(require())
    if job is None or not job.running:
        st.rerun()
    with st.container(border=True, key="job"):
        _bar(job.progress)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Other pages can be used meanwhile.", width="stretch")
            st.button(
                "Stopping…" if job.cancelling else "Stop",
                key="stop-job",
                icon=":material/stop_circle:",
                disabled=job.cancelling,
                on_click=job.cancel,
            )
        _refused(job.reports)


def _bar(progress: Progress | None) -> None:
    if progress is None:
        st.progress(0.0, text="Starting to read the files")
        return
    files = f"{progress.files_read:,} of {count(progress.files_total, 'file')} read"
    facts = [files, f"{progress.files_done:,} searchable"]
    if progress.pages_done:
        facts.append(count(progress.pages_done, "page"))
    if progress.seconds_left is not None:
        facts.append(f"about {duration(progress.seconds_left)} left")
    st.progress(progress.share, text=", ".join(facts))
    st.caption(f"Reading {label(_base(progress.current))}")


def _ended(desk: Desk, person: Person, job: Job) -> None:
    refused = [report for report in job.reports if report.outcome is Outcome.REFUSED]
    draw = st.warning if job.error or refused else st.success
    icon = ":material/info:" if job.error or refused else ":material/check_circle:"
    with st.container(border=True, key="job"):
        draw(" ".join(filter(None, [label(job.error), f"{_summary(job.reports)}."])), icon=icon)
        _refused(job.reports)
        with st.container(horizontal=True):
            if job.error and st.button("Resume", key="resume-job", icon=":material/play_arrow:"):
                _resume(desk, person, job)
            st.button("Done", key="forget-job", on_click=desk.jobs.forget, args=(person,))


def _resume(desk: Desk, person: Person, job: Job) -> None:
    try:
        desk.jobs.start(person, job.again())
    except AnswerdeskError as exc:
        st.warning(str(exc), icon=":material/info:")
        return
    st.rerun()


def _summary(reports: list[FileReport]) -> str:
    counts = Counter(report.outcome for report in reports)
    said = {
        Outcome.ADDED: "added",
        Outcome.REPLACED: "replaced",
        Outcome.UNCHANGED: "already there",
        Outcome.REMOVED: "removed",
        Outcome.REFUSED: "not read",
    }
    named = [f"{counts[outcome]:,} {word}" for outcome, word in said.items() if counts[outcome]]
    return ", ".join(named) or "No file was finished"


def _refused(reports: list[FileReport]) -> None:
    refused = [report for report in reports if report.outcome is Outcome.REFUSED]
    for report in refused[:REFUSED_SHOWN]:
        st.markdown(f"**{label(_base(report.name))}**: {label(report.reason)}")
    if len(refused) > REFUSED_SHOWN:
        st.caption(f"and {count(len(refused) - REFUSED_SHOWN, 'more file', 'more files')}")


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]
