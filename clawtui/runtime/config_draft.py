"""A draft of the config file: changed step by step in memory, examined as a whole, saved only when somebody says so."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from threading import Lock
from typing import Any

from clawtui.config.checks import examine
from clawtui.config.discovery import as_file
from clawtui.config.disk import ABSENT, Fingerprint
from clawtui.config.document import Document
from clawtui.config.editing import EditRefused, Value, remove, set_value, stands, value_in
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

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """What the draft says and what is wrong with it. Rows are empty where it has errors."""

    tree: Mapping[str, Any]
    findings: tuple[Finding, ...]
    is_right: bool
    profiles: Mapping[str, ModelRow] = field(default_factory=dict)
    fusions: Mapping[str, Preview] = field(default_factory=dict)
    not_ready: Mapping[str, str] = field(default_factory=dict)  # providers, and why


@dataclass(frozen=True, slots=True)
class Touched:
    """A field or an entry that the draft has changed. `value` is what is to stand there; None takes it out."""

    path: Path
    value: Value | None


class ConfigDraft:
    """The file's text, and what was touched since. The draft's text is always made from the file's, so that a field
    that was emptied and filled again keeps its line, and so that a file that changed meanwhile takes the same changes.
    """

    def __init__(self, document: Document, saved: str) -> None:
        self.document = document
        self._saved = saved  # what is on the disk, as far as we know
        self._begun = document.text  # what the changes are made to: another text where there is no file yet
        self._touched: tuple[Touched, ...] = ()
        self._changing = Lock()  # changes are made in threads, in which a newer one does not wait for an older

    @property
    def is_changed(self) -> bool:
        return self.document.text != self._saved

    @property
    def saved(self) -> str:
        return self._saved

    @property
    def touched(self) -> tuple[Touched, ...]:
        return self._touched

    def set(self, path: Path, value: Value) -> None:
        self._touch(Touched(path, value))

    def remove(self, path: Path) -> None:
        self._touch(Touched(path, None))

    def discard(self) -> None:
        self.settle(self._saved)

    def settle(self, text: str) -> None:
        """The file holds this text now: nothing is touched."""
        self._begun = self._saved = self.document.text = text
        self._touched = ()

    def follow(self, document: Document) -> tuple[Path, ...]:
        """Makes the same changes to the file as it is now. What was changed there as well is returned: ours holds.

        EditRefused, where the new text does not take them, leaves the draft as it was.
        """
        with self._changing:
            both = tuple(
                each.path
                for each in self._touched
                if not stands(document.text, each.path, each.value)
                and not _same_at(self._begun, document.text, each.path)
            )
            saved = document.text
            touched = tuple(each for each in self._touched if not _says_nothing(each, self._touched, saved))
            document.text = _with(saved, touched)
            self.document, self._saved, self._begun, self._touched = document, saved, saved, touched
            return both

    def _touch(self, new: Touched) -> None:
        with self._changing:
            touched: list[Touched] = []
            for each in self._touched:
                if each.path == new.path:
                    touched.append(new)
                elif each.path[: len(new.path)] != new.path:
                    touched.append(each)
            if new not in touched:
                touched.append(new)
            text = _with(self._begun, touched)
            self.document.text = text
            self._touched = tuple(each for each in touched if not _says_nothing(each, touched, self._begun))


def _with(text: str, touched: Iterable[Touched]) -> str:
    for each in touched:
        text = remove(text, each.path) if each.value is None else set_value(text, each.path, each.value)
    return text


def _says_nothing(one: Touched, touched: Iterable[Touched], text: str) -> bool:
    """The same stands there anyway, and nothing around it is touched."""
    around = any(len(each.path) < len(one.path) and one.path[: len(each.path)] == each.path for each in touched)
    return not around and stands(text, one.path, one.value)


def _same_at(one: str, other: str, path: Path) -> bool:
    return stands(other, path, value_in(one, path))


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a draft when the file was read again."""

    has_changed: bool = False  # somebody else wrote the file since it was last read
    both: tuple[Path, ...] = ()  # what they changed as well
    problem: str = ""  # why the changes could not be made to what they wrote
    text: str = ""  # of the file now
    fingerprint: Fingerprint = ABSENT


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


async def follow_file(runtime: Runtime, draft: ConfigDraft) -> Followed:
    """Brings the draft onto the file as it is now. Raises NotEditable."""
    return await asyncio.to_thread(_follow, runtime.paths.config_file, draft)


def _follow(path: FilePath, draft: ConfigDraft) -> Followed:
    document = Document.open(path)
    text, fingerprint = document.text, document.fingerprint
    if fingerprint.same_content(draft.document.fingerprint):
        return Followed(text=text, fingerprint=fingerprint)
    try:
        return Followed(True, draft.follow(document), text=text, fingerprint=fingerprint)
    except EditRefused as error:
        return Followed(True, problem=str(error), text=text, fingerprint=fingerprint)


async def save_draft(runtime: Runtime, draft: ConfigDraft, over: Fingerprint | None = None) -> None:
    """Raises ChangedOnDisk, NotSaved. What was there is kept as a version; the new one comes into force at once.

    `over` is the file that was seen and is to be replaced although the draft does not build on it.
    """
    await asyncio.to_thread(draft.document.save, versions_of(runtime), over)
    draft.settle(draft.document.text)
    await runtime.reload()


async def undo_save(runtime: Runtime, draft: ConfigDraft) -> None:
    """Raises NothingToUndo, ChangedOnDisk, NotSaved."""
    await asyncio.to_thread(draft.document.undo, versions_of(runtime))
    draft.settle(draft.document.text)
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
