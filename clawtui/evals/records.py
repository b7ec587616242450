"""Results to and from the documents that the store keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from clawtui.config.schema import Retention
from clawtui.engine.engine import Engine
from clawtui.engine.outcome import Cost, Usage, UsageSource
from clawtui.engine.request import Message, RequestId, Role, Text, ToolCall
from clawtui.evals.results import CaseKey, CaseResult, Grade, Run, RunId, RunSettings, Verdict
from clawtui.store.evals import StoredCase, StoredRun

NOT_KEPT = "the policy keeps no text"


def keeps_text(engine: Engine, policy: str | None) -> bool:
    """Whether what is said in a run under this policy may lie on disk."""
    registry = engine.registry
    spec = registry.policies.get(policy or registry.default_policy)
    return spec is not None and spec.retention is Retention.FULL


def stored_run(run: Run) -> StoredRun:
    return StoredRun(run.id, run.at, run.ended, json.dumps(asdict(run.settings)), None)


def read_run(stored: StoredRun, cases: Sequence[StoredCase] = ()) -> Run:
    written: dict[str, Any] = json.loads(stored.settings)
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    held_against = {name: tuple(controls) for name, controls in written.get("held_against", {}).items()}
    summary = json.loads(stored.summary) if stored.summary else {}
    results = tuple(read_case(case) for case in cases)
    return Run(
        id=RunId(stored.id),
        at=stored.at,
        settings=RunSettings(**{**settings, "held_against": held_against}),
        results=results,
        ended=stored.ended,
        stopped=summary.get("stopped", ""),
        spent_usd=summary.get("spent_usd", 0.0),
    )


def stored_case(run: RunId, result: CaseResult, *, keeps_text: bool) -> StoredCase:
    key = result.key
    document: dict[str, Any] = {
        "grades": [asdict(grade) for grade in result.grades],
        "reason": result.reason,
        "kind": result.kind,
        "first_token_ms": result.first_token_ms,
        "usage": asdict(result.usage),
        "cost": asdict(result.cost),
        "request_ids": list(result.request_ids),
        "failovers": result.failovers,
        "model": result.model,
        "weight": result.weight,
        "fingerprint": result.fingerprint,
        "is_cached": result.is_cached,
    }
    if keeps_text:
        document["transcript"] = [written_message(message) for message in result.transcript]
    else:
        # Reasons quote answers, and servers quote prompts in their errors: only the kinds stay.
        document["grades"] = [{**grade, "reason": NOT_KEPT} for grade in document["grades"]]
        document["reason"] = result.kind or result.reason
    return StoredCase(
        run,
        key.suite,
        key.case,
        key.profile,
        key.repeat,
        result.at,
        result.verdict.value,
        result.ms,
        result.cost.usd,
        result.request_id,
        result.cache_key,
        json.dumps(document),
    )


def read_case(stored: StoredCase) -> CaseResult:
    document: dict[str, Any] = json.loads(stored.document)
    usage = document["usage"]
    return CaseResult(
        key=CaseKey(stored.suite, stored.case, stored.profile, stored.repeat),
        verdict=Verdict(stored.verdict),
        grades=tuple(Grade(**grade) for grade in document["grades"]),
        reason=document["reason"],
        kind=document.get("kind", ""),
        ms=stored.ms,
        first_token_ms=document["first_token_ms"],
        usage=Usage(**{**usage, "source": UsageSource(usage["source"])}),
        cost=Cost(**document["cost"]),
        request_ids=tuple(RequestId(each) for each in document["request_ids"]),
        failovers=document["failovers"],
        model=document["model"],
        weight=document["weight"],
        fingerprint=document["fingerprint"],
        at=stored.at,
        is_cached=document["is_cached"],
        transcript=tuple(_read_message(each) for each in document.get("transcript", ())),
        cache_key=stored.cache_key,
    )


def written_message(message: Message) -> dict[str, Any]:
    """Words and calls; of images only that they were there."""
    text = message.text + "".join(f"\n[{media.kind.value} {media.name}]" for media in message.media)
    written: dict[str, Any] = {"role": message.role.value, "text": text}
    if message.tool_calls:
        written["tool_calls"] = [asdict(call) for call in message.tool_calls]
    if message.name:
        written["name"] = message.name
    return written


def _read_message(written: dict[str, Any]) -> Message:
    calls = tuple(ToolCall(**call) for call in written.get("tool_calls", ()))
    parts = (Text(written["text"]),) if written["text"] else ()
    return Message(Role(written["role"]), parts, calls, name=written.get("name"))
