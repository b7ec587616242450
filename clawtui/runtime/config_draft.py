"""A draft of the config file: changed step by step in memory, examined as a whole, saved only when somebody says so."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from clawtui.config.checks import examine
from clawtui.config.discovery import as_file
from clawtui.config.disk import ABSENT
from clawtui.config.document import Document
from clawtui.config.editing import Value
from clawtui.config.findings import Finding
from clawtui.config.fingerprints import fingerprint_key
from clawtui.config.schema import Config
from clawtui.config.versions import Versions
from clawtui.engine.engine import Engine
from clawtui.engine.fusing.readiness import Preview, preview
from clawtui.engine.probing import Probe
from clawtui.engine.request import ChatRequest, user
from clawtui.runtime.models_view import ModelRow, model_rows
from clawtui.runtime.runtime import Origin, Runtime

TEST_PROMPT = "Answer with one word: ready"
TEST_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Examined:
    """What the draft says and what is wrong with it. Rows are empty where it has errors."""

    tree: Mapping[str, Any]
    findings: tuple[Finding, ...]
    is_right: bool
    profiles: Mapping[str, ModelRow] = field(default_factory=dict)
    fusions: Mapping[str, Preview] = field(default_factory=dict)
    not_ready: Mapping[str, str] = field(default_factory=dict)  # providers, and why


class ConfigDraft:
    def __init__(self, document: Document, saved: str) -> None:
        self.document = document
        self._saved = saved  # what is on the disk, as far as we know

    @property
    def is_changed(self) -> bool:
        return self.document.text != self._saved

    @property
    def saved(self) -> str:
        return self._saved

    def set(self, path: tuple[str, ...], value: Value) -> None:
        self.document.set(path, value)

    def remove(self, path: tuple[str, ...]) -> None:
        self.document.remove(path)

    def discard(self) -> None:
        self.document.text = self._saved


def versions_of(runtime: Runtime) -> Versions:
    return Versions(runtime.paths.config_versions, runtime.paths.config_file)


async def open_draft(runtime: Runtime) -> ConfigDraft:
    """Of the file; where there is none, of what was found on this machine. Raises NotEditable."""
    document = await asyncio.to_thread(Document.open, runtime.paths.config_file)
    saved = document.text
    if document.fingerprint == ABSENT and runtime.state.origin is Origin.DISCOVERED and runtime.state.discovered:
        document.text = as_file(runtime.state.discovered)
    return ConfigDraft(document, saved)


async def examined(runtime: Runtime, text: str) -> Examined:
    config, findings = await asyncio.to_thread(examine, text, runtime.environ, runtime.paths.config_file, runtime.keys)
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        tree = {}
    if config is None:
        return Examined(tree, findings, False)
    async with draft_engine(runtime, config) as engine:
        registry = engine.registry
        return Examined(
            tree,
            findings,
            True,
            {row.id: row for row in model_rows(engine)},
            {name: preview(engine, name) for name in registry.fusions},
            {name: reason for name in registry.providers if (reason := registry.not_ready(name))},
        )


@asynccontextmanager
async def draft_engine(runtime: Runtime, config: Config) -> AsyncIterator[Engine]:
    """An engine on the draft, beside the one in force: with its ledger, so that what it asks is paid and traced like
    anything else, and with a health of its own."""
    key = await asyncio.to_thread(fingerprint_key, runtime.paths.fingerprint_key)
    engine = Engine(
        config,
        environ=runtime.environ,
        secret_key=key,
        clock=runtime.clock,
        ledger=runtime.store.ledger,
        bus=runtime.bus,
    )
    try:
        yield engine
    finally:
        await engine.aclose()


async def save_draft(runtime: Runtime, draft: ConfigDraft, *, over_changes: bool = False) -> None:
    """Raises ChangedOnDisk, NotSaved. What was there is kept as a version; the new one comes into force at once."""
    over = None
    if over_changes:
        over = (await asyncio.to_thread(Document.open, runtime.paths.config_file)).fingerprint
    await asyncio.to_thread(draft.document.save, versions_of(runtime), over)
    draft._saved = draft.document.text
    await runtime.reload()


async def undo_save(runtime: Runtime, draft: ConfigDraft) -> None:
    """Raises NothingToUndo, ChangedOnDisk, NotSaved."""
    await asyncio.to_thread(draft.document.undo, versions_of(runtime))
    draft._saved = draft.document.text
    await runtime.reload()


# ---- trying it


@dataclass(frozen=True, slots=True)
class Tried:
    """The model list, then one tiny request. `request` is None where it was not sent."""

    probe: Probe
    lists_model: bool | None
    answered: str = ""
    error: str = ""
    cost_usd: float | None = None
    ms: float | None = None


async def models_of(runtime: Runtime, text: str, provider: str) -> Probe:
    """What the provider of the draft lists. Free. Raises KeyError where the draft knows none of that name."""
    config, _ = await asyncio.to_thread(examine, text, runtime.environ)
    if config is None:
        return Probe(provider, False, error="the draft has errors; mend them first")
    async with draft_engine(runtime, config) as engine:
        if provider not in engine.registry.providers:
            return Probe(provider, False, error="no profile of the draft uses this provider")
        return await engine.probe(provider)


async def worst_cost(runtime: Runtime, text: str, profile: str) -> float | None:
    """Of the tiny request; None where the price is unknown."""
    config, _ = await asyncio.to_thread(examine, text, runtime.environ)
    if config is None:
        return None
    async with draft_engine(runtime, config) as engine:
        plan = engine.plan(_test_request(profile))
        return plan.candidates[0].reserve_usd if plan.candidates else None


async def try_profile(runtime: Runtime, text: str, profile: str) -> Tried:
    config, _ = await asyncio.to_thread(examine, text, runtime.environ)
    if config is None:
        return Tried(Probe(profile, False, error="the draft has errors; mend them first"), None)
    async with draft_engine(runtime, config) as engine:
        spec = engine.registry.profiles[profile]
        probe = await engine.probe(spec.provider)
        lists = any(model.id == spec.model for model in probe.models) if probe.models else None
        trace = await engine.ask(_test_request(profile))
    error = trace.error.message if trace.error is not None else ""
    return Tried(probe, lists, trace.text.strip()[:80], error, trace.cost.usd, trace.total_ms)


def _test_request(profile: str) -> ChatRequest:
    return ChatRequest((user(TEST_PROMPT),), target=profile, max_tokens=TEST_TOKENS, strict=True, caller="profiles")
