"""Chooses what a model says: rules first, then its source; cut to what was asked for and metered. Sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clawtui.simulator.asked import Asked, OfferedTool, ToolChoice
from clawtui.simulator.fitting import fit
from clawtui.simulator.script import Finish, ModelScript, Rule, ScriptedCall, Source, Where
from clawtui.simulator.tokens import count_tokens, first_tokens, split_tokens

_SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Call:
    """`arguments` is text: a script may make a model write what is no JSON."""

    id: str
    name: str
    arguments: str

    @property
    def as_json(self) -> Any:
        """For the dialects that carry arguments as a value; text that is no JSON becomes an empty object."""
        try:
            return json.loads(self.arguments)
        except ValueError:
            return {}


@dataclass(frozen=True, slots=True)
class Usage:
    """Cached tokens are part of the input, reasoning is part of the output."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    id: str
    model: str
    created: int
    text: str
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish: Finish = Finish.STOP
    stopped_at: str | None = None
    usage: Usage | None = None
    output_tokens: int = 0
    chunk: int | None = None  # characters a chunk; None: a token
    reasoning_field: str = "reasoning_content"
    tokens_per_s: float | None = None

    def chunks(self, text: str) -> list[str]:
        if self.chunk is None:
            return split_tokens(text)
        return [text[start : start + self.chunk] for start in range(0, len(text), self.chunk)]


@dataclass(frozen=True, slots=True)
class Serial:
    """What makes one request's answer its own, and the same again in a second run."""

    provider: str
    number: int  # the how many-th request to this model
    id: str
    created: int


@dataclass(frozen=True, slots=True)
class _Reply:
    text: str | None
    source: Source
    calls: tuple[ScriptedCall, ...]
    reasoning: str
    finish: Finish
    groups: tuple[str, ...] = ()


def make_answer(asked: Asked, model: ModelScript, serial: Serial) -> Answer:
    reply = _chosen(asked, model, serial)
    calls = _calls(asked, reply, serial)
    text = _text(asked, reply, serial, called=bool(calls))
    finish, stopped_at = (Finish.TOOLS if calls else reply.finish), None
    for word in asked.stop:
        if word and word in text:
            text, finish, stopped_at = text[: text.index(word)], Finish.STOP, word
            calls = ()
    reasoning = reply.reasoning if asked.wants_reasoning else ""
    if asked.max_tokens is not None:
        reasoning, text, calls, cut = _cut(asked.max_tokens, reasoning, text, calls)
        finish = Finish.LENGTH if cut else finish
    thought = count_tokens(reasoning)
    output = thought + count_tokens(text) + sum(count_tokens(call.arguments) + 4 for call in calls)
    metered = Usage(asked.input_tokens, output, min(model.cached_tokens, asked.input_tokens), thought)
    return Answer(
        id=serial.id,
        model=model.serves_as or asked.model,
        created=serial.created,
        text=text,
        reasoning=reasoning,
        calls=calls,
        finish=finish,
        stopped_at=stopped_at,
        usage=metered if model.usage else None,
        output_tokens=output,
        chunk=None if model.chunk == "word" else model.chunk,
        reasoning_field=model.reasoning_field,
        tokens_per_s=model.tokens_per_s,
    )


def huge(answer: Answer, size: int) -> Answer:
    """The answer grown to `size` bytes of text, sent in chunks that a socket can keep up with."""
    line = "This simulated line only takes up room. "
    text = (line * (size // len(line) + 1))[:size]
    return replace(answer, text=text, calls=(), chunk=answer.chunk or 8192, finish=Finish.STOP)


def _chosen(asked: Asked, model: ModelScript, serial: Serial) -> _Reply:
    for rule in model.rules:
        groups = _matches(rule, asked)
        if groups is not None:
            reasoning = model.reasoning if rule.reasoning is None else rule.reasoning
            source = rule.source if rule.text is None or rule.source is not Source.AUTO else Source.TEXT
            return _Reply(rule.text, source, rule.tool_calls, reasoning, rule.finish or model.finish, groups)
    text = model.text
    if text is None and model.variants:
        text = model.variants[(serial.number - 1) % len(model.variants)]
    source = Source.TEXT if model.source is Source.AUTO and text is not None else model.source
    calls = () if asked.tool_results else model.tool_calls
    return _Reply(text, source, calls, model.reasoning, model.finish)


def _matches(rule: Rule, asked: Asked) -> tuple[str, ...] | None:
    """The groups of a match, or None."""
    results = asked.tool_results
    if bool(results) != (rule.where is Where.TOOL) and rule.where is not Where.ANY:
        return None
    for wanted, given in (
        (rule.has_image, asked.images > 0),
        (rule.has_tools, bool(asked.tools)),
        (rule.has_schema, asked.schema is not None or asked.wants_json),
    ):
        if wanted is not None and wanted != given:
            return None
    match rule.where:
        case Where.USER:
            looked_at = asked.last_user
        case Where.SYSTEM:
            looked_at = asked.system
        case Where.TOOL:
            looked_at = "\n".join(results)
        case Where.ANY:
            looked_at = asked.everything
    found = re.search(rule.match, looked_at)
    return None if found is None else tuple(group or "" for group in found.groups())


def _calls(asked: Asked, reply: _Reply, serial: Serial) -> tuple[Call, ...]:
    if asked.tool_choice is ToolChoice.NONE:
        return ()
    scripted = reply.calls
    if not scripted:
        tool = _tool_to_call(asked, reply)
        scripted = () if tool is None else (ScriptedCall(tool.name),)
    if not asked.parallel_tools:
        scripted = scripted[:1]
    return tuple(
        Call(f"{serial.id[:20]}{index}", call.name, _arguments(call, asked, reply, serial))
        for index, call in enumerate(scripted)
    )


def _tool_to_call(asked: Asked, reply: _Reply) -> OfferedTool | None:
    must = asked.tool_choice is ToolChoice.REQUIRED or asked.named_tool is not None
    may = reply.source is Source.TOOLS or (must and reply.source is Source.AUTO)
    if not asked.tools or not may or (asked.tool_results and not must):
        return None
    return next((tool for tool in asked.tools if tool.name == asked.named_tool), asked.tools[0])


def _arguments(call: ScriptedCall, asked: Asked, reply: _Reply, serial: Serial) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    if call.arguments is None:
        schema = next((tool.parameters for tool in asked.tools if tool.name == call.name), {"type": "object"})
        return _dumps(fit(schema))
    return _dumps(_filled_value(call.arguments, asked, reply, serial))


def _filled_value(value: Any, asked: Asked, reply: _Reply, serial: Serial) -> Any:
    match value:
        case str():
            return _filled(value, asked, reply, serial)
        case list():
            return [_filled_value(item, asked, reply, serial) for item in value]
        case Mapping():
            return {key: _filled_value(item, asked, reply, serial) for key, item in value.items()}
        case _:
            return value


def _text(asked: Asked, reply: _Reply, serial: Serial, *, called: bool) -> str:
    if reply.source is Source.ECHO:
        return asked.last_user
    wants_json = asked.schema is not None or asked.wants_json
    if reply.source is Source.JSON or (reply.source is Source.AUTO and wants_json and not called):
        return _dumps(fit(asked.schema if asked.schema is not None else {"type": "object"}))
    if reply.text is not None:
        return _filled(reply.text, asked, reply, serial)
    if called:
        return ""
    if results := asked.tool_results:
        return f"Simulated answer from {asked.model}: the tool said {'; '.join(results)}"
    said = " ".join(asked.last_user.split())
    quoted = said if len(said) <= 80 else said[:79] + "…"
    return (
        f"Simulated answer from {asked.model}: you said “{quoted}”. "
        "Nothing here was thought; the simulator plays this model."
    )


def _filled(text: str, asked: Asked, reply: _Reply, serial: Serial) -> str:
    """Fills `{{model}}`, `{{provider}}`, `{{last_user}}`, `{{system}}`, `{{tool_result}}`, `{{number}}` and the groups
    of the rule's match, `{{1}}` and on; any other slot stays as it is."""

    def slot(found: re.Match[str]) -> str:
        name = found[1]
        if name.isdigit():
            return reply.groups[int(name) - 1] if 0 < int(name) <= len(reply.groups) else found[0]
        match name:
            case "model":
                return asked.model
            case "provider":
                return serial.provider
            case "last_user":
                return asked.last_user
            case "system":
                return asked.system
            case "tool_result":
                return "; ".join(asked.tool_results)
            case "number":
                return str(serial.number)
            case _:
                return found[0]

    return _SLOT.sub(slot, text) if "{{" in text else text


def _cut(limit: int, reasoning: str, text: str, calls: tuple[Call, ...]) -> tuple[str, str, tuple[Call, ...], bool]:
    """Reasoning spends the limit first, as with the real services; a call that no longer fits is not made."""
    thought = count_tokens(reasoning)
    if thought > limit:
        return first_tokens(reasoning, limit), "", (), True
    left = limit - thought
    if count_tokens(text) > left:
        return reasoning, first_tokens(text, left), (), True
    left -= count_tokens(text)
    kept: list[Call] = []
    for call in calls:
        left -= count_tokens(call.arguments)
        if left < 0:
            return reasoning, text, tuple(kept), True
        kept.append(call)
    return reasoning, text, calls, False


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
