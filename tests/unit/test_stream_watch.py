"""The stream watch: silence, stalls, and ends that are none."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress

import pytest

from core.errors import FailureKind, ModelError, ModelUnavailable
from core.gateway.messages import Ended, Finish, Message, ModelRequest, Piece
from core.gateway.reader_threads import ReaderThreads
from core.gateway.stream_watch import StreamLimits, watched

REQUEST = ModelRequest("gpt", (Message("user", "?"),))
LIMITS = StreamLimits(first_token_s=0.1, inter_token_s=0.1, total_s=5, usage_grace_s=0.1)
FINISH = Finish("m", "p", 3, 4, 5)
UNCOUNTED = Finish("m", "p", 0, 0, 0)

Step = Piece | Ended | Finish | float | Exception


class Provider:
    """Plays steps: an event, a wait in seconds, an error. `closed` is set when it is hung up on."""

    def __init__(self, *steps: Step) -> None:
        self._steps = steps
        self.closed = threading.Event()
        self.ended = threading.Event()

    def __call__(self, _: ModelRequest) -> Iterator[Piece | Ended | Finish]:
        return _Hearing(self)

    def play(self) -> Generator[Piece | Ended | Finish, None, None]:
        try:
            for step in self._steps:
                if isinstance(step, float):
                    self.closed.wait(step)
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.ended.set()


class _Hearing:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._events = provider.play()

    def __iter__(self) -> _Hearing:
        return self

    def __next__(self) -> Piece | Ended | Finish:
        return next(self._events)

    def close(self) -> None:
        self._provider.closed.set()
        with suppress(ValueError):
            self._events.close()


def watch(provider: Provider, limits: StreamLimits = LIMITS) -> Iterator[Piece | Finish]:
    return watched(provider, REQUEST, limits, time.monotonic, ReaderThreads())


def test_a_whole_answer_passes_through() -> None:
    """Pieces and the end, nothing else."""
    provider = Provider(Piece("a"), Piece("b"), Ended(UNCOUNTED), FINISH)
    assert list(watch(provider)) == [Piece("a"), Piece("b"), FINISH]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((2.0, Piece("late"), FINISH), "sent nothing for 0.1 s"),
        ((Piece("a"), 2.0, Piece("b"), FINISH), "stalled"),
    ],
    ids=["silent", "stalled"],
)
def test_silence_ends_in_time_and_the_provider_is_hung_up_on(steps: tuple[Step, ...], said: str) -> None:
    """The thread that read there is gone soon after."""
    provider, began = Provider(*steps), time.monotonic()
    with pytest.raises(ModelUnavailable, match=said) as caught:
        list(watch(provider))
    assert caught.value.kind == FailureKind.TIMEOUT
    assert time.monotonic() - began < 1
    assert provider.closed.is_set()
    assert provider.ended.wait(1)


def test_an_answer_that_drips_for_ever_is_cut_short() -> None:
    """Each piece is in time, the whole is not."""
    provider = Provider(*[step for _ in range(50) for step in (Piece("a"), 0.05)])
    with pytest.raises(ModelUnavailable, match=r"not done after 0\.2 s"):
        list(watch(provider, StreamLimits(0.2, 0.2, total_s=0.2)))


@pytest.mark.parametrize(
    "steps", [(Piece("a"), Piece("b")), (), (FINISH,)], ids=["cut", "nothing", "no word"]
)
def test_an_end_that_is_none_is_an_error(steps: tuple[Step, ...]) -> None:
    """Half an answer is never a whole one, and no answer is none."""
    with pytest.raises(ModelUnavailable) as caught:
        list(watch(Provider(*steps)))
    assert caught.value.kind == FailureKind.PROTOCOL


@pytest.mark.parametrize("after", [2.0, ValueError("junk at the end")], ids=["open", "broken"])
def test_a_complete_text_waits_only_a_little_for_its_usage(after: float | Exception) -> None:
    """What goes wrong after the last word costs the usage, not the answer."""
    began = time.monotonic()
    assert list(watch(Provider(Piece("a"), Ended(UNCOUNTED), after))) == [Piece("a"), UNCOUNTED]
    assert time.monotonic() - began < 1


def test_an_error_of_the_transport_arrives_in_the_callers_thread() -> None:
    """As it was raised."""
    error = ModelError("no")
    with pytest.raises(ModelError) as caught:
        list(watch(Provider(Piece("a"), error)))
    assert caught.value is error


def test_a_caller_who_goes_away_hangs_up() -> None:
    """The provider is not read to its end for nobody."""
    provider = Provider(Piece("a"), 2.0, Piece("b"), FINISH)
    events = watch(provider)
    assert next(events) == Piece("a")
    events.close()  # type: ignore[attr-defined]
    assert provider.ended.wait(1)


def test_a_slow_reader_is_no_silence() -> None:
    """Only the provider's time counts."""
    events = watch(Provider(Piece("a"), Piece("b"), FINISH))
    next(events)
    time.sleep(0.15)
    assert list(events) == [Piece("b"), FINISH]
