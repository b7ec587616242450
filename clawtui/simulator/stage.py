"""Who plays a request, and how: key, fault, model and answer, in this order; one record for each in the log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from clawtui.simulator.answers import Serial, make_answer
from clawtui.simulator.asked import Asked
from clawtui.simulator.delivery import Delivery, Sleep, forever, reset
from clawtui.simulator.dialects import DIALECTS
from clawtui.simulator.dialects.ollama import shown_model
from clawtui.simulator.dialects.openai import listed_model
from clawtui.simulator.dialects.protocol import Arrived, ListedModel, encode
from clawtui.simulator.faults import FaultBoard, Scope
from clawtui.simulator.keys import Admission, KeyDesk, presented_key
from clawtui.simulator.log import Outcome, Received, RequestLog
from clawtui.simulator.named import NAMED_MODELS, named_model
from clawtui.simulator.paths import Place, Target
from clawtui.simulator.problem import Problem, ProblemKind, Refused
from clawtui.simulator.script import DialectKind, Endpoint, Fault, FaultKind, ModelScript, Script

_KEY_HEADERS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"})


class Stage:
    """Everything that is played, and the state that playing it needs."""

    def __init__(self, script: Script, sleep: Sleep, now: Callable[[], float], wall: Callable[[], float]) -> None:
        self.script = script
        self.log = RequestLog()
        self.faults = FaultBoard(script.seed, now)
        self.models: dict[str, ModelScript] = dict(script.models)
        self.closing = False
        self._keys = KeyDesk(now, wall)
        self._numbers: Counter[str] = Counter()
        self._sleep, self._now = sleep, now
        self._began = now()
        self.faults.load(script)

    @property
    def elapsed(self) -> float:
        return self._now() - self._began

    def restart_clocks(self) -> None:
        self._began = self._now()
        self.faults.restart_clocks()

    def reset(self) -> None:
        self.log.reset()
        self._keys.reset()
        self._numbers.clear()
        self.models = dict(self.script.models)
        self._began = self._now()
        self.faults.load(self.script)

    async def answer(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        record, headers, secret = self._record(request, target)
        record.number = self.log.received + 1
        self.log.opened(record)
        try:
            response = await self._respond(request, target, record, headers, secret)
            record.status = response.status
            if record.outcome is Outcome.RUNNING:
                record.outcome = Outcome.ANSWERED
            if response.prepared:
                # The last bytes go out before the request counts as ended.
                await response.write_eof()
            return response
        except (asyncio.CancelledError, ConnectionError) as error:
            record.outcome = Outcome.CLOSED if self.closing else self._ended_by(record)
            if isinstance(error, ConnectionError):
                return web.Response(status=500)  # never sent: nobody is there
            raise
        finally:
            record.ended = self._now()
            self.log.closed(record)

    def _ended_by(self, record: Received) -> Outcome:
        """A caller who leaves a hanging or stalled answer has gone away; a cut or reset was our doing."""
        ours = record.fault in (FaultKind.CUT, FaultKind.RESET) and record.outcome is Outcome.FAULTED
        return Outcome.FAULTED if ours else Outcome.DISCONNECTED

    def _record(self, request: web.BaseRequest, target: Target) -> tuple[Received, dict[str, str], str | None]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        secret = presented_key(headers, request.query)
        record = Received(
            number=0,
            provider=target.provider,
            dialect=target.dialect,
            path=request.path,
            started=self._now(),
            headers={name: value for name, value in headers.items() if name not in _KEY_HEADERS},
            model=target.model or "",
        )
        return record, headers, secret

    async def _respond(
        self, request: web.BaseRequest, target: Target, record: Received, headers: dict[str, str], secret: str | None
    ) -> web.StreamResponse:
        dialect = DIALECTS[target.dialect]
        request_id = f"{self.script.seed:x}{record.number:012x}"
        delivery = Delivery(
            request, record, dialect, dialect.answer_headers(request_id), self._sleep, self._now, self.log.changed
        )
        raw = await request.read()
        record.size = len(raw)
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            return self._refuse(delivery, Problem(ProblemKind.BAD_REQUEST, "We could not parse the JSON body."))
        record.body = body
        arrived = Arrived(
            body=body if isinstance(body, dict) else {},
            headers=headers,
            model=target.model,
            stream=target.stream,
            sse=request.query.get("alt") == "sse",
        )
        named = target.model or arrived.body.get("model")
        record.model = named if isinstance(named, str) else ""
        admission = self._admit(target, secret, counts=True)
        record.key = admission.label
        if admission.limits is not None:
            delivery.headers |= dialect.limit_headers(admission.limits)
        if admission.problem is not None:
            return self._refuse(delivery, replace(admission.problem, model=record.model))
        try:
            asked = dialect.read(arrived)
        except Refused as refused:
            return self._refuse(delivery, refused.problem)
        except RecursionError:
            return self._refuse(delivery, Problem(ProblemKind.BAD_REQUEST, "The body is nested too deeply."))
        return await self._play(delivery, target, asked)

    def _admit(self, target: Target, secret: str | None, *, counts: bool) -> Admission:
        provider = self.script.providers.get(target.provider)
        return self._keys.admit(target.provider, provider, secret, target.dialect, counts=counts)

    async def _play(self, delivery: Delivery, target: Target, asked: Asked) -> web.StreamResponse:
        record = delivery.record
        record.model, record.stream = asked.model, asked.stream
        record.roles = tuple(turn.speaker.value for turn in asked.turns)
        record.images, record.sounds = asked.images, asked.sounds
        record.tools = tuple(tool.name for tool in asked.tools)
        model = self._model(target.provider, asked.model)
        number = self._numbers[f"{target.provider}/{asked.model}"] = (
            self._numbers[f"{target.provider}/{asked.model}"] + 1
        )
        draws = random.Random(f"{self.script.seed}:{target.provider}:{asked.model}:{number}")
        scope = Scope(target.provider, asked.model, record.key)
        fault = delivery.fault = self.faults.due(scope, Endpoint.CHAT)
        if fault is not None:
            record.fault = fault.kind
            if delivery.strikes_before_answer():
                return await delivery.fail_at_once(fault, draws)
        if model is None:
            return self._refuse(delivery, Problem(ProblemKind.MODEL_NOT_FOUND, model=asked.model))
        if (problem := _objection(asked, model)) is not None:
            return self._refuse(delivery, problem)
        if asked.window is not None and asked.input_tokens > asked.window:
            asked = asked.forget_oldest(asked.window)
        created = 1_750_000_000 + int(self._now() - self._began)
        serial = Serial(target.provider, number, f"{draws.getrandbits(96):024x}", created)
        answer = make_answer(asked, model, serial)
        delay = model.first_token_s
        if model.jitter:
            delay *= 1 + draws.uniform(-model.jitter, model.jitter)
            if model.tokens_per_s:
                faster = 1 + draws.uniform(-model.jitter, model.jitter)
                model = replace(model, tokens_per_s=max(0.1, model.tokens_per_s * faster))
        if asked.stream:
            return await delivery.stream(answer, asked, model, delay)
        return await delivery.whole(answer, model, delay)

    def _refuse(self, delivery: Delivery, problem: Problem) -> web.Response:
        delivery.record.outcome = Outcome.REFUSED
        return delivery.refuse(problem)

    def _model(self, provider: str, name: str) -> ModelScript | None:
        """What plays under this name; None where the provider does not have it."""
        script = self.script.providers.get(provider)
        found = self.models.get(f"{provider}/{name}") or self.models.get(name)
        if script is not None and script.models and name not in script.models:
            return None
        if found is not None:
            return found
        if (played := named_model(name)) is None:
            return self.script.default
        scope = Scope(model=f"{provider}/{name}")
        if played.faults and not self.faults.knows(scope):
            for fault in reversed(played.faults):
                self.faults.add(scope, fault)
        return played

    async def describe(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        record, _, secret = self._record(request, target)
        record.number = len(self.log.listings) + 1
        self.log.listings.append(record)
        dialect = DIALECTS[target.dialect]
        delivery = Delivery(request, record, dialect, {}, self._sleep, self._now, self.log.changed)
        raw = await request.read()
        admission = self._admit(target, secret, counts=False)
        record.key = admission.label
        try:
            if admission.problem is not None:
                return self._refuse(delivery, admission.problem)
            fault = delivery.fault = self.faults.due(Scope(target.provider, None, record.key), Endpoint.LISTS)
            if fault is not None:
                record.fault = fault.kind
                if delivery.strikes_before_answer():
                    return await delivery.fail_at_once(fault, random.Random(self.script.seed))
                await self._odd_listing(fault, request)
            record.outcome = Outcome.ANSWERED
            return self._listing(delivery, target, raw)
        except asyncio.CancelledError:
            record.outcome = Outcome.CLOSED if self.closing else Outcome.DISCONNECTED
            raise
        finally:
            record.ended = self._now()

    async def _odd_listing(self, fault: Fault, request: web.BaseRequest) -> None:
        """A list has no chunks: what would strike between them strikes before it."""
        match fault.kind:
            case FaultKind.SLOW_FIRST_TOKEN:
                await self._sleep(fault.seconds)
            case FaultKind.STALL:
                await forever()
            case FaultKind.CUT | FaultKind.RESET:
                reset(request)
            case _:
                pass

    def _listing(self, delivery: Delivery, target: Target, raw: bytes) -> web.Response:
        provider = target.provider
        match target.place:
            case Place.MODELS:
                listed = [
                    ListedModel(name, self._model(provider, name) or ModelScript()) for name in self._names(provider)
                ]
                body = delivery.dialect.models(listed)
            case Place.MODEL:
                name = target.model or ""
                model = self._model(provider, name)
                if model is None:
                    return self._refuse(delivery, Problem(ProblemKind.MODEL_NOT_FOUND, model=name))
                body = _one_model(delivery, target.dialect, ListedModel(name, model))
            case Place.SHOW:
                with contextlib.suppress(ValueError, RecursionError):
                    asked = json.loads(raw)
                    name = str(asked.get("model", "")) if isinstance(asked, dict) else ""
                    model = self._model(provider, name)
                    if model is not None and name:
                        return web.Response(body=encode(shown_model(model)), content_type="application/json")
                return self._refuse(delivery, Problem(ProblemKind.MODEL_NOT_FOUND, model=delivery.record.model))
            case _:
                body = {"version": "0.12.0"}
        return web.Response(body=encode(body), content_type="application/json")

    def _names(self, provider: str) -> list[str]:
        """The models that a provider lists: those it is pinned to, else its own and the shared ones."""
        script = self.script.providers.get(provider)
        if script is not None and script.models:
            return list(script.models)
        names: list[str] = []
        for name in self.models:
            owner, slash, rest = name.partition("/")
            if slash and owner == provider:
                names.append(rest)
            elif not slash or owner not in self.script.providers:
                names.append(name)
        return names or list(NAMED_MODELS)


def _one_model(delivery: Delivery, dialect: DialectKind, listed: ListedModel) -> dict[str, Any]:
    if dialect is DialectKind.OPENAI:
        return listed_model(listed.name)
    several: dict[str, Any] = delivery.dialect.models([listed])
    return dict(next(iter(several.values()))[0])


def _objection(asked: Asked, model: ModelScript) -> Problem | None:
    """What this model does not take, though the dialect does."""
    for name in model.unsupported:
        if name in asked.parameters:
            return Problem(ProblemKind.UNSUPPORTED, parameter=name, model=asked.model)
    for name, given in (("tools", bool(asked.tools)), ("images", asked.images > 0)):
        if given and name in model.lacks:
            return Problem(ProblemKind.UNSUPPORTED, parameter=name, model=asked.model)
    if model.max_output is not None and asked.max_tokens is not None and asked.max_tokens > model.max_output:
        return Problem(
            ProblemKind.OUTPUT_CAP,
            parameter="max_tokens",
            model=asked.model,
            given=asked.max_tokens,
            limit=model.max_output,
        )
    if model.context is not None and (needed := asked.input_tokens) > model.context:
        return Problem(ProblemKind.CONTEXT, parameter="messages", model=asked.model, given=needed, limit=model.context)
    return None
