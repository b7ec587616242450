"""What a request needs of a model, read off the request itself, the policy and the caller's requirements. Pure."""

from __future__ import annotations

from clawtui.engine.capabilities import Capabilities
from clawtui.engine.registry import PolicySpec
from clawtui.engine.request import ChatRequest, MediaKind, Role
from clawtui.engine.tokens import input_tokens
from clawtui.engine.verdicts import Needs

USUAL_OUTPUT = 1_024  # kept free in the window where nobody says how long the answer may be


def needs_of(request: ChatRequest, policy: PolicySpec) -> Needs:
    vision = audio = system = False
    for message in request.messages:
        if message.role is Role.SYSTEM or message.role is Role.DEVELOPER:
            system = True
        for media in message.media:
            vision = vision or media.kind is MediaKind.IMAGE
            audio = audio or media.kind is MediaKind.AUDIO
    wishes: list[str] = []
    if request.stream:
        wishes.append("streaming")
    if len(request.tools) > 1:
        wishes.append("parallel_tools")
    if request.reasoning_effort is not None:
        wishes.append("reasoning")
    if request.messages and request.messages[-1].role is Role.ASSISTANT:
        wishes.append("prefill")
    tokens = input_tokens(request)
    return Needs(
        tools=bool(request.tools),
        vision=vision,
        audio=audio,
        json_schema=request.schema is not None,
        system_messages=system,
        extra=policy.require | request.require.capabilities,
        context_tokens=tokens + (request.max_tokens or USUAL_OUTPUT),
        input_tokens=tokens,
        min_context_tokens=max(policy.min_context_tokens, request.require.min_context_tokens),
        wishes=tuple(wishes),
    )


def output_room(max_tokens: int | None, capabilities: Capabilities) -> int:
    """What an answer may take of the window: plan and attempt must agree on it."""
    return max_tokens or min(USUAL_OUTPUT, capabilities.max_output_tokens.value or USUAL_OUTPUT)


def hard_needs(needs: Needs) -> tuple[str, ...]:
    """Names of the capabilities that a model must not be known to lack."""
    named = [name for name in ("tools", "vision", "audio", "json_schema", "system_messages") if getattr(needs, name)]
    return (*named, *sorted(needs.extra.difference(named)))
