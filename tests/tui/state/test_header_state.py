"""The header's line at every width: what gives way, and that it stands still while money is spent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clawtui.engine.request import Route
from clawtui.tui.header import lay_out
from clawtui.tui.state.header import HeaderView, Notice
from clawtui.tui.widgets.dots import State
from clawtui.tui.widgets.parts import Tone

VIEW = HeaderView(
    policy="default",
    asked="",
    route=Route("everyday", "cumulus", "cumulus-4-mini"),
    spent_usd=0.00591,
    reserved_usd=0.0,
    limit_usd=2.0,
    states=(State.CLOSED,) * 8 + (State.OPEN,),
)
DEMO = Notice("DEMO, all simulated", "DEMO", Tone.ACCENT)


def line(view: HeaderView, width: int) -> str:
    return "".join(text for text, _ in lay_out(view, 26, width))


def test_pace_goes_first_then_the_dots_then_money() -> None:
    gone: dict[str, int] = {}
    for width in range(120, 30, -1):
        text = line(VIEW, width)
        assert len(text) == width
        for what, mark in {"pace": "/min", "dots": "○", "money": "$"}.items():
            if mark not in text:
                gone.setdefault(what, width)
    assert gone["pace"] > gone["dots"] > gone["money"]
    assert gone["dots"] < 80


def test_a_notice_stays_when_all_else_has_gone() -> None:
    text = line(replace(VIEW, notices=(DEMO,)), 44)
    assert "DEMO" in text
    assert "$" not in text


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_names_stand_still_while_cents_are_spent(width: int) -> None:
    names = {
        line(replace(VIEW, spent_usd=spent), width).rpartition("$2.00")[0].partition("▏")[0]
        for spent in (0.00059, 0.00591, 0.006, 0.0099)
    }
    assert len(names) == 1


def test_a_fraction_of_the_budget_is_an_eighth_of_a_cell_and_no_more() -> None:
    assert "▏░░░ <$0.01/$2.00" in line(VIEW, 80)
    assert "░░░░ $0/$2.00" in line(replace(VIEW, spent_usd=0.0), 80)


def test_long_ids_are_cut_in_the_middle() -> None:
    view = replace(VIEW, policy="a-policy-with-a-very-long-name-one", route=Route("b" * 40 + "-two", "p", "m"))
    text = line(view, 80)
    assert "a-poli…e-one" in text
    assert "-two → p/m" in text
