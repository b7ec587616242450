"""Evals: suites, runs that are over, one that goes on; each run as a matrix of cases and profiles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from clawtui.engine.request import Message
from clawtui.evals.cases import Suite
from clawtui.evals.compare import compare_profiles, compare_runs, gains
from clawtui.evals.documents import report_document
from clawtui.evals.estimate import estimate_words
from clawtui.evals.reports import EXTENSIONS, FORMATS, render
from clawtui.evals.results import CaseResult, Run, RunSettings
from clawtui.runtime import Runtime
from clawtui.runtime.eval_job import EvalJob, News, start_job
from clawtui.runtime.evaluating import CannotRun, Evaluating, Prepared
from clawtui.text import ago
from clawtui.tui.desk import Desk
from clawtui.tui.dialogs.case_results import CaseResults
from clawtui.tui.dialogs.eval_tables import Compared, Trend
from clawtui.tui.dialogs.new_run import NewRun, Wanted
from clawtui.tui.evals.lists import run_columns, suite_columns
from clawtui.tui.evals.run_view import RunView
from clawtui.tui.messages import ActionsChanged, Copy, Export, LongWorkEnded, OpenTrace, Say
from clawtui.tui.pane import Pane
from clawtui.tui.playground.who_answers import profiles_only
from clawtui.tui.state.evals import (
    RunLine,
    Sight,
    results_of,
    run_lines,
    sight_of,
)
from clawtui.tui.widgets.confirm import Confirm, Told
from clawtui.tui.widgets.filter_input import FilterInput
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.table import Table

LOOK_SECONDS = 0.25  # at a run that goes on
NO_RUN = "there is no run yet: n begins one"
GOES_ON = "a run goes on: x cancels it"


class EvalsPane(Pane):
    AREA = "evals"
    TITLE = "Evals"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._suites: tuple[Suite, ...] = ()
        self._has_suites = asyncio.Event()
        self._sight: Sight | None = None
        self._job: EvalJob | None = None
        self._live: Sight | None = None  # of the job
        self._wanted_run: str | None = None  # to be chosen as soon as it is in the list

    def compose(self) -> ComposeResult:
        with Horizontal(classes="split"):
            with Vertical(id="eval-lists", classes="panel"):
                yield FilterInput(hint="text, or profiles:fast")
                yield Table(run_columns(self.desk), key=lambda row: row.id, empty=NO_RUN.capitalize(), id="eval-runs")
                yield Table(suite_columns(), key=lambda row: row.id, empty="", id="eval-suites")
            yield RunView()

    def on_mount(self) -> None:
        self.query_one("#eval-lists").border_title = "Runs"
        self.query_one("#eval-suites").border_title = "Suites"
        self._read_suites()

    @property
    def runs(self) -> Table[RunLine]:
        return self.query_one("#eval-runs", Table)

    @property
    def view(self) -> RunView:
        return self.query_one(RunView)

    def shown(self) -> None:
        self._read_runs()
        self.runs.tell_time()

    def focus_main(self) -> None:
        self.runs.focus()

    # ---- what there is

    @work(group="suites", exclusive=True, exit_on_error=False, description="suites")
    async def _read_suites(self) -> None:
        self._suites, findings = await self.desk.do(lambda runtime: Evaluating(runtime).suites())
        self._has_suites.set()
        self.query_one("#eval-suites", Table).show(self._suites)
        for finding in findings[:3]:
            self.post_message(Say(f"a suite is left out: {finding.path}: {finding.message}", "warning"))

    @work(group="runs", exclusive=True, exit_on_error=False, description="eval runs")
    async def _read_runs(self) -> None:
        try:
            stored = await self.desk.do(lambda runtime: Evaluating(runtime).runs())
        except CannotRun as error:
            self.post_message(Say(error.message, "warning"))
            return
        live = self._live.run.id if self._live is not None else None
        self.runs.show(run_lines(stored, live))
        if live is not None and live == self._wanted_run and self.runs.move_to_key(live):
            self._wanted_run = None
        self.post_message(ActionsChanged())

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """What is done to a run is done to that under the cursor, be it in sight or not."""
        event.stop()
        if event.table.id == "eval-runs" and event.key is not None:
            self._show_run(str(event.key))

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        match event.table.id:
            case "eval-runs":
                self.open(str(event.key))
            case "eval-matrix":
                self._show_case(event.row.suite, event.row.case)
            case "eval-suites":
                self._show_suite(event.row)
            case _:
                pass

    @work(group="one run", exclusive=True, exit_on_error=False, description="one run")
    async def open(self, id: str) -> None:
        """From the list or from elsewhere."""
        await self._take(id)
        self.add_class("-whole")
        self.view.matrix.focus()
        self.post_message(ActionsChanged())

    @work(group="one run", exclusive=True, exit_on_error=False, description="one run")
    async def _show_run(self, id: str) -> None:
        await self._take(id)

    async def _take(self, id: str) -> None:
        if self._live is not None and self._live.run.id == id:
            self._sight = self._live
        elif self._sight is None or self._sight.run.id != id:
            try:
                run = await self.desk.do(lambda runtime: Evaluating(runtime).run(id))
            except CannotRun as error:
                self.post_message(Say(error.message, "warning"))
                return
            await self._has_suites.wait()  # they say in which order the cases stand
            self._sight = sight_of(run, [each for each in self._suites if each.id in run.settings.suites])
        self.view.show(self._sight, self.desk.now())
        self.post_message(ActionsChanged())

    @work(group="dialog", exclusive=True, exit_on_error=False, description="one case")
    async def _show_case(self, suite: str, case: str) -> None:
        sight = self._sight
        assert sight is not None

        async def transcript(result: CaseResult) -> Sequence[Message]:
            """From the file: a run in sight holds no words."""
            try:
                return await self.desk.do(lambda runtime: Evaluating(runtime).transcript(sight.run.id, result.key))
            except CannotRun:
                return ()

        chosen = await self.app.push_screen_wait(CaseResults(case, results_of(sight, suite, case), transcript))
        if chosen is not None:
            self.post_message(OpenTrace(chosen))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="a suite")
    async def _show_suite(self, suite: Suite) -> None:
        cases = "\n".join(f"{case.id}: {case.description}" for case in suite.cases)
        await self.app.push_screen_wait(Told(f"{suite.id}, {suite.source}", f"{suite.description}\n\n{cases}"))

    def action_back(self) -> bool:
        if self.has_class("-whole"):
            self.remove_class("-whole")
            self.runs.focus()
            return True
        return self.query_one(FilterInput).clear()

    # ---- running

    @work(group="dialog", exclusive=True, exit_on_error=False, description="a new run")
    async def action_new_run(self) -> None:
        people = await self.desk.do(profiles_only)
        profiles = await self.app.push_screen_wait(Picker("Who is to be tried?", people, most=12))
        if not profiles:
            return
        known = [Option(each.id, each.id, f"{len(each.cases)} cases: {each.description}") for each in self._suites]
        suites = await self.app.push_screen_wait(Picker("With which suites?", known, chosen=["smoke"], most=len(known)))
        if not suites:
            return
        settings = RunSettings(tuple(suites), tuple(profiles), policy=self.desk.remembered.policy or None)
        wanted = await self.app.push_screen_wait(NewRun(settings, self._foresee))
        if wanted is None:
            return
        try:
            prepared = await self._prepare(wanted)
        except CannotRun as error:
            self.post_message(Say(_sentence(error), "warning"))
            return
        await self._start(prepared)

    async def _prepare(self, wanted: Wanted) -> Prepared:
        return await self.desk.do(
            lambda runtime: Evaluating(runtime).prepare(wanted.settings, controls=wanted.controls)
        )

    async def _foresee(self, wanted: Wanted) -> tuple[bool, str]:
        try:
            return True, estimate_words((await self._prepare(wanted)).estimate)
        except CannotRun as error:
            return False, _sentence(error)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="resume a run")
    async def action_resume(self) -> None:
        sight = self._sight
        assert sight is not None
        try:
            prepared = await self.desk.do(lambda runtime: Evaluating(runtime).resume(sight.run.id))
        except CannotRun as error:
            self.post_message(Say(_sentence(error), "warning"))
            return
        words = f"What is left of it: {estimate_words(prepared.estimate)}."
        if await self.app.push_screen_wait(Confirm("Go on with this run?", words, yes="Go on", is_grave=False)):
            await self._start(prepared)

    async def _start(self, prepared: Prepared) -> None:
        self._job = job = await self.desk.do(lambda runtime: start_job(runtime, prepared))
        self._live = self._sight = sight_of(prepared.run, prepared.suites, job.began)
        self._wanted_run = prepared.run.id
        self.add_class("-whole")
        self.view.show(self._sight, self.desk.now())
        self.view.matrix.focus()
        self._follow(job, self._live)

    @work(group="job", exclusive=True, exit_on_error=False, description="an eval run")
    async def _follow(self, job: EvalJob, live: Sight) -> None:
        """Looks at the run four times a second until it is over. The run itself goes on without anybody looking."""
        seen = 0
        while True:
            news = await self.desk.do(partial(_news, job=job, since=seen))
            if not seen and news.progress:
                self._read_runs()  # it is in the file before its first case begins
            seen += len(news.progress)
            is_news = live.fold(news.progress)
            if self._sight is live and self.is_attached:
                if is_news:
                    self.view.show(live, self.desk.now())
                else:
                    self.view.tick(live, self.desk.now())
            if news.is_over:
                break
            await asyncio.sleep(LOOK_SECONDS)
        self._job = self._live = None
        if self._sight is live:
            self._sight = None
            self._show_run(live.run.id)
        ended = "is over" if news.run is not None and news.run.ended is not None else "has stopped; r goes on with it"
        self.post_message(LongWorkEnded(f"eval run {live.run.id} {ended}: {live.done} of {len(live.expected)} cases"))
        self._read_runs()

    async def action_cancel(self) -> None:
        job = self._job
        assert job is not None
        await self.desk.do(lambda runtime: job.cancel())

    def unfinished_work(self) -> str:
        return "" if self._live is None else "an eval run goes on; it can be resumed"

    # ---- comparing

    async def _whole(self, id: str) -> Run:
        return await self.desk.do(lambda runtime: Evaluating(runtime).run(id))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="compare")
    async def action_compare(self) -> None:
        sight = self._sight
        assert sight is not None
        run = sight.as_run()
        options = []
        if len(run.settings.profiles) > 1:
            options.append(Option("-", "its profiles", "with one another, case by case"))
        options += [
            Option(line.id, f"run {line.id}", f"{ago(self.desk.now() - line.at)}, {line.suites}: {line.profiles}")
            for line in self._listed()
            if line.id != run.id
        ]
        if not options:
            self.post_message(Say("there is nothing to compare it with: one profile, and no other run"))
            return
        chosen = await self.app.push_screen_wait(Picker(f"Compare run {run.id} with", options))
        if not chosen:
            return
        if chosen[0] == "-":
            pairs = await asyncio.to_thread(compare_profiles, run)
            await self.app.push_screen_wait(Compared(f"Run {run.id}", pairs, gains(run, pairs)))
            return
        try:
            other = await self._whole(chosen[0])
        except CannotRun as error:
            self.post_message(Say(_sentence(error), "warning"))
            return
        pairs = await asyncio.to_thread(compare_runs, other, run)
        await self.app.push_screen_wait(Compared(f"Run {other.id} and run {run.id}", pairs, ()))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="trend")
    async def action_trend(self) -> None:
        sight = self._sight
        assert sight is not None
        profiles = sight.run.settings.profiles
        if len(profiles) > 1:
            chosen = await self.app.push_screen_wait(Picker("Whose trend?", [Option(name, name) for name in profiles]))
        else:
            chosen = profiles
        if not chosen:
            return
        try:
            points = await self.desk.do(lambda runtime: Evaluating(runtime).trend(chosen[0]))
        except CannotRun as error:
            self.post_message(Say(_sentence(error), "warning"))
            return
        await self.app.push_screen_wait(Trend(chosen[0], points))

    def _listed(self) -> list[RunLine]:
        rows = (self.runs.row_at(place) for place in range(self.runs.row_count))
        return [row for row in rows if row is not None]

    # ---- lists, out of the screen, away

    def action_filter(self) -> None:
        self.remove_class("-whole")
        self.query_one(FilterInput).open()

    def on_filter_input_changed(self, event: FilterInput.Changed) -> None:
        self.runs.set_filter(event.text)

    def on_filter_input_left(self) -> None:
        self.runs.focus()

    def action_copy(self) -> None:
        assert self._sight is not None
        self.post_message(Copy(self._sight.run.id, "the run's id"))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="export a run")
    async def action_export(self) -> None:
        sight = self._sight
        assert sight is not None
        notes = {"html": "one page to read and to print", "junit": "for CI", "csv": "a line a result"}
        options = [Option(each, each, notes.get(each, "")) for each in FORMATS]
        chosen = await self.app.push_screen_wait(Picker("Export the run as", options))
        if not chosen:
            return
        try:
            run = await self._whole(sight.run.id)
        except CannotRun as error:
            self.post_message(Say(_sentence(error), "warning"))
            return
        text = await asyncio.to_thread(lambda: render(report_document(run), chosen[0]))
        self.post_message(Export(text, f"eval-{run.id}.{EXTENSIONS[chosen[0]]}"))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="delete a run")
    async def action_delete(self) -> None:
        line = self.runs.cursor_row
        assert line is not None
        words = f"{line.suites} against {line.profiles}, {ago(self.desk.now() - line.at)}. It cannot be brought back."
        if not await self.app.push_screen_wait(Confirm(f"Delete run {line.id}?", words, yes="Delete")):
            return

        async def delete(runtime: Runtime) -> None:
            await runtime.store.evals.delete(line.id)

        await self.desk.do(delete)
        if self._sight is not None and self._sight.run.id == line.id:
            self._sight = None
            self.remove_class("-whole")
            self.view.show(None, self.desk.now())
        self._read_runs()

    def why_not(self, verb: str) -> str | None:
        sight = self._sight
        match verb:
            case "new_run" | "resume" if self._job is not None:
                return GOES_ON
            case "cancel" if self._job is None:
                return "no run goes on"
            case "resume" | "compare" | "trend" | "copy" | "export" if sight is None:
                return NO_RUN if not self.runs.row_count else "no run is chosen"
            case "resume" if sight is not None and sight.run.ended is not None:
                return "this run is finished"
            case "delete" if self.runs.cursor_row is None:
                return NO_RUN
            case "delete" if self._live is not None and self.runs.cursor_key == self._live.run.id:
                return GOES_ON
            case _:
                return None


async def _news(_: Runtime, job: EvalJob, since: int) -> News:
    return await job.news(since)


def _sentence(error: CannotRun) -> str:
    told = "; ".join(finding.message for finding in error.findings[:3])
    return ": ".join(filter(None, (error.message, told))) + (f". {error.hint}" if error.hint else "")
