"""Usage: what was spent on what, by whom, how it goes on, and how much of it is only estimated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll

from clawtui.runtime import Runtime
from clawtui.runtime.usage_view import UsageView, usage_csv, usage_document, usage_view
from clawtui.store.usage import By, UsageRow
from clawtui.text import count, duration_ms, money
from clawtui.tui.desk import Desk
from clawtui.tui.dialogs.usage_range import UsageRange
from clawtui.tui.messages import Copy, Export
from clawtui.tui.pane import LookingPane
from clawtui.tui.state.usage import (
    Chosen,
    Range,
    burn,
    burn_lines,
    day_at,
    doubt_line,
    filled_days,
    key_words,
    reservation_lines,
)
from clawtui.tui.widgets.bars import Day, DayBars
from clawtui.tui.widgets.columns import Align, CellValue, Column
from clawtui.tui.widgets.filter_input import FilterInput
from clawtui.tui.widgets.heatmap import Heatmap
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.table_rows import read_sort
from clawtui.tui.widgets.toned import Lines, Wrapped

SORT = "usage"


class UsagePane(LookingPane):
    AREA = "usage"
    TITLE = "Usage"
    EVERY = 2.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.chosen = Chosen()
        self.by = By.PROFILE
        self._view: UsageView | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="split"):
            with Vertical(id="usage-rows", classes="panel"):
                yield FilterInput(hint="text, or failed:3")
                yield Table(
                    _columns(lambda: self.by),
                    key=lambda row: row.key,
                    empty="Nothing was asked in this time: r chooses another",
                    sort=read_sort(self.desk.remembered.sorts.get(SORT, "")),
                    id="usage",
                )
                yield Wrapped(id="usage-total")
            with VerticalScroll(id="usage-side", classes="panel", can_focus=False):
                yield Wrapped(id="usage-burn")
                yield DayBars(height=6, id="usage-bars")
                yield Heatmap(id="usage-year")
                yield Lines(id="usage-open")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Heatmap).display = False
        self._entitle()

    def look(self) -> None:
        self._looked()

    @work(group="usage", exclusive=True, exit_on_error=False, description="usage")
    async def _looked(self) -> None:
        since, until = self.chosen.bounds(self.desk.now())
        by = self.by

        async def read(runtime: Runtime) -> UsageView:
            return await usage_view(runtime, since, until, by)

        self._show(await self.desk.do(read))

    def _show(self, view: UsageView) -> None:
        self._view = view
        report = view.report
        self.query_one(Table).show(report.rows)
        total: list[PartLine] = [_total_line(report.total)] if report.rows else []
        if (doubt := doubt_line(report.total)) is not None:
            total.append(doubt)
        self.query_one("#usage-total", Lines).show(total)
        self.query_one("#usage-burn", Lines).show(burn_lines(burn(view.year, view.now), view.budgets))
        today = day_at(view.now)
        since, until = self.chosen.bounds(view.now)
        first = day_at(max(since, _first_day(view)))
        days = filled_days(view.days, first, day_at(until))
        self.query_one(DayBars).show([Day(day, value) for day, value in days])
        year = {date.fromisoformat(day.day): day.cost_usd for day in view.year}
        self.query_one(Heatmap).show(year, today)
        self.query_one("#usage-open", Lines).show(reservation_lines(view.reservations, view.now))

    def _entitle(self) -> None:
        self.query_one("#usage-rows").border_title = f"By {self.by.value}, {self.chosen.words}"
        chart = "a year" if self.query_one(Heatmap).display else f"a day, {self.chosen.words}"
        self.query_one("#usage-side").border_title = f"Spend over {chart}" if "year" in chart else f"Spend {chart}"

    # ---- choosing

    @work(group="choose", exclusive=True, exit_on_error=False, description="choose a range")
    async def action_range(self) -> None:
        words = {Range.TODAY: "since midnight", Range.CUSTOM: "from one day to another"}
        options = [Option(each.value, each.value, words.get(each, "")) for each in Range]
        chosen = await self.app.push_screen_wait(Picker("Which days?", options, chosen=[self.chosen.range.value]))
        if not chosen:
            return
        found: Chosen | None = Chosen(Range(chosen[0]))
        if found is not None and found.range is Range.CUSTOM:
            today = day_at(self.desk.now())
            first = self.chosen.first or today.replace(day=1)
            last = self.chosen.last or today
            found = await self.app.push_screen_wait(UsageRange(first.isoformat(), last.isoformat()))
        if found is not None:
            self.chosen = found
            self._entitle()
            self.look()

    @work(group="choose", exclusive=True, exit_on_error=False, description="choose a grouping")
    async def action_grouping(self) -> None:
        options = [Option(each.value, each.value) for each in By]
        chosen = await self.app.push_screen_wait(Picker("Add up by", options, chosen=[self.by.value]))
        if chosen:
            self.by = By(chosen[0])
            self._entitle()
            self.look()

    def action_chart(self) -> None:
        year, bars = self.query_one(Heatmap), self.query_one(DayBars)
        year.display, bars.display = not year.display, not bars.display
        self.add_class("-side")
        self._entitle()

    def action_filter(self) -> None:
        self.remove_class("-side")
        self.query_one(FilterInput).open()

    def on_filter_input_changed(self, event: FilterInput.Changed) -> None:
        self.query_one(Table).set_filter(event.text)

    def on_filter_input_left(self) -> None:
        self.focus_main()

    def on_table_sort_changed(self, event: Table.SortChanged) -> None:
        self.desk.remembered.sorts[SORT] = str(event.sort or "")

    def on_table_selected(self, event: Table.Selected) -> None:
        """Narrow: the sums give way to the month."""
        self.add_class("-side")

    def action_back(self) -> bool:
        if self.has_class("-side") and not self.screen.has_class("-wide"):
            self.remove_class("-side")
            return True
        return self.query_one(FilterInput).clear()

    # ---- out of the screen

    def why_not(self, verb: str) -> str | None:
        if verb in ("copy", "export") and (self._view is None or not self._view.report.rows):
            return "nothing was asked in this time"
        return None

    def action_copy(self) -> None:
        assert self._view is not None
        self.post_message(Copy(usage_csv(self._view.report), "usage as CSV"))

    @work(group="choose", exclusive=True, exit_on_error=False, description="export usage")
    async def action_export(self) -> None:
        assert self._view is not None
        report, budgets = self._view.report, list(self._view.budgets)
        formats = [Option("csv", "CSV", "for spreadsheets"), Option("json", "JSON", "for programs")]
        chosen = await self.app.push_screen_wait(Picker("Export usage as", formats))
        if chosen == ("csv",):
            self.post_message(Export(usage_csv(report), f"usage-by-{report.by.value}.csv"))
        elif chosen:
            document = json.dumps(usage_document(report, budgets, _moment), indent=2)
            self.post_message(Export(document, f"usage-by-{report.by.value}.json"))


def _moment(wall: float) -> str:
    return datetime.fromtimestamp(wall).astimezone().isoformat(timespec="milliseconds")


def _first_day(view: UsageView) -> float:
    return min((datetime.fromisoformat(day.day).timestamp() for day in view.days), default=view.now)


def _total_line(total: UsageRow) -> PartLine:
    words = f"{count(total.requests)} requests, {count(total.failures)} failed, {count(total.failovers)} failovers"
    tokens = f"{count(total.input_tokens)} in, {count(total.output_tokens)} out"
    return ((f"{money(total.cost_usd)}", Tone.STRONG), (f"  {words}, {tokens}", Tone.NORMAL))


def _columns(by: Callable[[], By]) -> list[Column[UsageRow]]:
    right = Align.RIGHT

    def key(row: UsageRow) -> CellValue:
        words = key_words(by(), row.key)
        return words if words == row.key else ((words, Tone.MUTED),)

    def failed(row: UsageRow) -> CellValue:
        return ((count(row.failures), Tone.BAD if row.failures else Tone.MUTED),)

    return [
        Column("key", "What", key, least=14, most=40, share=2, priority=0, keeps_end=True, order=lambda row: row.key),
        Column("cost", "Cost", lambda row: money(row.cost_usd), width=9, align=right, priority=0,
               order=lambda row: row.cost_usd),
        Column("requests", "Asked", lambda row: count(row.requests), width=6, align=right, priority=1,
               order=lambda row: row.requests),
        Column("failed", "Failed", failed, width=6, align=right, priority=2, order=lambda row: row.failures),
        Column("failovers", "Failovers", lambda row: count(row.failovers), width=9, align=right, priority=3,
               order=lambda row: row.failovers),
        Column("in", "In", lambda row: count(row.input_tokens), width=6, align=right, priority=2,
               order=lambda row: row.input_tokens),
        Column("out", "Out", lambda row: count(row.output_tokens), width=6, align=right, priority=2,
               order=lambda row: row.output_tokens),
        Column("cached", "Cached", lambda row: count(row.cached_input_tokens), width=6, align=right, priority=5,
               order=lambda row: row.cached_input_tokens),
        Column("reasoning", "Reasoning", lambda row: count(row.reasoning_tokens), width=9, align=right, priority=6,
               order=lambda row: row.reasoning_tokens),
        Column("p50", "p50≈", lambda row: duration_ms(row.p50_ms), width=7, align=right, priority=3,
               order=lambda row: row.p50_ms),
        Column("p95", "p95≈", lambda row: duration_ms(row.p95_ms), width=7, align=right, priority=4,
               order=lambda row: row.p95_ms),
    ]  # fmt: skip
