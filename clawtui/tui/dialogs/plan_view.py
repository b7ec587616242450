"""Who would answer the draft, and why not the others. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from clawtui.engine.verdicts import Plan
from clawtui.text import count, money
from clawtui.tui.state.why import verdict_lines
from clawtui.tui.widgets.dialog import Choice, Dialog
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.toned import Lines


class PlanView(Dialog[None]):
    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"Plan under policy {plan.policy}", (Choice("close", "Close"),), first="close", classes="-wide"
        )
        self._plan = plan

    def body(self) -> Iterable[Widget]:
        yield Lines([_needs(self._plan), (("", Tone.NORMAL),), *verdict_lines(self._plan)])


def _needs(plan: Plan) -> PartLine:
    needs = plan.needs
    named = [name for name in ("tools", "vision", "audio", "json_schema") if getattr(needs, name)]
    words = f"about {count(needs.input_tokens)} tokens in" + "".join(f", {name.replace('_', ' ')}" for name in named)
    first = plan.candidates[0] if plan.candidates else None
    worst = f", at most {money(first.reserve_usd)}" if first is not None else ""
    return ((f"needs {words}{worst}", Tone.MUTED),)
