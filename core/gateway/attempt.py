"""One attempt at one deployment: watched, measured, and always reported, however it ends."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace

from core.errors import FailureKind, ModelError, ModelUnavailable
from core.gateway.attempts import AttemptOutcome, Attempts, Ending, Usage
from core.gateway.messages import Ended, Finish, ModelRequest, Piece, Restart
from core.gateway.station import Station
from core.gateway.stream_watch import watched

_BYTES_PER_TOKEN = 4


def tokens_in(request: ModelRequest) -> int:
    """A rough count of the prompt's tokens, for when no provider counts them; at least 1."""
    return _tokens("".join(message.text for message in request.messages) + request.definitions)


class Attempt:
    """Runs once, by iterating `events`; the text that the caller saw is void when that raises."""

    def __init__(
        self, station: Station, request: ModelRequest, attempts: Attempts, clock: Callable[[], float]
    ) -> None:
        self._station = station
        self._request = request
        self._attempts = attempts
        self._clock = clock
        self._began = clock()
        self._called = False
        self._first_token_s: float | None = None
        self._text: list[str] = []

    def events(self, restart: Restart | None = None) -> Iterator[Piece | Restart | Finish]:
        """The deployment's pieces and its Finish, with cost and name; `restart` goes before them.

        Raises ModelError, after the circuit and the observer were told. When the caller goes away
        the circuit learns nothing, and the observer what was used so far.
        """
        try:
            if restart is not None:
                yield restart
            self._called = True
            with self._station.busy(), closing(self._source()) as source:
                for event in source:
                    if isinstance(event, Finish):
                        finish = self._priced(event)
                        break
                    self._note(event.text)
                    yield event
        except ModelError as exc:
            self._failed(exc)
            raise
        except Exception as exc:
            # A transport's own mistake is no reason to leave the caller without an answer.
            error = ModelUnavailable(
                f"{self._station.deployment.name} failed: {type(exc).__name__}", kind=FailureKind.PROTOCOL
            )
            self._failed(error, str(exc))
            raise error from exc
        except BaseException:
            self._abandoned()
            raise
        self._answered(finish)
        yield finish

    def _source(self) -> Generator[Piece | Finish, None, None]:
        station, limits = self._station, self._station.deployment.limits
        if limits is not None:
            return watched(station.connect, self._request, limits, self._clock, station.readers)
        return _plain(station.connect(self._request))

    def _note(self, text: str) -> None:
        if self._first_token_s is None:
            self._first_token_s = self._clock() - self._began
        self._text.append(text)

    def _priced(self, finish: Finish) -> Finish:
        """The provider's count, or else ours; by the deployment's prices, or else the transport's cost."""
        usage = Usage(finish.prompt_tokens, finish.completion_tokens)
        if not (usage.prompt_tokens or usage.completion_tokens):
            usage = self._estimate()
        cost = self._cost(usage)
        return replace(
            finish,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_microusd=finish.cost_microusd if cost is None else cost,
            deployment=self._station.deployment.name,
            estimated=usage.estimated,
        )

    def _answered(self, finish: Finish) -> None:
        usage = Usage(finish.prompt_tokens, finish.completion_tokens, finish.estimated)
        self._station.circuit.succeeded(self._first_token_s or 0.0)
        self._tell(Ending.ANSWERED, usage)

    def _failed(self, error: ModelError, detail: str = "") -> None:
        self._station.circuit.failed(error.kind, error.retry_after_s)
        self._tell(Ending.FAILED, self._estimate() if self._text else Usage(), error, detail)

    def _abandoned(self) -> None:
        self._station.circuit.released()
        self._tell(Ending.ABANDONED, self._estimate() if self._called else Usage())

    def _tell(self, ending: Ending, usage: Usage, error: ModelError | None = None, detail: str = "") -> None:
        latency_s = self._clock() - self._began
        message = " ".join(filter(None, [str(error or ""), detail]))
        tokens = usage.prompt_tokens + usage.completion_tokens
        if ending != Ending.ABANDONED:
            self._station.saw(ending == Ending.ANSWERED, latency_s, tokens, message)
        outcome = AttemptOutcome(
            ending,
            usage,
            self._cost(usage),
            latency_s,
            self._first_token_s,
            error.kind if error else None,
            error.status if error else None,
            message,
        )
        self._attempts.after(self._station.deployment, outcome)

    def _estimate(self) -> Usage:
        return Usage(tokens_in(self._request), _tokens("".join(self._text)), estimated=True)

    def _cost(self, usage: Usage) -> int | None:
        prices = self._station.deployment.prices
        return prices.cost_microusd(usage.prompt_tokens, usage.completion_tokens) if prices else None


def _plain(events: Iterator[Piece | Ended | Finish]) -> Generator[Piece | Finish, None, None]:
    for event in events:
        if not isinstance(event, Ended):
            yield event
            if isinstance(event, Finish):
                return
    raise ModelUnavailable("The model broke off in the middle of its answer.", kind=FailureKind.PROTOCOL)


def _tokens(text: str) -> int:
    return max(1, -(-len(text.encode()) // _BYTES_PER_TOKEN))
