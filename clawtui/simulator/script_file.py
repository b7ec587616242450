"""Reads a script from TOML, and single parts of one from JSON for the control endpoint. Every error names its field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from clawtui.simulator.problem import ProblemKind
from clawtui.simulator.script import (
    DialectKind,
    Endpoint,
    Exhausted,
    Fault,
    FaultKind,
    Finish,
    KeyScript,
    ModelScript,
    ProviderScript,
    Quota,
    Rule,
    Script,
    ScriptedCall,
    Source,
    Where,
)
from clawtui.simulator.tables import ScriptError, Table, kind_of

_ELSEWHERE = Fault(FaultKind.REDIRECT).location


def demo_script() -> Script:
    """The cast of `--demo`."""
    return load_script(Path(__file__).with_name("demo.toml"))


def load_script(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(path, "", f"cannot be read: {error}") from error
    return parse_script(text, path)


def parse_script(text: str, path: Path | None = None) -> Script:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(path, "", f"is no TOML: {error}") from error
    return _script(Table(document, "", path))


def parse_fault(value: Any) -> Fault:
    return _fault(Table.of(value, "fault", None))


def parse_model(value: Any) -> ModelScript:
    return _model(Table.of(value, "model", None), {})


def _script(table: Table) -> Script:
    shared = table.named("rules", _rule_list)
    default = table.table("default")
    script = Script(
        seed=table.whole("seed") or 0,
        providers=table.named("providers", _provider),
        models=table.named("models", lambda model: _model(model, shared)),
        default=ModelScript() if default is None else _model(default, shared),
    )
    table.done()
    return script


def _rule_list(table: Table) -> tuple[Rule, ...]:
    """`[[rules.NAME.list]]`: rules that models share through `use_rules`."""
    rules = table.tables("list", _rule)
    table.done()
    return rules


def _provider(table: Table) -> ProviderScript:
    provider = ProviderScript(
        dialect=table.word("dialect", DialectKind),
        models=table.texts("models"),
        keys=table.tables("keys", _key),
        faults=table.tables("faults", _fault),
    )
    table.done()
    return provider


def _key(table: Table) -> KeyScript:
    secret = table.text("secret")
    if not secret:
        raise table.error("secret", "is missing")
    quota = table.table("quota")
    key = KeyScript(
        secret=secret,
        label=table.text("label"),
        quota=None if quota is None else _quota(quota),
        faults=table.tables("faults", _fault),
    )
    table.done()
    return key


def _quota(table: Table) -> Quota:
    requests, window = table.whole("requests"), table.number("window_s")
    if requests is None or window is None:
        raise table.error("requests" if requests is None else "window_s", "is missing")
    quota = Quota(
        requests=requests,
        window_s=window,
        exhausted=table.word("exhausted", Exhausted) or Exhausted.RATE_LIMIT,
        announce=table.flag("announce", default=True),
    )
    table.done()
    return quota


def _fault(table: Table) -> Fault:
    kind = table.word("kind", FaultKind)
    if kind is None:
        raise table.error("kind", f"is missing; known are {', '.join(FaultKind)}")
    status = table.whole("status", 100)
    if status is not None and not 200 <= status <= 599:
        raise table.error("status", "must be between 200 and 599")
    size = table.whole("size")
    fault = Fault(
        kind=kind,
        status=status,
        problem=table.word("problem", ProblemKind),
        message=table.maybe_text("message"),
        code=table.maybe_text("code"),
        body=table.raw("body"),
        headers=table.pairs("headers"),
        retry_after=table.number("retry_after"),
        seconds=table.number("seconds") or 0.0,
        after=table.whole("after"),
        whole=table.flag("whole"),
        location=table.text("location", _ELSEWHERE),
        size=1_000_000 if size is None else size,
        on=table.word("on", Endpoint) or Endpoint.CHAT,
        times=table.whole("times"),
        every=table.whole("every", 1),
        probability=table.number("probability", 1.0),
        down_from=table.number("down_from"),
        down_for=table.number("down_for"),
        period=table.number("period"),
    )
    table.done()
    return fault


def _model(table: Table, shared: Mapping[str, tuple[Rule, ...]]) -> ModelScript:
    rules = table.tables("rules", _rule)
    for name in table.texts("use_rules"):
        if name not in shared:
            raise table.error("use_rules", f"names {name!r}, but there is no [[rules.{name}.list]]")
        rules += shared[name]
    model = ModelScript(
        text=table.maybe_text("text"),
        variants=table.texts("variants"),
        source=table.word("source", Source) or Source.AUTO,
        rules=rules,
        reasoning=table.text("reasoning"),
        reasoning_field=table.text("reasoning_field", "reasoning_content"),
        tool_calls=table.tables("tool_calls", _call),
        finish=table.word("finish", Finish) or Finish.STOP,
        tokens_per_s=table.number("tokens_per_s") or None,
        first_token_s=table.number("first_token_s") or 0.0,
        jitter=table.number("jitter", 1.0) or 0.0,
        chunk=_chunk(table),
        coalesce=table.flag("coalesce"),
        torn=table.flag("torn"),
        comments=table.flag("comments"),
        usage=table.flag("usage", default=True),
        cached_tokens=table.whole("cached_tokens") or 0,
        context=table.whole("context"),
        max_output=table.whole("max_output"),
        unsupported=table.texts("unsupported"),
        lacks=table.texts("lacks"),
        serves_as=table.maybe_text("serves_as"),
        faults=table.tables("faults", _fault),
    )
    table.done()
    return model


def _chunk(table: Table) -> Literal["word"] | int:
    value = table.raw("chunk")
    if value is None or value == "word":
        return "word"
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise table.error("chunk", 'must be "word" or a number of characters')
    return value


def _rule(table: Table) -> Rule:
    pattern = table.text("match")
    try:
        re.compile(pattern)
    except re.error as error:
        raise table.error("match", f"is no regular expression: {error}") from error
    rule = Rule(
        match=pattern,
        where=table.word("where", Where) or Where.USER,
        has_image=table.maybe_flag("has_image"),
        has_tools=table.maybe_flag("has_tools"),
        has_schema=table.maybe_flag("has_schema"),
        text=table.maybe_text("text"),
        source=table.word("source", Source) or Source.AUTO,
        tool_calls=table.tables("tool_calls", _call),
        reasoning=table.maybe_text("reasoning"),
        finish=table.word("finish", Finish),
    )
    table.done()
    return rule


def _call(table: Table) -> ScriptedCall:
    name = table.text("name")
    if not name:
        raise table.error("name", "is missing")
    arguments = table.raw("arguments")
    if arguments is not None and not isinstance(arguments, (str, Mapping)):
        raise table.error("arguments", f"must be a table or text, not {kind_of(arguments)}")
    call = ScriptedCall(name, arguments)
    table.done()
    return call
