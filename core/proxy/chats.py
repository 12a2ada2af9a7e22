"""Chat requests, in the thread that answers them: limits, memory, the gateway or the assistant."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from core.gateway.call import prompt_tokens
from core.gateway.gateway import Gateway
from core.gateway.hanging_up import CallerGone, Line
from core.gateway.messages import Finish, ModelRequest, Piece, Restart
from core.proxy.assistant_model import ASSISTANT, AssistantModel
from core.proxy.attendance import Attendance
from core.proxy.completion import Event, Json, replayed, whole
from core.proxy.continuing import continued
from core.proxy.forms import ChatForm
from core.proxy.gate import Gate
from core.proxy.refusals import unknown_model
from core.proxy.remembering import Kept, Remembering, Work
from core.proxy.requests import request_of
from core.proxy.visit import Visit
from core.settings import ProxySettings
from core.types import Person


class Chats:
    """`person_of` gives the person of an e-mail address, for attribution."""

    def __init__(
        self,
        gateway: Gateway,
        gate: Gate,
        remembering: Remembering,
        assistant: AssistantModel | None,
        attendance: Attendance,
        person_of: Callable[[str], Person | None],
        settings: ProxySettings,
    ) -> None:
        self._gateway = gateway
        self._gate = gate
        self._remembering = remembering
        self._assistant = assistant
        self._attendance = attendance
        self._person_of = person_of
        self._settings = settings

    def models(self, visit: Visit) -> list[str]:
        """The names that this key may use, the assistant's first."""
        key, routes = visit.admitted, dict.fromkeys(d.route for d in self._gateway.router.deployments())
        own = [ASSISTANT] if self._offers_assistant(visit) and not self._attendance.away else []
        return [*own, *(route for route in routes if route != ASSISTANT and key.admits(route))]

    def missing(self, visit: Visit) -> dict[str, str]:
        """The models that this key might use and that do not answer here, with the reason."""
        away = self._attendance.away
        return {ASSISTANT: away} if away and self._offers_assistant(visit) else {}

    def require(self, model: str, visit: Visit) -> None:
        """Refused for a model that there is not, or not for this key, or that does not answer here."""
        key = visit.admitted
        if model == ASSISTANT:
            allowed = self._offers_assistant(visit)
        else:
            allowed = self._gateway.router.knows(model) and key.admits(model)
        if not allowed:
            raise unknown_model(model)
        visit.model = model
        if model == ASSISTANT:
            self._attendance.require()

    def answer(self, form: ChatForm, visit: Visit, line: Line) -> Json:
        """One whole completion; raises what `refusal_of` knows."""
        request = request_of(form, self._settings, line)
        begun = self._begun(form, request, visit)
        if isinstance(begun, Kept):
            visit.finish = begun.finish
            return begun.completion
        try:
            with closing(self._events(form, request, visit, line, streamed=False)) as events:
                completion, visit.finish = whole(events, completion_id(), form.model)
        except BaseException:
            self._remembering.failed(begun)
            raise
        self._remembering.done(begun, visit, completion, visit.finish)
        return completion

    def stream(self, form: ChatForm, visit: Visit, line: Line) -> Iterator[Piece | Finish]:
        """The completion in pieces, none of which is ever taken back; raises as `answer`."""
        request = request_of(form, self._settings, line)
        begun = self._begun(form, request, visit)
        if isinstance(begun, Kept):
            visit.finish = begun.finish
            yield from (e for e in replayed(begun.completion, begun.finish) if not isinstance(e, Restart))
            return
        seen: list[Event] = []
        try:
            with closing(self._events(form, request, visit, line, streamed=True)) as events:
                for event in continued(events):
                    if isinstance(event, Finish):
                        visit.finish = event
                        # Kept before the client knows that it is whole, so that its next request finds it.
                        self._done(begun, visit, [*seen, event], form)
                    elif begun.is_kept:
                        seen.append(event)
                    yield event
        except BaseException:
            if visit.finish is None:
                self._remembering.failed(begun)
            raise

    def _offers_assistant(self, visit: Visit) -> bool:
        return self._assistant is not None and visit.admitted.reads_documents

    def _done(self, work: Work, visit: Visit, events: list[Event], form: ChatForm) -> None:
        if work.is_kept:
            completion, finish = whole(events, completion_id(), form.model)
            self._remembering.done(work, visit, completion, finish)

    def _begun(self, form: ChatForm, request: ModelRequest, visit: Visit) -> Kept | Work:
        attribute(visit, self._person_of)
        self._gate.take(visit.admitted, prompt_tokens(request) + request.most_tokens)
        return self._remembering.begin(form, visit)

    def _events(
        self, form: ChatForm, request: ModelRequest, visit: Visit, line: Line, streamed: bool
    ) -> Generator[Event, None, None]:
        if form.model == ASSISTANT and self._assistant is not None:
            with self._attendance.answering():
                for event in self._assistant.events(form.messages, visit, streamed):
                    yield event
                    if line.gone:
                        raise CallerGone
            return
        yield from self._gateway.stream(request, visit.caller(), visit.data_class)


def attribute(visit: Visit, person_of: Callable[[str], Person | None]) -> None:
    """Charge to the end user whom the application names, where that is a person of the key's department."""
    if visit.user:
        person = person_of(visit.user)
        if person is not None and person.department == visit.admitted.department:
            visit.person_id = person.id


def completion_id() -> str:
    """A new one."""
    return f"chatcmpl-{uuid.uuid4().hex}"
