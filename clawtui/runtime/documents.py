"""The public JSON documents of requests: what `ask`, `explain`, `trace` and `traces` print. Keys are never renamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, assert_never

from clawtui.engine.events import (
    AdviserProgress,
    AttemptFailed,
    AttemptStarted,
    Completed,
    Delta,
    Failed,
    Planned,
    ReasoningDelta,
    RequestEvent,
    Restarted,
    SynthesisStarted,
    ToolCalled,
    Waiting,
)
from clawtui.engine.outcome import Adviser, Attempt, FusionRecord, Outcome, RequestError, Trace, Usage
from clawtui.engine.request import Route, ToolCall
from clawtui.engine.verdicts import Needs, Plan

Document = dict[str, Any]


def iso(wall: float | None) -> str | None:
    """ISO 8601 with the local zone."""
    return None if wall is None else datetime.fromtimestamp(wall).astimezone().isoformat(timespec="milliseconds")


def route_document(route: Route | None) -> Document | None:
    return None if route is None else {"profile": route.profile, "provider": route.provider, "model": route.model}


def usage_document(usage: Usage) -> Document:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "source": usage.source.value,
    }


def plan_document(plan: Plan) -> list[Document]:
    return [
        {
            "profile": entry.route.profile,
            "provider": entry.route.provider,
            "model": entry.route.model,
            "verdict": entry.verdict.value,
            "reason": entry.reason,
        }
        for entry in plan.entries
    ]


def attempt_document(attempt: Attempt) -> Document:
    return {
        "route": route_document(attempt.route),
        "credential": attempt.credential,
        "outcome": attempt.outcome.value,
        "failure": attempt.failure.value if attempt.failure else None,
        "status": attempt.status,
        "message": attempt.message,
        "decision": attempt.decision.value if attempt.decision else None,
        "wait_ms": attempt.wait_ms,
        "started_ms": attempt.started_ms,
        "first_token_ms": attempt.first_token_ms,
        "ms": attempt.ms,
        "usage": usage_document(attempt.usage),
        "cost_usd": attempt.cost.usd,
    }


def error_document(error: RequestError) -> Document:
    return {"kind": str(error.kind), "message": error.message, "hint": error.hint, "retry_in_s": error.retry_in_s}


def tool_document(call: ToolCall) -> Document:
    return {"id": call.id, "name": call.name, "arguments": call.arguments}


def adviser_document(adviser: Adviser) -> Document:
    took = None
    if adviser.ended_ms is not None and adviser.started_ms is not None:
        took = round(adviser.ended_ms - adviser.started_ms, 1)
    return {
        "label": adviser.label,
        "index": adviser.index,
        "profile": adviser.profile,
        "route": route_document(adviser.route),
        "request_id": adviser.request_id,
        "outcome": adviser.outcome.value,
        "used": adviser.used,
        "failure": adviser.failure,
        "message": adviser.message,
        "text": adviser.text,
        "chars": adviser.text_chars,
        "ms": took,
        "first_token_ms": adviser.first_token_ms,
        "usage": usage_document(adviser.usage),
        "cost_usd": adviser.cost.usd,
    }


def fusion_document(record: FusionRecord) -> Document:
    synthesizer = record.synthesizer
    return {
        "name": record.name,
        "advisers": [adviser_document(adviser) for adviser in record.advisers],
        "order": list(record.order),
        "seed": record.seed,
        "synthesizer": {
            "profile": synthesizer.profile,
            "route": route_document(synthesizer.route),
            "request_id": synthesizer.request_id,
            "started_ms": synthesizer.started_ms,
            "first_token_ms": synthesizer.first_token_ms,
            "ended_ms": synthesizer.ended_ms,
            "usage": usage_document(synthesizer.usage),
            "cost_usd": synthesizer.cost.usd,
        },
        "proposals_used": record.proposals_used,
        "cost_usd": record.cost_usd,
        "adviser_ms": record.adviser_ms,
        "deadline_ms": record.deadline_ms,
        "quorum": record.quorum,
        "alone": asdict(record.alone) if record.alone else None,
        "best_draft": record.best_draft,
        "notes": list(record.notes),
    }


def ask_document(trace: Trace) -> Document:
    document: Document = {
        "request_id": trace.request_id,
        "text": trace.text,
        "finish_reason": trace.finish_reason,
        "requested": trace.requested,
        "selected": trace.selected.profile if trace.selected else None,
        "answered": route_document(trace.answered),
        "served_model": trace.served_model,
        "usage": usage_document(trace.usage),
        "cost_usd": trace.cost.usd,
        "cost_source": trace.cost.source,
        "first_token_ms": trace.first_token_ms,
        "total_ms": trace.total_ms,
        "tool_calls": [tool_document(call) for call in trace.tool_calls],
        "plan": plan_document(trace.plan),
        "attempts": [attempt_document(attempt) for attempt in trace.attempts],
        "interrupted": trace.outcome is Outcome.INTERRUPTED,
        "superseded": [{"route": route_document(each.route), "text": each.text} for each in trace.superseded],
        "policy": trace.policy,
        "notes": list(trace.notes),
        "fusion": fusion_document(trace.fusion) if trace.fusion else None,
    }
    if trace.error is not None:
        document["error"] = error_document(trace.error)
    return document


def trace_document(trace: Trace, children: Sequence[Trace] = ()) -> Document:
    return {
        **ask_document(trace),
        "at": iso(trace.at),
        "caller": trace.caller,
        "outcome": trace.outcome.value,
        "parent": trace.parent,
        "children": [trace_document(child) for child in children],
    }


def needs_document(needs: Needs) -> Document:
    document = asdict(needs)
    document["extra"] = sorted(needs.extra)
    document["wishes"] = list(needs.wishes)
    return document


def explain_document(plan: Plan) -> Document:
    first = plan.candidates[0].route if plan.candidates else None
    return {
        "requested": plan.requested,
        "policy": plan.policy,
        "needs": needs_document(plan.needs),
        "plan": plan_document(plan),
        "would_answer": route_document(first),
        "error": plan.error,
        "notes": list(plan.notes),
    }


def event_document(event: RequestEvent) -> Document:
    """One line of `ask --events`; the last holds the whole document of the request."""
    match event:
        case Planned():
            return {
                "event": "planned",
                "t_ms": event.t_ms,
                "request_id": event.request_id,
                "plan": plan_document(event.plan),
            }
        case Waiting():
            return {
                "event": "waiting",
                "t_ms": event.t_ms,
                "route": route_document(event.route),
                "seconds": event.seconds,
                "reason": event.reason,
            }
        case AttemptStarted():
            return {
                "event": "attempt_started",
                "t_ms": event.t_ms,
                "attempt": event.number,
                "route": route_document(event.route),
                "credential": event.credential,
            }
        case Delta():
            return {"event": "delta", "t_ms": event.t_ms, "text": event.text}
        case ReasoningDelta():
            return {"event": "reasoning", "t_ms": event.t_ms, "text": event.text}
        case ToolCalled():
            return {"event": "tool_call", "t_ms": event.t_ms, **tool_document(event.call)}
        case AttemptFailed():
            return {
                "event": "attempt_failed",
                "t_ms": event.t_ms,
                "attempt": event.number,
                "route": route_document(event.route),
                "credential": event.credential,
                "failure": event.failure.value,
                "status": event.status,
                "message": event.message,
                "decision": event.decision.value,
            }
        case Restarted():
            return {
                "event": "restarted",
                "t_ms": event.t_ms,
                "route": route_document(event.route),
                "superseded_chars": event.superseded_chars,
            }
        case AdviserProgress():
            return {
                "event": "adviser",
                "t_ms": event.t_ms,
                "index": event.index,
                "profile": event.profile,
                "phase": event.phase.value,
                "outcome": event.outcome.value if event.outcome else None,
                "failure": event.failure,
                "text": event.text,
            }
        case SynthesisStarted():
            return {
                "event": "synthesis_started",
                "t_ms": event.t_ms,
                "profile": event.profile,
                "proposals": event.proposals,
            }
        case Completed():
            return {"event": "completed", "t_ms": event.t_ms, "result": ask_document(event.trace)}
        case Failed():
            return {"event": "failed", "t_ms": event.t_ms, "result": ask_document(event.trace)}
        case _:
            assert_never(event)
