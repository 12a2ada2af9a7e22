"""Long work in the background: it goes on when the page that started it is closed or reloaded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

from core.errors import AnswerdeskError, Busy, Cancelled
from core.knowledge.ingestion import FileReport
from core.knowledge.progress import Progress
from core.types import Person

log = logging.getLogger(__name__)

Work = Callable[[Callable[[Progress], None], Callable[[], bool]], Iterator[FileReport]]


class Job:
    """One run of some work in a thread of its own. Its attributes may be read at any time.

    `error` is a sentence when it ended early, and `reports` is what had been finished by then.
    """

    def __init__(self, work: Work) -> None:
        self.reports: list[FileReport] = []
        self.progress: Progress | None = None
        self.error = ""
        self._work = work
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingestion-job", daemon=True)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    @property
    def cancelling(self) -> bool:
        """Whether it has been asked to stop and has not yet done so."""
        return self.running and self._cancel.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to stop at the next file; what is finished stays."""
        self._cancel.set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Block until it has ended."""
        self._thread.join(timeout_s)

    def again(self) -> Job:
        """The same work as a new job: what was finished is recognised and skipped."""
        return Job(self._work)

    def _run(self) -> None:
        try:
            for report in self._work(self._note, self._cancel.is_set):
                self.reports.append(report)
        except Cancelled as exc:
            self.error = str(exc)
        except AnswerdeskError as exc:
            log.warning("a job ended early: %s", exc, exc_info=exc.__cause__)
            self.error = str(exc)
        except Exception:
            log.exception("a job failed")
            self.error = "This did not work because of an error in the program. Its log has the details."

    def _note(self, progress: Progress) -> None:
        self.progress = progress


class Jobs:
    """The latest job of each person."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()

    def start(self, person: Person, job: Job) -> Job:
        """Start it, unless this person has one running."""
        with self._lock:
            current = self._jobs.get(person.id)
            if current is not None and current.running:
                raise Busy("Your last upload is still being read. Wait for it, or stop it first.")
            self._jobs[person.id] = job
            job.start()
            return job

    def latest(self, person: Person) -> Job | None:
        """The person's running or last job."""
        return self._jobs.get(person.id)

    def forget(self, person: Person) -> None:
        """Drop a job that has ended."""
        with self._lock:
            job = self._jobs.get(person.id)
            if job is not None and not job.running:
                del self._jobs[person.id]

    def stop_all(self, timeout_s: float) -> None:
        """Ask every job to stop and wait for each at most that long."""
        for job in list(self._jobs.values()):
            job.cancel()
        for job in list(self._jobs.values()):
            job.wait(timeout_s)
