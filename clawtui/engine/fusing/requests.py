"""The requests that a fusion makes of the caller's: one for each adviser, and the synthesizer's. Pure: nothing is called."""

from __future__ import annotations

from dataclasses import replace

from clawtui.config.schema import Fusion, ProviderKind
from clawtui.engine.fusing.adviser_prompt import adviser_messages
from clawtui.engine.fusing.evidence import Order, Proposal, with_evidence
from clawtui.engine.plan import has_system_prompt
from clawtui.engine.registry import Registry
from clawtui.engine.request import ChatRequest, Message, Parent, RequestId, Require, Role, Stage, Text

TOKEN_CHARS = 24  # of the random token in a fence


def adviser_request(
    request: ChatRequest, fusion: Fusion, index: int, registry: Registry, request_id: RequestId, whole: RequestId
) -> ChatRequest:
    """Text only, short, and as patient as the fusion says. `whole`: the fused request."""
    target, require = fusion.advisers[index], request.require
    profile = registry.profiles.get(target)
    provider = registry.providers.get(profile.provider) if profile else None
    # Local models that think by default would think the deadline away.
    thinks = provider is not None and provider.local and provider.kind is ProviderKind.OLLAMA
    return ChatRequest(
        messages=adviser_messages(
            _with_default_system(request.messages, target, registry), index, fusion.max_input_chars
        ),
        target=target,
        policy=request.policy,
        strict=request.strict,
        stream=True,
        temperature=fusion.temperature,
        max_tokens=fusion.adviser_max_tokens,
        reasoning_effort="none" if thinks else None,
        require=Require(tags=require.tags, forbid_tags=require.forbid_tags, allow=require.allow, deny=require.deny),
        caller=request.caller,
        request_id=request_id,
        parent=Parent(whole, Stage.ADVISER, index),
        hops=request.hops,
    )


def _with_default_system(messages: tuple[Message, ...], profile_id: str, registry: Registry) -> tuple[Message, ...]:
    """A profile's default system prompt would stand aside for the adviser's instruction, so it is put in here."""
    profile = registry.profiles.get(profile_id)
    default = profile.defaults.system if profile else None
    if default is None or has_system_prompt(messages):
        return messages
    return (Message(Role.SYSTEM, (Text(default),)), *messages)


def synthesizer_request(
    request: ChatRequest, fusion: Fusion, proposals: list[Proposal], order: Order, token: str
) -> ChatRequest:
    """The caller's own request with the proposals as evidence."""
    return replace(
        with_evidence(request, proposals, order, token, anonymous=fusion.anonymous),
        target=fusion.synthesizer,
        model=None,
    )


def largest_request(request: ChatRequest, fusion: Fusion) -> ChatRequest:
    """The synthesizer's, with stand-ins as large as proposals may get: plan and reservation are made with it."""
    size = fusion.max_proposal_chars
    proposals = [Proposal(index, "x" * size, profile) for index, profile in enumerate(fusion.advisers)]
    return synthesizer_request(request, fusion, proposals, Order(tuple(range(len(proposals)))), "0" * TOKEN_CHARS)
