"""The screen's time with one engine: what it shows first, the header, bus events to the panes, saving what it remembers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from clawtui.config.findings import Finding, Severity
from clawtui.engine.events import BusEvent, ConfigChanged, StoreChanged
from clawtui.runtime import ConfigState, Origin, Runtime
from clawtui.tui.desk import Desk
from clawtui.tui.editor import NoEditor, edit_file
from clawtui.tui.feed import Feed
from clawtui.tui.first_start import FirstStartScreen, Way
from clawtui.tui.header import HeaderLine, read
from clawtui.tui.saving import SECONDS as SAVING_SECONDS
from clawtui.tui.saving import Saver
from clawtui.tui.state.first_start import FIRST_PROMPT, first_start
from clawtui.tui.state.header import Pace
from clawtui.tui.widgets.dots import State

if TYPE_CHECKING:
    from textual.timer import Timer

    from clawtui.tui.app import ClawApp

LOOK_SECONDS = 1.0
QUIET_LOOKS = 30  # of these ticks, one looks where nothing happens: a day may have ended


class Session:
    def __init__(self, app: ClawApp, desk: Desk, *, suggests: bool = False) -> None:
        self._app = app
        self.desk = desk
        self._suggests = suggests  # a first prompt, for somebody who has come from the first start
        self._timers: tuple[Timer, ...] = ()
        self._saver = Saver(desk.paths.state_file, desk.remembered)
        self._feed = Feed(app, self._deliver, time.monotonic)
        self._pace = Pace()
        self._leave_bus: Callable[[], None] | None = None
        self._aside: Path | None = None  # where a damaged data file went, as far as it was told
        self._is_looking = False
        self._looks_again = False
        self._is_restless = True  # what the header shows changes with time alone
        self._ticks = 0

    # ---- life

    async def begin(self) -> None:
        """Takes the config, joins the bus, shows what is to be shown first."""
        self._leave_bus = await self.desk.thread.subscribe(self._feed.take)
        state = await self.take_config()
        self._timers = (
            self._app.set_interval(LOOK_SECONDS, self._tick),
            self._app.set_interval(SAVING_SECONDS, self._save_now_and_then),
        )
        self.look()
        await self.desk.do(_begin)
        await self._data_moved()
        if not await self._show_first(state):
            return  # another session has begun in this one's place
        self._app.run_worker(
            self.desk.do(_begin_demo), group="demo", exit_on_error=False, description="the demo's past"
        )

    async def end(self) -> None:
        for timer in self._timers:
            timer.stop()
        if self._leave_bus is not None:
            leave, self._leave_bus = self._leave_bus, None
            await self.desk.do(lambda _: _call(leave))
        await self.save()

    async def save(self) -> None:
        complaint = await self._saver.save()
        if complaint:
            self._app.tell(complaint, "warning")

    def _save_now_and_then(self) -> None:
        self._app.run_worker(self.save(), group="save", exit_on_error=False, description="save what is remembered")

    async def take_config(self) -> ConfigState:
        state = await self.desk.do(_state)
        self._saver.keeps_texts = state.config.ui.keep_conversations
        self._app.take_config(state)
        return state

    # ---- what is shown first

    async def _show_first(self, state: ConfigState) -> bool:
        if state.errors and state.origin is Origin.NOTHING:
            await self._show_findings(state.findings)
        elif state.origin in (Origin.DISCOVERED, Origin.NOTHING) and not await self._first_start(state):
            return False
        if self._suggests:
            # Only enter is missing for a first answer.
            self.desk.remembered.pane = "playground"
            self.desk.remembered.drafts.setdefault("", FIRST_PROMPT)
        await self._app.open_in(self.desk.remembered.pane or state.config.ui.default_pane)
        return True

    async def _show_findings(self, findings: Sequence[Finding]) -> None:
        from clawtui.tui.findings import FindingsScreen

        await self._app.push_screen_wait(FindingsScreen(self.desk.paths.config_file, findings, self.reload))
        await self.take_config()

    async def reload(self) -> Sequence[Finding]:
        return (await self.desk.do(_reload)).findings

    async def reload_and_tell(self) -> None:
        errors = sum(finding.severity is Severity.ERROR for finding in await self.reload())
        words = f"the config has {errors} {'error' if errors == 1 else 'errors'}; what was right before stays in force"
        self._app.tell(words if errors else "the config was read again and is in force")

    async def _first_start(self, state: ConfigState) -> bool:
        """Whether this session goes on."""
        file, complaint = self.desk.paths.config_file, ""
        while True:
            view = first_start(state.discovered, file)
            way = await self._app.push_screen_wait(FirstStartScreen(view, complaint))
            match way:
                case Way.LOOK_AROUND:
                    complaint = "the simulator can be started with clawtui --demo"
                    if await self._app.look_around():
                        return False
                case Way.WRITE | Way.BY_HAND:
                    complaint = await self._write(view.text, edit=way is Way.BY_HAND)
                    if not complaint:
                        self._suggests = True
                        return True
                case _:
                    self._suggests = view.can_be_used
                    return True

    async def _write(self, text: str, *, edit: bool) -> str:
        """Writes the file, never over one, and takes it; a sentence where that failed."""
        from clawtui.config import disk

        file = self.desk.paths.config_file
        try:
            await asyncio.to_thread(disk.create, file, text)
        except FileExistsError:
            if not edit:
                return f"{file} is there by now, and was left as it is"
        except OSError as error:
            return f"{file} cannot be written: {error.strerror}"
        if edit:
            try:
                await edit_file(self._app, file)
            except NoEditor as error:
                return f"{error}; the file is at {file}"
        findings = await self.reload()
        state = await self.take_config()
        if state.errors:
            await self._show_findings(findings)
        return ""

    # ---- while it lasts

    def _deliver(self, events: tuple[BusEvent, ...]) -> None:
        self._pace.fold(events)
        if any(isinstance(event, StoreChanged) and event.saving for event in events):
            self._app.run_worker(self._data_moved(), group="moved", exit_on_error=False)
        for pane in self._app.panes.all_mounted:
            pane.receive(events)
        if any(isinstance(event, ConfigChanged) for event in events):
            self._app.run_worker(self._config_changed(), group="config", exclusive=True, exit_on_error=False)
        self.look()

    async def _data_moved(self) -> None:
        aside = await self.desk.do(_moved_aside)
        if aside is not None and aside != self._aside:
            self._aside = aside
            self._app.tell(f"the data file was damaged: it was moved to {aside}, and a new one begun", "warning")

    async def _config_changed(self) -> None:
        from clawtui.tui.findings import FindingsScreen

        state = await self.take_config()
        if isinstance(self._app.screen, FindingsScreen):
            self._app.screen.show(state.findings)

    def _tick(self) -> None:
        """Where nothing happens and no circuit counts down, nothing is looked up: an idle screen costs nothing."""
        self._ticks += 1
        if self._is_restless or self._pace.a_minute(self.desk.now()) or self._ticks % QUIET_LOOKS == 0:
            self.look()

    def look(self) -> None:
        """One look at a time; what is asked for meanwhile is one more look."""
        self._looks_again = True
        if not self._is_looking:
            self._is_looking = True
            self._app.run_worker(self._look(), group="header", exit_on_error=False, description="header")

    async def _look(self) -> None:
        try:
            while self._looks_again:
                self._looks_again = False
                remembered = self.desk.remembered
                view = await self.desk.do(partial(read, remembered=remembered))
                a_minute = self._pace.a_minute(self.desk.now())
                self._is_restless = a_minute > 0 or State.OPEN in view.states or State.HALF_OPEN in view.states
                self._app.query_one(HeaderLine).show(view, a_minute)
        finally:
            self._is_looking = False


async def _state(runtime: Runtime) -> ConfigState:
    return runtime.state


async def _reload(runtime: Runtime) -> ConfigState:
    return await runtime.reload()


async def _begin(runtime: Runtime) -> None:
    runtime.watch()


async def _moved_aside(runtime: Runtime) -> Path | None:
    return runtime.store.moved_aside


async def _begin_demo(runtime: Runtime) -> None:
    """Behind the first frame: a past, so that usage has a history, and somebody else who asks."""
    if runtime.is_demo:
        from clawtui.runtime.demo_caller import BackgroundCaller
        from clawtui.runtime.demo_past import seed_past

        await seed_past(runtime)
        runtime.own(BackgroundCaller(runtime.engine).run, "background caller")


async def _call(function: Callable[[], None]) -> None:
    function()
