"""Small builders for texts, files and folders that config tests are about."""

from __future__ import annotations

from clawtui.config.checks import check
from clawtui.config.findings import Finding, Severity
from clawtui.config.key_checks import KeyCheck

FIRST = 'default_profile = "fast"\n'
FAST = '[profiles.fast]\nprovider = "ollama"\nmodel = "qwen3:8b"\n'
STRONG = '[profiles.strong]\nprovider = "anthropic"\nmodel = "claude-sonnet-4-5"\n'
# A rare alphabet, so that a leak is found by a search for any part of it.
SENTINEL = "qzxjvk7QZXJVK3wqzxjv9KQZXJ"


def findings(text: str, environ: dict[str, str] | None = None, keys: KeyCheck | None = None) -> tuple[Finding, ...]:
    return check(text, environ or {}, keys=keys)


def errors(text: str, environ: dict[str, str] | None = None, keys: KeyCheck | None = None) -> dict[str, Finding]:
    """Errors by path."""
    return {f.path: f for f in findings(text, environ, keys) if f.severity is Severity.ERROR}


def warnings(text: str, environ: dict[str, str] | None = None, keys: KeyCheck | None = None) -> dict[str, Finding]:
    return {f.path: f for f in findings(text, environ, keys) if f.severity is Severity.WARNING}
