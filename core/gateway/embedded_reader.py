"""The models that read in this process and answer with numbers: they need no key and no network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from core.gateway.hanging_up import CallerGone
from core.gateway.messages import Finish, ModelRequest, Numbers

EMBED, RERANK = "answerdesk-embed", "answerdesk-rerank"
"""Under these names applications ask for vectors, and for the relevance of texts to a question."""
BATCH = 16
"""So many texts are read at a time; between two batches a caller who has gone is noticed."""

Rows = Sequence[Sequence[float]]


class EmbeddedReader:
    """The model `name`, of whose requests the first `asking` texts are the question.

    `read` takes these and a batch of the others, each of which it gives a row; `count` gives the tokens
    that are read of each text. `turn` is held for a batch: readers that share it take one core together,
    so that they never stand in the way of a person who waits for an answer.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[Sequence[str], Sequence[str]], Rows],
        count: Callable[[Sequence[str]], Sequence[int]],
        turn: threading.Lock,
        asking: int = 0,
    ) -> None:
        self.name = name
        self._read = read
        self._count = count
        self._turn = turn
        self._asking = asking

    def events(self, request: ModelRequest) -> Iterator[Numbers | Finish]:
        """The rows as one event, then the end; raises CallerGone between two batches."""
        texts = [message.content for message in request.messages]
        asked, others = texts[: self._asking], texts[self._asking :]
        rows, tokens = list[tuple[float, ...]](), sum(self._count(asked))
        for start in range(0, len(others), BATCH):
            batch = others[start : start + BATCH]
            with self._turn:
                if request.line is not None and request.line.gone:
                    raise CallerGone
                rows.extend(tuple(map(float, row)) for row in self._read(asked, batch))
                tokens += sum(self._count(batch))
        yield Numbers(".", rows=tuple(rows))
        yield Finish(self.name, "embedded", tokens, 0, 0)
