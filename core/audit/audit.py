"""What an auditor may ask of the journal: everything that happened, with pseudonyms for people.

Every export and every verification is itself an entry of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import islice

from core.audit import evidence
from core.audit.findings import Query, Standing, Verdict
from core.audit.rights import admit, audit_record
from core.audit.sources import Source, Sources
from core.errors import BadInput, NotFound
from core.journal.anchoring import Anchor, Anchors
from core.journal.counting import Counts, Values
from core.journal.journal import Journal
from core.journal.lines import Form, Line, line_of, written
from core.journal.pseudonyms import Pseudonyms
from core.journal.search import Filters
from core.journal.timeline import OPEN_AFTER, Timeline, timeline
from core.types import Person

EXPORT_ENTRIES = 50_000
TIMELINE_ENTRIES = 500
_BATCH = 500


class Audit:
    """The journal for its readers. `clock` gives the time in UTC, `new_trace_id` 32 hex digits.

    Every method takes the person who asks and raises NotAllowed unless they are an auditor.
    """

    def __init__(
        self,
        journal: Journal,
        pseudonyms: Pseudonyms,
        anchors: Anchors,
        sources: Sources,
        clock: Callable[[], datetime],
        new_trace_id: Callable[[], str],
    ) -> None:
        self.anchors = anchors
        self._sources = sources
        self._journal = journal
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._new_trace_id = new_trace_id

    def now(self) -> datetime:
        """The time by which entries are written, in UTC."""
        return self._clock()

    def entries(self, actor: Person, query: Query, limit: int = 50, before: int | None = None) -> list[Line]:
        """The newest entries that match; the next page is `before=` the last one's `seq`.

        Raises BadInput for a pseudonym that stands for nobody in the journal.
        """
        admit(actor)
        found = self._journal.search(self._filters(query), query.text, limit, before)
        return [line_of(entry, self._pseudonyms.of) for entry in found]

    def counts(self, actor: Person, query: Query, zone: tzinfo) -> Counts:
        """How many entries match, by kind and by day or hour of the zone."""
        admit(actor)
        return self._journal.counts(self._filters(query), query.text, zone)

    def values(self, actor: Person) -> Values:
        """What one may filter by."""
        admit(actor)
        return self._journal.values()

    def timeline(self, actor: Person, trace_id: str) -> Timeline:
        """One question step by step, at most 500 entries of it; NotFound when there is none."""
        admit(actor)
        found = self._journal.trace(trace_id, TIMELINE_ENTRIES + 1)
        if not found:
            raise NotFound("The journal has no entries of this question.")
        lines = [line_of(entry, self._pseudonyms.of) for entry in found[:TIMELINE_ENTRIES]]
        return timeline(lines, self._clock(), complete=len(found) <= TIMELINE_ENTRIES)

    def sources(self, actor: Person, found: Timeline) -> dict[int, Source]:
        """What the searches and the answers of a question rest on, by chunk.

        Titles and versions are for every auditor; sections, pages and words for those who may read the
        document.
        """
        admit(actor)
        known: dict[int, int | None] = {
            chunk: None for step in found.steps for chunk in evidence.cited(step.line.data)
        }
        for step in found.steps:
            known |= {each.chunk_id: each.version_id for each in evidence.retrieved(step.line.data)}
        return self._sources.of(actor, found.trace_id, known)

    def open_attempts(self, actor: Person) -> list[Line]:
        """Model calls whose outcome is missing and will not come any more, oldest first."""
        admit(actor)
        return [line_of(e, self._pseudonyms.of) for e in self._journal.open_attempts(OPEN_AFTER)]

    def standing(self, actor: Person, newest: int = 5) -> Standing:
        """The head, and the newest anchors of it."""
        admit(actor)
        anchors, problem = self._anchored()
        return Standing(
            self._journal.head(), self.anchors.path is not None, tuple(anchors[: -newest - 1 : -1]), problem
        )

    def verify(self, actor: Person, progress: Callable[[float], None] | None = None) -> Verdict:
        """Walk the whole chain and compare the anchors; `progress` is told the share done, in [0, 1]."""
        admit(actor)
        anchors, problem = self._anchored()
        due = max(self._journal.head().seq, 1)

        def tell(count: int) -> None:
            if progress is not None:
                progress(min(count / due, 1.0))

        found = self._journal.verify([anchor.head for anchor in anchors], tell)
        said = {"entries": found.count, "first_bad": found.first_bad, "anchors": len(anchors)}
        self._note(actor, "intact" if found.intact else "broken", **said)
        return Verdict(found, len(anchors), problem)

    def export(self, actor: Person, query: Query, form: Form) -> Iterator[str]:
        """The newest 50,000 entries that match as a file's text, line by line; people by pseudonym.

        Read in batches, so that memory does not grow with the number of entries.
        """
        admit(actor)
        filters = self._filters(query)
        # What was searched for may be a name: only that there was a filter is written down.
        used = [name for name in Query.__slots__ if getattr(query, name)]
        self._note(actor, "export", form=form.value, filters=used)
        lines = self._all(filters, query.text)
        return written(islice(lines, EXPORT_ENTRIES), form)

    def _all(self, filters: Filters, text: str) -> Iterator[Line]:
        before: int | None = None
        while batch := self._journal.search(filters, text, _BATCH, before):
            yield from (line_of(entry, self._pseudonyms.of) for entry in batch)
            before = batch[-1].seq

    def _filters(self, query: Query) -> Filters:
        person_id = None
        if query.person is not None:
            person_id = self._pseudonyms.find(query.person, self._journal.people())
            if person_id is None:
                raise BadInput(f"Nobody in the journal is called {query.person}.")
        return Filters(
            since=query.since,
            until=query.until,
            kinds=query.kinds,
            department=query.department,
            person_id=person_id,
            provider=query.provider,
            outcome=query.outcome,
        )

    def _anchored(self) -> tuple[Sequence[Anchor], str | None]:
        try:
            return self.anchors.read(), None
        except BadInput as exc:
            return [], str(exc)

    def _note(self, actor: Person, outcome: str, **data: object) -> None:
        self._journal.append(audit_record(self._new_trace_id(), actor, outcome, **data))
