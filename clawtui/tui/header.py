"""The header: one line that says who would answer now, what today has cost, how routes do, and what is special."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawtui.text import cell_width, cents, cut_middle, money
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
LEAST_ID = 12
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


@dataclass(frozen=True, slots=True)
class Group:
    """Some words on the right. The highest `gives_way` goes first where there is no room; 0 stays."""

    parts: PartLine
    gives_way: int


def lay_out(view: HeaderView, a_minute: int, width: int) -> PartLine:
    """Left: policy and who answers. Right: money, routes, pace, notices. What matters least goes first."""
    is_wide = width >= WIDE
    gap = "   " if is_wide else "  "
    name = "nobody can answer"
    if view.route is not None:
        name = f"{view.route.provider}/{view.route.model}"
    right = _right(view, a_minute, is_wide)
    left = _left(view, width)
    if _cells(left) + min(LEAST_ROUTE, cell_width(name)) + cell_width(gap) + _cells(_joined(right, gap)) > width:
        left = _left(view, max(LEAST_ID, width // 8))
    room = width - _cells(left) - min(LEAST_ROUTE, cell_width(name)) - cell_width(gap)
    while _cells(_joined(right, gap)) > room and any(group.gives_way for group in right):
        right.remove(max(right, key=lambda group: group.gives_way))
    shown = _joined(right, gap)
    name = cut_middle(name, max(0, width - _cells(left) - _cells(shown) - (cell_width(gap) if shown else 0)))
    left.append((name, Tone.NORMAL if view.route is not None else Tone.BAD))
    blanks = width - _cells(left) - _cells(shown)
    return (*left, (" " * max(0, blanks), Tone.NORMAL), *shown)


def _left(view: HeaderView, most: int) -> list[Part]:
    """Policy, who was asked, whose route it is: ids of any length, none longer than `most`."""
    left: list[Part] = [(cut_middle(view.policy, most), Tone.STRONG), (" · ", Tone.MUTED)]
    if view.asked:
        left += [(cut_middle(view.asked, most), Tone.NORMAL), (" → ", Tone.MUTED)]
    if view.route is not None:
        left += [(cut_middle(view.route.profile or "-", most), Tone.NORMAL), (" → ", Tone.MUTED)]
    return left


def _right(view: HeaderView, a_minute: int, is_wide: bool) -> list[Group]:
    """Money gives way last, then the dots, then the pace. The notice stays: it is there because it must not be missed."""
    spent: PartLine
    if view.limit_usd is None:
        spent = (("today ", Tone.MUTED), (cents(view.spent_usd), Tone.NORMAL))
    else:
        spent = (
            *spend_bar(view.spent_usd, view.reserved_usd, view.limit_usd, BAR if is_wide else 4),
            (f" {cents(view.spent_usd)}", Tone.NORMAL),
            (f" of {money(view.limit_usd)} today" if is_wide else f"/{money(view.limit_usd)}", Tone.MUTED),
        )
    groups = [Group(spent, 1)]
    if view.states:
        groups.append(Group(row_of_dots(list(view.states), 24 if is_wide else 10), 2))
    groups.append(Group(((f"{a_minute}", Tone.NORMAL), ("/min", Tone.MUTED)), 3))
    if view.notices:
        notice = view.notices[0]
        more = f" +{len(view.notices) - 1}" if len(view.notices) > 1 else ""
        groups.append(Group((((notice.words if is_wide else notice.short) + more, notice.tone),), 0))
    return groups


def _joined(groups: list[Group], gap: str) -> PartLine:
    parts: list[Part] = []
    for group in groups:
        if parts:
            parts.append((gap, Tone.NORMAL))
        parts += group.parts
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
