"""Everybody who can be asked, as a list to choose from: ready or why not, price, what they can do."""

from __future__ import annotations

from clawtui.engine.capabilities import Capabilities
from clawtui.runtime import Runtime
from clawtui.runtime.models_view import ModelRow, fusion_rows, model_rows
from clawtui.text import count
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.picker import Option

ANYBODY = "-"  # nobody is named: the policy says who
POLICY = "policy "  # before the name of a policy

_SHORT = {"tools": "tools", "vision": "vision", "json_schema": "json", "reasoning": "thinks", "audio": "audio"}


async def who_answers(runtime: Runtime) -> list[Option]:
    options = [Option(ANYBODY, "whoever the policy says", "profile, fallbacks and budget by the policy's rules")]
    options += [_profile(row) for row in model_rows(runtime.engine)]
    for fusion in fusion_rows(runtime.engine):
        mark = (("●", Tone.OK),) if fusion.ready else (("⚠", Tone.WARN),)
        why_not = "" if fusion.ready else fusion.reason
        options.append(
            Option(f"fusion/{fusion.name}", f"fusion/{fusion.name}", "several advise, one answers", mark, why_not)
        )
    for name, policy in runtime.engine.registry.policies.items():
        tags = f"needs {', '.join(policy.require_tags)}, " if policy.require_tags else ""
        options.append(Option(f"{POLICY}{name}", f"policy {name}", f"{tags}keeps {policy.retention.value}"))
    return options


async def profiles_only(runtime: Runtime) -> list[Option]:
    return [_profile(row) for row in model_rows(runtime.engine)] + [
        Option(f"fusion/{fusion.name}", f"fusion/{fusion.name}", "several advise, one answers", why_not=fusion.reason)
        for fusion in fusion_rows(runtime.engine)
    ]


def _profile(row: ModelRow) -> Option:
    price = "price unknown" if row.price is None else f"${row.price.input:g}/${row.price.output:g} a M"
    note = "  ".join(filter(None, (f"{row.provider}/{row.model}", price, chips(row.capabilities), row.description)))
    mark = (("●", Tone.OK),) if row.ready else (("⚠", Tone.WARN),)
    return Option(row.id, row.id, note, mark, "" if row.ready else row.reason)


def chips(capabilities: Capabilities) -> str:
    """What it is known to do; `?` marks what is only guessed."""
    found = [
        words + ("?" if flag.source.value == "guess" else "")
        for name, words in _SHORT.items()
        if (flag := getattr(capabilities, name)).value
    ]
    window = capabilities.max_context_tokens.value
    return " ".join([*found, *([count(window)] if window else [])])
