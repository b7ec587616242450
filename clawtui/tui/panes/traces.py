"""Traces: what happened to each request. The list is windowed from the file; beside or behind it one whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from clawtui.engine.events import BusEvent, RequestEnded, StateChanged
from clawtui.engine.outcome import Outcome, Trace
from clawtui.engine.request import RequestId
from clawtui.runtime import Runtime
from clawtui.runtime.documents import trace_document
from clawtui.runtime.synthesis import Again, again_with, alone
from clawtui.runtime.trace_lines import lines_of
from clawtui.store.traces import TraceRow
from clawtui.text import duration_ms, money
from clawtui.tui.desk import Desk
from clawtui.tui.dialogs.compare_texts import CompareTexts
from clawtui.tui.messages import ActionsChanged, Copy, Export
from clawtui.tui.pane import Pane
from clawtui.tui.state.fusion_view import ANSWER, texts_of
from clawtui.tui.state.traces import (
    MARKS,
    TONES,
    Narrowed,
    answered_cell,
    badges_cell,
    outcome_cell,
    tokens_cell,
    when_cell,
)
from clawtui.tui.traces.detail import TraceDetail
from clawtui.tui.traces.source import TraceSource
from clawtui.tui.widgets.chips import Chips
from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.confirm import Confirm
from clawtui.tui.widgets.filter_input import FilterInput
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.table_rows import Sort, read_sort

RELOAD_SECONDS = 0.25
NO_FUSION = "this request was no fusion"
SORT = "traces"
# From so many cells of the list on, the least room of who answered and of the outcome: names whole before lesser
# columns where it is wide, every column that matters where it is not.
ROOM = ((100, 31, 11), (70, 24, 11), (0, 14, 8))


class TracesPane(Pane):
    AREA = "traces"
    TITLE = "Traces"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.narrowed = Narrowed()
        self._is_shown = False
        self._looks = 0  # at the file, that are still to come
        self._reload_timer: Timer | None = None
        self._clock: Timer | None = None  # the ages in the list go on
        self._follows = True
        self._room = (ROOM[-1][1], ROOM[-1][2])

    def compose(self) -> ComposeResult:
        with Horizontal(classes="split"):
            with Vertical(id="trace-list", classes="panel"):
                yield Chips((), empty="", id="narrowed")
                yield FilterInput(hint="text, or answered:gpt")
                table: Table[TraceRow] = Table(
                    _columns(self.desk, *self._room),
                    key=lambda row: row.request_id,
                    empty="No traces yet: ask something, here or with `clawtui ask`",
                    sort=read_sort(self.desk.remembered.sorts.get(SORT, "")),
                    id="traces",
                )
                table.follows_first = True
                yield table
            yield TraceDetail()

    def on_mount(self) -> None:
        self.query_one("#trace-list").border_title = "Newest first, following"
        self.query_one(Chips).display = False
        self.table.use(TraceSource(self.desk, lambda: self.narrowed))
        self._clock = self.set_interval(1.0, self.table.tell_time, pause=True)

    @property
    def table(self) -> Table[TraceRow]:
        return self.query_one("#traces", Table)

    @property
    def detail(self) -> TraceDetail:
        return self.query_one(TraceDetail)

    # ---- live

    def receive(self, events: tuple[BusEvent, ...]) -> None:
        if self._is_shown and any(isinstance(event, (RequestEnded, StateChanged)) for event in events):
            self._reload_soon()

    def shown(self) -> None:
        self._is_shown = True
        self.table.reload()
        if self._clock is not None:
            self._clock.resume()

    def hidden(self) -> None:
        self._is_shown = False
        if self._clock is not None:
            self._clock.pause()

    def focus_main(self) -> None:
        self.table.focus()

    def _reload_soon(self) -> None:
        """At most four times a second. A trace is on disk a moment after its request has ended, so the look that finds
        no more news is not the last."""
        self._looks = 2
        if self._reload_timer is None:
            self._reload_timer = self.set_timer(RELOAD_SECONDS, self._reload)

    def _reload(self) -> None:
        self._reload_timer = None
        if not self._is_shown:
            return
        self.table.reload()
        self._looks -= 1
        if self._looks:
            self._reload_timer = self.set_timer(RELOAD_SECONDS, self._reload)

    # ---- one trace

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.open(RequestId(str(event.key)))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """A detail that is open beside the list goes with the cursor."""
        event.stop()
        if self._follows and self.table.cursor:
            self._set_follow(False)  # whoever moves the cursor reads: the list must not run away
        is_beside = self.has_class("-open") and self.screen.has_class("-wide")
        if event.key is not None and is_beside and not self._follows:
            self._show(RequestId(str(event.key)))

    def on_table_sort_changed(self, event: Table.SortChanged) -> None:
        event.stop()
        self.desk.remembered.sorts[SORT] = str(event.sort or "")
        self._set_follow(event.sort is None or event.sort == Sort("at", True))

    @work(group="one trace", exclusive=True, exit_on_error=False, description="one trace")
    async def open(self, request_id: RequestId) -> None:
        """From the list or from elsewhere; also one that the list does not hold."""
        await self._read(request_id)
        self.add_class("-open", "-whole")
        self.call_after_refresh(self._give_room)
        self.detail.focus()
        self.post_message(ActionsChanged())

    @work(group="one trace", exclusive=True, exit_on_error=False, description="one trace")
    async def _show(self, request_id: RequestId) -> None:
        await self._read(request_id)

    async def _read(self, request_id: RequestId) -> None:
        async def read(runtime: Runtime) -> Trace | None:
            found = await runtime.store.traces.one(request_id)
            if found is None:
                await runtime.store.flush()  # it may have ended a moment ago
                found = await runtime.store.traces.one(request_id)
            return found

        shown = self.detail.trace
        if shown is None or shown.request_id != request_id:
            await self.detail.show(await self.desk.do(read))
            self.post_message(ActionsChanged())

    def action_back(self) -> bool:
        """Out of the whole trace, then shut it, then out of the filter, then out of what `f` has chosen."""
        if self.has_class("-whole"):
            self.remove_class("-whole")
            if not self.screen.has_class("-wide"):
                self._shut()
            self.table.focus()
            return True
        if self.has_class("-open") and self.screen.has_class("-wide"):
            self._shut()
            self.table.focus()
            return True
        if self.query_one(FilterInput).clear():
            return True
        if self.narrowed != Narrowed():
            self._narrow(Narrowed())
            return True
        return False

    def _shut(self) -> None:
        self.remove_class("-open")
        self.call_after_refresh(self._give_room)
        self.detail.forget()
        self.post_message(ActionsChanged())

    def on_resize(self) -> None:
        self.call_after_refresh(self._give_room)

    def _give_room(self) -> None:
        room = next(least for cells, *least in ROOM if self.table.size.width >= cells)
        if tuple(room) != self._room:
            self._room = (room[0], room[1])
            self.table.set_columns(_columns(self.desk, *self._room))

    # ---- narrowing

    def action_filter(self) -> None:
        self.remove_class("-whole")
        self.query_one(FilterInput).open()

    def on_filter_input_changed(self, event: FilterInput.Changed) -> None:
        self.table.set_filter(event.text)

    def on_filter_input_left(self) -> None:
        self.table.focus()

    @work(group="filter by", exclusive=True, exit_on_error=False, description="filter traces")
    async def action_filter_by(self) -> None:
        options = [Option("", "everything", "no filter")]
        options += [
            Option(f"outcome {each.value}", each.value, "by outcome", ((MARKS[each], TONES[each]),)) for each in Outcome
        ]
        options.append(Option("fusion", "fusions only", "with advisers side by side"))
        profiles = await self.desk.do(_profiles)
        options += [Option(f"profile {name}", name, "by profile, asked or answering") for name in profiles]
        chosen = await self.app.push_screen_wait(Picker("Filter traces by", options))
        if not chosen:
            return
        kind, _, value = chosen[0].partition(" ")
        now = self.narrowed
        match kind:
            case "outcome":
                self._narrow(Narrowed(Outcome(value), now.profile, now.fusion_only))
            case "profile":
                self._narrow(Narrowed(now.outcome, value, now.fusion_only))
            case "fusion":
                self._narrow(Narrowed(now.outcome, now.profile, True))
            case _:
                self._narrow(Narrowed())

    def _narrow(self, narrowed: Narrowed) -> None:
        self.narrowed = narrowed
        chips = self.query_one("#narrowed", Chips)
        chips.display = bool(narrowed.chips)
        chips.show(narrowed.chips)
        self.remove_class("-whole")
        self.table.reload(keep=False)

    def on_chips_changed(self, event: Chips.Changed) -> None:
        event.stop()
        kept = set(event.values)
        for chip in self.narrowed.chips:
            if chip not in kept:
                self._narrow(self.narrowed.without(chip))

    def action_follow(self) -> None:
        self._set_follow(not self._follows)

    def _set_follow(self, follows: bool) -> None:
        self._follows = follows
        self.table.follows_first = follows
        words = "Newest first, following" if follows else "Not following: space follows"
        self.query_one("#trace-list").border_title = words
        if follows:
            self.table.set_sort(None)
            self.table.reload()

    # ---- fusion

    def action_previous_proposal(self) -> None:
        self._step(-1)

    def action_next_proposal(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        if self.detail.proposals is not None:
            self.add_class("-whole")
            self.detail.proposals.step(by)

    @work(group="diff", exclusive=True, exit_on_error=False, description="compare texts")
    async def action_diff(self) -> None:
        trace = self.detail.trace
        assert trace is not None
        texts = texts_of(trace)
        options = [Option(key, key, text[:60]) for key, text in texts.items()]
        picked = await self.app.push_screen_wait(Picker("Compare which two? tab marks", options, most=2))
        if not picked:
            return
        one, other = (picked[0], picked[1]) if len(picked) > 1 else (picked[0], ANSWER)
        if one in texts and other in texts:
            await self.app.push_screen_wait(CompareTexts(f"{one} → {other}", texts[one], texts[other]))

    @work(group="again", exclusive=True, exit_on_error=False, description="the synthesizer alone")
    async def action_synthesizer_alone(self) -> None:
        trace = self.detail.trace
        assert trace is not None
        again = await self.desk.do(lambda runtime: alone(runtime, trace))
        await self._ask_again(trace, again, "The synthesizer alone")

    @work(group="again", exclusive=True, exit_on_error=False, description="synthesize again")
    async def action_synthesize_again(self) -> None:
        trace = self.detail.trace
        assert trace is not None
        profiles = await self.desk.do(_profiles)
        options = [Option(name, name) for name in profiles]
        chosen = await self.app.push_screen_wait(Picker("Put the proposals to", options))
        if chosen:
            again = await self.desk.do(lambda runtime: again_with(runtime, trace, chosen[0]))
            await self._ask_again(trace, again, f"{chosen[0]} from the same proposals")

    async def _ask_again(self, trace: Trace, again: Again, title: str) -> None:
        if again.request is None:
            await self.app.push_screen_wait(Confirm(title, f"Not now: {again.why_not}", yes="Close", no="Back"))
            return
        worst = "an unknown sum" if again.worst_usd is None else f"at most {money(again.worst_usd)}"
        if not await self.app.push_screen_wait(Confirm(title, f"This costs {worst}.", yes="Ask", no="Do not")):
            return
        request = again.request
        other = await self.desk.do(lambda runtime: runtime.engine.ask(request))
        if other.outcome is not Outcome.OK:
            reason = other.error.message if other.error else other.outcome.value
            await self.app.push_screen_wait(Confirm(title, f"No answer: {reason}", yes="Close", no="Back"))
            return
        record = trace.fusion
        cost = record.cost_usd if record is not None else trace.cost.usd
        about = (
            f"fusion: {money(cost)}, {duration_ms(trace.total_ms)}; {title.lower()}: {money(other.cost.usd)},"
            f" {duration_ms(other.total_ms)}, by {other.answered}"
        )
        await self.app.push_screen_wait(CompareTexts(f"Fusion → {title}", trace.text, other.text, about=about))

    # ---- out of the screen

    def action_copy(self) -> None:
        trace = self.detail.trace
        assert trace is not None
        proposals = self.detail.proposals
        inside = proposals is not None and any(node is proposals for node in (self.screen.focused or self).ancestors)
        if inside and proposals is not None and proposals.chosen is not None:
            self.post_message(Copy(proposals.chosen.text, f"proposal {proposals.chosen.key}"))
        else:
            self.post_message(
                Copy(trace.text or "\n".join(lines_of(trace)), "the answer" if trace.text else "the trace")
            )

    @work(group="export", exclusive=True, exit_on_error=False, description="export")
    async def action_export(self) -> None:
        """What `clawtui trace ID --json` prints, a fusion's children included."""
        trace = self.detail.trace
        assert trace is not None
        children = await self.desk.do(lambda runtime: runtime.store.traces.children(trace.request_id))
        text = await asyncio.to_thread(_exported, trace, children)
        self.post_message(Export(text, f"trace-{trace.request_id}.json"))

    def why_not(self, verb: str) -> str | None:
        trace = self.detail.trace
        match verb:
            case "copy" | "export" if trace is None:
                return "no trace is open: enter opens one"
            case "previous_proposal" | "next_proposal" | "diff" | "synthesizer_alone" | "synthesize_again":
                if trace is None:
                    return "no trace is open: enter opens one"
                if trace.fusion is None:
                    return NO_FUSION
                if verb == "diff" and len(texts_of(trace)) < 2:
                    return "the words were not kept, so there is nothing to compare"
                if verb in ("synthesizer_alone", "synthesize_again") and trace.request is None:
                    return "the words were not kept: the policy's retention is not full"
                return None
            case _:
                return None


def _exported(trace: Trace, children: Sequence[Trace]) -> str:
    return json.dumps(trace_document(trace, children), ensure_ascii=False, indent=2) + "\n"


async def _profiles(runtime: Runtime) -> list[str]:
    return list(runtime.engine.registry.profiles)


def _columns(desk: Desk, answered: int, outcome: int) -> list[Column[TraceRow]]:
    """`answered` and `outcome` are the least room of these two."""
    right = Align.RIGHT

    def when(row: TraceRow) -> str:
        return when_cell(row.at, desk.now())

    return [
        Column("at", "Time", when, width=11, priority=1, sorted_by_source=True, is_dated=True),
        Column("caller", "Caller", lambda row: row.caller, width=10, priority=6, sorted_by_source=True),
        Column("asked", "Asked", lambda row: row.requested or "–", least=10, priority=4, sorted_by_source=True),
        Column("answered", "Answered", answered_cell, least=answered, share=4, priority=0, sorted_by_source=True,
               keeps_end=True),
        Column("outcome", "Outcome", outcome_cell, least=outcome, priority=1, sorted_by_source=True),
        Column("first", "First", lambda row: duration_ms(row.first_token_ms), width=7, align=right, priority=5,
               sorted_by_source=True),
        Column("total", "Total", lambda row: duration_ms(row.total_ms), width=7, align=right, priority=2,
               sorted_by_source=True),
        Column("tokens", "In/out", tokens_cell, width=10, align=right, priority=5, sorted_by_source=True),
        Column("cost", "Cost", lambda row: money(row.cost_usd), width=9, align=right, priority=2,
               sorted_by_source=True),
        Column("badges", "", badges_cell, least=6, priority=3),
    ]  # fmt: skip
