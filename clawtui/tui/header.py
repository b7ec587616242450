"""The header: one line that says who would answer now, what today has cost, how routes do, and what is special."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawtui.text import cell_width, cut_middle, money
from clawtui.tui.widgets.bar import spend_bar
from clawtui.tui.widgets.dots import row_of_dots
from clawtui.tui.widgets.parts import Part, PartLine, Tone
from clawtui.tui.widgets.toned import Toned

if TYPE_CHECKING:
    from clawtui.runtime import Runtime
    from clawtui.tui.remembered import Remembered
    from clawtui.tui.state.header import HeaderView

WIDE = 110
LEAST_ROUTE = 12  # cells of `provider/model` below which other things give way
BAR = 8


async def read(runtime: Runtime, remembered: Remembered) -> HeaderView:
    """On the engine's loop: one look at plan, budgets and routes."""
    from clawtui.engine.request import ChatRequest, user
    from clawtui.runtime import Origin
    from clawtui.runtime.budgets_view import budget_rows
    from clawtui.runtime.routes_view import route_rows
    from clawtui.tui.state.header import header_view, notices_of

    engine, state = runtime.engine, runtime.state
    asked = remembered.target
    request = ChatRequest((user("…"),), target=asked or None, policy=remembered.policy or None, caller="playground")
    plan = engine.explain(request)
    notices = notices_of(
        is_demo=runtime.is_demo,
        is_simulated=runtime.simulator_url is not None,
        errors=len(state.errors),
        has_file=state.origin is Origin.FILE,
        store_down=runtime.store.down,
    )
    return header_view(
        plan,
        asked if asked.startswith("fusion/") else "",
        engine.ledger.spending(plan.policy).day_usd,
        budget_rows(engine),
        await route_rows(engine, runtime.store),
        notices,
    )


def lay_out(view: HeaderView, a_minute: int, width: int) -> PartLine:
    """Left: policy and who answers. Right: money, routes, pace, notices. What matters least goes first."""
    is_wide = width >= WIDE
    gap = "   " if is_wide else "  "
    left: list[Part] = [(view.policy, Tone.STRONG), (" · ", Tone.MUTED)]
    name = "nobody can answer"
    if view.asked:
        left += [(view.asked, Tone.NORMAL), (" → ", Tone.MUTED)]
    if view.route is not None:
        name = f"{view.route.provider}/{view.route.model}"
        left += [(view.route.profile or "-", Tone.NORMAL), (" → ", Tone.MUTED)]
    right = _right(view, a_minute, is_wide)
    room = width - _cells(left) - min(LEAST_ROUTE, cell_width(name)) - cell_width(gap)
    while right and _cells(_joined(right, gap)) > room:
        # The last but the notice, which stands at the end.
        right.pop(-2 if len(right) > 1 else -1)
    shown = _joined(right, gap)
    name = cut_middle(name, max(0, width - _cells(left) - _cells(shown) - (cell_width(gap) if shown else 0)))
    left.append((name, Tone.NORMAL if view.route is not None else Tone.BAD))
    blanks = width - _cells(left) - _cells(shown)
    return (*left, (" " * max(0, blanks), Tone.NORMAL), *shown)


def _right(view: HeaderView, a_minute: int, is_wide: bool) -> list[PartLine]:
    """Groups, the first the last to give way, the notice behind them all."""
    money_part: PartLine
    if view.limit_usd is None:
        money_part = (("today ", Tone.MUTED), (money(view.spent_usd), Tone.NORMAL))
    else:
        money_part = (
            *spend_bar(view.spent_usd, view.reserved_usd, view.limit_usd, BAR if is_wide else 4),
            (f" {money(view.spent_usd)}", Tone.NORMAL),
            (f" of {money(view.limit_usd)} today" if is_wide else f"/{money(view.limit_usd)}", Tone.MUTED),
        )
    groups: list[PartLine] = [money_part]
    if view.states:
        groups.append(row_of_dots(list(view.states), 24 if is_wide else 10))
    groups.append(((f"{a_minute}", Tone.NORMAL), ("/min", Tone.MUTED)))
    if view.notices:
        notice = view.notices[0]
        more = f" +{len(view.notices) - 1}" if len(view.notices) > 1 else ""
        groups.append((((notice.words if is_wide else notice.short) + more, notice.tone),))
    return groups


def _joined(groups: list[PartLine], gap: str) -> PartLine:
    parts: list[Part] = []
    for group in groups:
        if parts:
            parts.append((gap, Tone.NORMAL))
        parts += group
    return tuple(parts)


def _cells(parts: PartLine | list[Part]) -> int:
    return sum(cell_width(text) for text, _ in parts)


class HeaderLine(Toned):
    DEFAULT_CSS = """
    HeaderLine {
        height: 1;
        padding: 0 1;
        background: $panel;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="header")
        self._view: HeaderView | None = None
        self._a_minute = 0

    def show(self, view: HeaderView, a_minute: int) -> None:
        if (view, a_minute) != (self._view, self._a_minute):
            self._view, self._a_minute = view, a_minute
            self.changed()

    def lines(self, width: int) -> list[PartLine]:
        if self._view is None:
            return [(("clawtui", Tone.STRONG), ("  opening…", Tone.MUTED))]
        return [lay_out(self._view, self._a_minute, width)]
