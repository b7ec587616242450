"""Everybody who can be asked, as a list to choose from: ready or why not, price, what they can do."""

from __future__ import annotations

from collections.abc import Callable

from clawtui.engine.capabilities import Capabilities
from clawtui.runtime import Runtime
from clawtui.runtime.models_view import FusionRow, ModelRow, fusion_rows, model_rows
from clawtui.text import count
from clawtui.tui.widgets.columns import Align, CellValue, Column
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.picker import Option

ANYBODY = "-"  # nobody is named: the policy says who
POLICY = "policy "  # before the name of a policy

_SHORT = {"tools": "tools", "vision": "vision", "json_schema": "json", "reasoning": "thinks", "audio": "audio"}


def _cell(place: int) -> Callable[[Option], CellValue]:
    return lambda option: option.cells[place] if place < len(option.cells) else ""


# On a narrow screen those that matter least go; the line above the list has it all for the one that is chosen.
COLUMNS: tuple[Column[Option], ...] = (
    Column("model", "Model", _cell(0), least=22, share=2, priority=1, keeps_end=True),
    Column("price", "in/out per 1M", _cell(1), width=13, align=Align.RIGHT, priority=2),
    Column("chips", "Can", _cell(2), least=26, priority=3),
    Column("context", "Context", _cell(3), width=8, align=Align.RIGHT, priority=4),
    Column("note", "", _cell(4), least=14, priority=5),
)


async def who_answers(runtime: Runtime) -> list[Option]:
    anybody = "profile, fallbacks and budget by the policy's rules"
    options = [
        Option(ANYBODY, "whoever the policy says", anybody, cells=("", "", "", "", _muted("by the policy's rules")))
    ]
    options += await profiles_only(runtime)
    for name, policy in runtime.engine.registry.policies.items():
        tags = f"needs {', '.join(policy.require_tags)}" if policy.require_tags else ""
        keeps = f"keeps {policy.retention.value}"
        note = ", ".join(filter(None, (tags, keeps)))
        options.append(Option(f"{POLICY}{name}", f"policy {name}", note, cells=(tags, "", "", "", _muted(keeps))))
    return options


async def profiles_only(runtime: Runtime) -> list[Option]:
    return [*map(_profile, model_rows(runtime.engine)), *map(_fusion, fusion_rows(runtime.engine))]


def _profile(row: ModelRow) -> Option:
    price = "unknown" if row.price is None else f"${row.price.input:g}/${row.price.output:g}"
    model, can, window = f"{row.provider}/{row.model}", chips(row.capabilities), context(row.capabilities)
    told = (model, f"price {price}" if row.price is None else f"{price} per 1M", can, window, row.description)
    # The reason matters more than the model: it stands where it is seen at every width.
    first, last = (model, row.description) if row.ready else (_warned(row.reason), model)
    cells = (first, price, can, window, _muted(last))
    return Option(row.id, row.id, "  ".join(filter(None, told)), _mark(row.ready), row.reason, cells)


def _fusion(row: FusionRow) -> Option:
    name, words = f"fusion/{row.name}", "several advise, one answers"
    first, last = ("several advise", "one answers") if row.ready else (_warned(row.reason), "")
    return Option(name, name, words, _mark(row.ready), row.reason, (first, "", "", "", _muted(last)))


def _mark(is_ready: bool) -> CellValue:
    return (("●", Tone.OK),) if is_ready else (("⚠", Tone.WARN),)


def _muted(words: str) -> CellValue:
    return ((words, Tone.MUTED),)


def _warned(words: str) -> CellValue:
    return ((words, Tone.WARN),)


def chips(capabilities: Capabilities) -> str:
    """What it is known to do; `?` marks what is only guessed."""
    return " ".join(
        words + ("?" if flag.source.value == "guess" else "")
        for name, words in _SHORT.items()
        if (flag := getattr(capabilities, name)).value
    )


def context(capabilities: Capabilities) -> str:
    window = capabilities.max_context_tokens.value
    return count(window) if window else ""
