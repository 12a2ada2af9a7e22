"""Threads that read streams: used again, never kept waiting, and gone when there is nothing to read."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from core.gateway.reader_threads import IDLE, ReaderThreads

WAIT_S = 10.0


def thread_of(threads: ReaderThreads) -> threading.Thread:
    """The thread that a piece of work runs in, once that has ended."""
    seen: SimpleQueue[threading.Thread] = SimpleQueue()
    threads.start(lambda: seen.put(threading.current_thread()))
    return seen.get(timeout=WAIT_S)


def until_idle(thread: threading.Thread) -> None:
    """Return when this thread waits for its next work."""
    pause, left = threading.Event(), 1_000
    while thread.name != IDLE and left:
        pause.wait(0.01)
        left -= 1
    assert left, "it never became idle"


def test_the_next_work_runs_in_the_same_thread() -> None:
    """No thread is made for a work that comes when another is over."""
    threads = ReaderThreads()
    first = thread_of(threads)
    until_idle(first)
    assert thread_of(threads) is first


def test_work_that_hangs_keeps_no_other_waiting() -> None:
    """Twenty that never end, and the next one runs at once."""
    threads, free = ReaderThreads(), threading.Event()
    for _ in range(20):
        threads.start(lambda: free.wait(WAIT_S))
    assert thread_of(threads).is_alive()
    free.set()


def test_a_thread_without_work_ends() -> None:
    """And the next work gets a new one."""
    threads = ReaderThreads(idle_s=0.01)
    first = thread_of(threads)
    first.join(WAIT_S)
    assert not first.is_alive()
    assert thread_of(threads) is not first


def test_no_work_is_lost_when_it_comes_as_the_thread_gives_up() -> None:
    """Work that comes again and again at the moment at which an idle thread's time is up."""
    threads, done = ReaderThreads(idle_s=0.0005), SimpleQueue[int]()
    pause = threading.Event()
    for number in range(300):
        threads.start(lambda number=number: done.put(number))  # type: ignore[misc]
        pause.wait(0.0005)
    assert sorted(done.get(timeout=WAIT_S) for _ in range(300)) == list(range(300))
