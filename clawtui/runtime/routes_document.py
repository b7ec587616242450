"""The public JSON of routes and credentials: what `clawtui routes --json` prints and the Routes pane exports."""

from __future__ import annotations

from clawtui.engine.credentials import CredentialView
from clawtui.runtime.documents import Document, iso, route_document
from clawtui.runtime.routes_view import RouteRow


def row_document(row: RouteRow) -> Document:
    last = None
    if row.last_failure is not None:
        last = {"kind": row.last_failure, "at": iso(row.last_failure_at)}
    return {
        **(route_document(row.route) or {}),
        "role": row.role.value,
        "ready": row.ready,
        "reason": row.reason,
        "circuit": {
            "state": row.circuit.state.value,
            "failures": row.circuit.failures,
            "threshold": row.circuit.threshold,
            "retry_in_s": row.circuit.retry_in_s,
            "cause": row.circuit.cause,
        },
        "requests": row.requests,
        "retries": row.retries,
        "failures": row.failures,
        "in_flight": row.in_flight,
        "success_rate": row.success_rate,
        "p50_ms": row.p50_ms,
        "p95_ms": row.p95_ms,
        "first_token_p50_ms": row.first_token_p50_ms,
        "tokens_per_s": row.tokens_per_s,
        "last_failure": last,
    }


def credential_document(view: CredentialView) -> Document:
    return {
        "provider": view.provider,
        "label": view.label,
        "state": view.state.value,
        "cause": view.cause or None,
        "model": view.model,
        "retry_in_s": view.retry_in_s,
        "uses": view.uses,
    }
