"""The app: composes header, panes and footer, binds keys, sets themes, and keeps crashes to one sentence."""

from __future__ import annotations

import gc
import logging
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual._callback import invoke
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingsMap
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.filter import LineFilter
from textual.widgets import Static

from clawtui.tui import choosing, targets, themes
from clawtui.tui.actions import BY_ID, Where
from clawtui.tui.early_keys import EarlyKeys
from clawtui.tui.errands import Errands
from clawtui.tui.footer import KeyBar
from clawtui.tui.header import HeaderLine
from clawtui.tui.keymap import bindings_for, default_keymap, resolve_keymap
from clawtui.tui.looks import Looks
from clawtui.tui.opening import Opening, Stopped
from clawtui.tui.switcher import Panes, tabs
from clawtui.tui.tabs import PaneTabs
from clawtui.tui.widgets.keyed import Keyed
from clawtui.tui.widgets.safe_text import SafeText

if TYPE_CHECKING:
    from clawtui.runtime import ConfigState
    from clawtui.tui.desk import Desk
    from clawtui.tui.session import Session

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
LEAST_WIDTH, LEAST_HEIGHT = 60, 15
TOLD_KEYS = 3  # findings of [keys] that are told one by one


class ClawApp(Errands, EarlyKeys, App[None]):
    TITLE = "clawtui"
    CSS_PATH = [HERE / "tokens.tcss", HERE / "app.tcss", *sorted(HERE.glob("panes/*.tcss"))]
    CSS_PATH += sorted(HERE.glob("dialogs/*.tcss"))
    ENABLE_COMMAND_PALETTE = False  # Textual's own; ours is `action_palette`
    ESCAPE_TO_MINIMIZE = False
    ALLOW_IN_MAXIMIZED_VIEW: ClassVar[str] = "#top, #footer"

    def __init__(self, source: Desk | Opening, complaint: str | None = None, *, theme: str = "") -> None:
        super().__init__()
        self.keymap = default_keymap()
        self.panes = Panes()
        self.session: Session | None = None
        self.crashed: str | None = None
        self.stopped: Stopped | None = None
        self._source = source
        self._complaint = complaint
        self.looks = Looks(self)
        self.looks.load()
        self.theme = theme if theme in self.available_themes else themes.DEFAULT
        self._bind()
        self.keep_early()

    def compose(self) -> ComposeResult:
        with Vertical(id="top"):
            yield HeaderLine()
            yield PaneTabs(tabs())
        yield self.panes
        yield KeyBar(lambda: targets.shown_keys(self))
        yield Static(id="too-small", markup=False)

    # ---- the engine behind it

    def on_mount(self) -> None:
        self.call_after_refresh(self._open)

    @work(group="open", description="open the engine")  # an error here ends the app: without an engine it is nothing
    async def _open(self) -> None:
        source = self._source
        try:
            desk = await source.desk() if isinstance(source, Opening) else source
        except Stopped as stopped:
            self.stopped = stopped
            self.exit(return_code=stopped.status)
            return
        complaint = source.complaint if isinstance(source, Opening) else self._complaint
        if complaint:
            self.tell(complaint, "warning")
        await self._begin(desk)
        # What is mounted now stays: the collector need not walk it while answers stream. A full walk stops the screen for
        # 100 ms below a long conversation, and a frame makes some ten thousand objects: short walks, and few full ones.
        gc.collect()
        gc.freeze()
        gc.set_threshold(1_500, 1, 1_000)

    async def _begin(self, desk: Desk, *, suggests: bool = False) -> None:
        from clawtui.tui.session import Session

        self.session = Session(self, desk, suggests=suggests)
        await self.session.begin()

    async def look_around(self) -> bool:
        """The simulator in place of the engine that was opened; False where somebody else opened that."""
        if not isinstance(self._source, Opening) or self.session is None:
            return False
        await self.session.end()
        await self._begin(await self._source.look_around(), suggests=True)
        return True

    @property
    def desk(self) -> Desk:
        assert self.session is not None, "the engine is not open yet"
        return self.session.desk

    def take_config(self, state: ConfigState) -> None:
        """Keys, colours and motion from the config, again whenever the file has changed."""
        ui, remembered = state.config.ui, self.desk.remembered
        self.desk.vim_keys = ui.vim_keys
        self.keymap, wrong = resolve_keymap(state.config.keys, vim_keys=ui.vim_keys)
        self.animation_level = "full" if ui.motion else "none"
        told = [f"[keys] {each.action}: {each.message}; {each.fix}" for each in wrong[:TOLD_KEYS]]
        told += [f"[keys] {len(wrong) - TOLD_KEYS} more"] if len(wrong) > TOLD_KEYS else []
        told += self.looks.load(self.desk.paths.themes)
        told += filter(None, [self.looks.wear(remembered.theme or ui.theme)])
        for sentence in told:
            self.tell(sentence, "warning")
        self._bind()
        for widget in self.screen_stack[0].walk_children():
            if isinstance(widget, Keyed):
                widget.take_keys(self.keymap)

    # ---- what is painted

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of states, for themes that name none."""
        return themes.state_variables(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What leaves for the terminal holds nothing that it would obey."""
        return [*super().get_line_filters(), SafeText()]

    def on_resize(self, event: Resize) -> None:
        """The classes that style files go by. Not Textual's breakpoints: a full screen is a wide one too."""
        width, height = event.size
        is_tiny = width < LEAST_WIDTH or height < LEAST_HEIGHT
        classes = {"-narrow": width < 110, "-wide": width >= 110, "-full": width >= 150, "-tall": height >= 30}
        for name, holds in {**classes, "-tiny": is_tiny}.items():
            self.screen_stack[0].set_class(holds, name)
        words = f"{LEAST_WIDTH}×{LEAST_HEIGHT} cells at least, here are {width}×{height}"
        self.query_one("#too-small", Static).update(Content(words))

    # ---- keys and actions

    def _bind(self) -> None:
        """Keys of the whole app and of the shown pane; those of lists and the prompt are with their widgets."""
        shown = self.panes.shown
        places = [Where.APP] if shown is None else [Where(shown.AREA), Where.APP]
        bindings = [binding for where in places for binding in bindings_for(where, self.keymap)]
        self._bindings = BindingsMap([*bindings, Binding("ctrl+c", "help_quit", show=False, system=True)])
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """False gives the key to whoever else wants it: under a dialog, or where nobody here does this."""
        if action != "act":
            return super().check_action(action, parameters)
        found = BY_ID[str(parameters[0])]
        if self.screen.is_modal or self.session is None:
            return found.id == "app.quit"
        target = targets.find(self, found)
        return target is not None and target.keeps_key

    async def action_act(self, action_id: str) -> None:
        await self.act(action_id)

    async def act(self, action_id: str) -> None:
        """Keys, palette, footer, help and mouse all come here."""
        action, shown = BY_ID[action_id], self.panes.shown
        if action.area in self.panes.areas and (shown is None or action.area != shown.AREA):
            await self.open_in(action.area)
        target = targets.find(self, action)
        if target is None or target.why_not is not None:
            why_not = target.why_not if target is not None else "cannot be done here"
            self.query_one(KeyBar).say(f"{action.label}: {why_not}")
        else:
            await invoke(target.do)

    async def open_in(self, area: str, *what: Any) -> None:
        """Brings a pane to the front; `what` is for its `open`."""
        if self.panes.areas and area not in self.panes.areas and what:
            self.tell(f"there is no pane for {area}", "warning")
            return
        self.screen_stack[0].minimize()
        pane: Any = await self.panes.show(area, self.desk)
        self.desk.remembered.pane = pane.AREA
        self.query_one(PaneTabs).show(pane.AREA)
        self._bind()
        if what:
            await invoke(pane.open, *what)
        self.call_later(self.give_early, wanted=pane.AREA == "playground")  # by then the prompt has the focus

    async def action_previous_pane(self) -> None:
        await self.open_in(self.panes.beside(-1))

    async def action_next_pane(self) -> None:
        await self.open_in(self.panes.beside(1))

    async def action_back(self) -> None:
        if not await targets.went_back(self):
            self.screen.minimize()

    def action_zoom(self) -> None:
        self.screen.maximized = None if self.screen.maximized else targets.panel_of(self)

    def action_jump(self) -> None:
        choosing.jump(self)

    def action_palette(self) -> None:
        choosing.open_palette(self)

    def action_help(self) -> None:
        choosing.open_help(self)

    @work(group="policy", exclusive=True, exit_on_error=False, description="choose a policy")
    async def action_choose_policy(self) -> None:
        await choosing.choose_policy(self)

    @work(group="theme", exclusive=True, exit_on_error=False, description="choose a theme")
    async def action_choose_theme(self) -> None:
        await choosing.choose_theme(self)

    @work(group="reload", exclusive=True, exit_on_error=False, description="read the config again")
    async def action_reload_config(self) -> None:
        assert self.session is not None
        await self.session.reload_and_tell()

    @work(group="quit", exclusive=True, exit_on_error=False, description="quit")
    async def action_quit(self) -> None:  # type: ignore[override]  # it asks first, as a worker
        if self.session is None or await choosing.may_leave(self):
            self.exit()

    def action_help_quit(self) -> None:
        self.query_one(KeyBar).say("ctrl+q leaves; ctrl+c copies what the mouse has selected")

    def _handle_exception(self, error: Exception) -> None:
        """Without local variables: they may hold what nobody should read on a screen or in a log."""
        self.crashed = self.crashed or type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-6:]))
        log.error("the screen failed: %s at %s", self.crashed, places)
        self.exit(return_code=1)
