"""From a case to the requests that it makes, one a turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clawtui.engine.request import ChatRequest, Message, Require, Role, Text, ToolCall, assistant, system, user
from clawtui.evals.cases import Case
from clawtui.evals.long_text import long_text
from clawtui.evals.results import Answer


class NoSuchCall(Exception):
    """A tool's result answers a call that the model did not make: the case has failed, in words."""


def request_for(
    case: Case,
    earlier: Sequence[Answer],
    *,
    target: str,
    window: int | None,
    strict: bool,
    policy: str | None = None,
) -> ChatRequest:
    """The request of the turn behind those that were answered. Raises NoSuchCall."""
    messages: list[Message] = [system(case.system)] if case.system else []
    for number, turn in enumerate(case.turns[: len(earlier) + 1]):
        before = earlier[number - 1] if number else None
        said = _answering(turn.messages, list(before.tool_calls) if before else [])
        messages += _with_extras(case, said, window) if number == 0 else said
        if number < len(earlier):
            answer = earlier[number]
            messages.append(assistant(answer.text, *answer.tool_calls))
    return ChatRequest(
        tuple(messages),
        target=target,
        policy=policy,
        strict=strict,
        tools=case.tools,
        tool_choice=case.tool_choice,
        parallel_tools=case.parallel_tools,
        schema=case.schema,
        stream=True,
        temperature=case.temperature,
        max_tokens=case.max_tokens,
        reasoning_effort=case.reasoning_effort,
        require=Require(capabilities=case.needs),
        caller="eval",
    )


def _answering(messages: Sequence[Message], open_calls: list[ToolCall]) -> list[Message]:
    """A tool's result is tied to the call of its name, in the answer or the assistant's message before it; each call is
    answered once."""
    said: list[Message] = []
    for message in messages:
        if message.tool_calls:
            open_calls = list(message.tool_calls)
        if message.role is Role.TOOL and message.tool_call_id is None:
            call = next((call for call in open_calls if call.name == message.name), None)
            if call is None:
                made = ", ".join(call.name for call in open_calls) or "none"
                raise NoSuchCall(f"the answer before made no call of {message.name} (calls: {made})")
            open_calls.remove(call)
            message = replace(message, tool_call_id=call.id)
        said.append(message)
    return said


def _with_extras(case: Case, messages: list[Message], window: int | None) -> list[Message]:
    """Images and the long text go with the first thing that the user says."""
    if case.long_text is not None:
        words = f"{long_text(case.long_text, window)}\n\n{case.long_text.question}"
        messages = [*messages, user(words)]
    if not case.images:
        return messages
    place = next(number for number, message in enumerate(messages) if message.role is Role.USER)
    first = messages[place]
    messages[place] = replace(first, parts=(Text(first.text), *case.images))
    return messages
