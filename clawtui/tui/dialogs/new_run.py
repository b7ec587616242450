"""The last look before a run begins: how often, at most for how much, and what that would come to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from textual import work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static

from clawtui.evals.results import RunSettings
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.tick import Tick


@dataclass(frozen=True, slots=True)
class Wanted:
    settings: RunSettings
    controls: bool


Foresee = Callable[[Wanted], Awaitable[tuple[bool, str]]]  # whether it can be run, and the words


class NewRun(Dialog[Wanted]):
    """Ends with what is to be run, None for `esc`. Nothing is called before."""

    def __init__(self, settings: RunSettings, foresee: Foresee) -> None:
        choices = (Choice("cancel", "Cancel"), Choice("start", "Start", variant="primary"))
        super().__init__("New run", choices, classes="-wide")
        self._settings = settings
        self._foresee = foresee

    def body(self) -> Iterable[Widget]:
        settings = self._settings
        yield Sentence(f"{', '.join(settings.suites)} against {', '.join(settings.profiles)}")
        yield Sentence("How often each case", classes="muted")
        yield Input("1", id="run-repeats", compact=True)
        yield Sentence("At most how many dollars; nothing: no limit", classes="muted")
        yield Input("", id="run-usd", compact=True)
        yield Tick("Fallbacks may answer: measures the whole chain", id="run-fallbacks")
        yield Tick("Take what earlier runs found with the same model and settings", id="run-cached")
        if any(name.startswith("fusion/") for name in settings.profiles):
            yield Tick(
                "Add what shows a fusion's gain: its synthesizer alone, and fused with itself", id="run-controls"
            )
        yield Static("", id="run-wrong", classes="state-bad", markup=False)
        yield Static("…", id="run-estimate", markup=False)

    def on_mount(self) -> None:
        self.query_one("#run-repeats").focus()
        self._look()

    def _wanted(self) -> Wanted | str:
        """What is typed, or what is wrong with it."""
        repeats = self.query_one("#run-repeats", Input).value.strip()
        usd = self.query_one("#run-usd", Input).value.strip().replace(",", ".")
        if not repeats.isdigit() or not 1 <= int(repeats) <= 1000:
            return "how often: a whole number from 1 to 1000"
        try:
            most = float(usd) if usd else None
        except ValueError:
            return "how many dollars: a number such as 0.50"
        if most is not None and not 0 < most < 1e9:
            return "how many dollars: a number above 0"
        settings = RunSettings(
            self._settings.suites,
            self._settings.profiles,
            repeats=int(repeats),
            max_usd=most,
            with_fallbacks=self._is_on("#run-fallbacks"),
            use_cache=self._is_on("#run-cached"),
            policy=self._settings.policy,
        )
        return Wanted(settings, self._is_on("#run-controls"))

    def _is_on(self, name: str) -> bool:
        return any(box.value for box in self.query(name).results(Checkbox))

    @work(group="estimate", exclusive=True, exit_on_error=False, description="estimate a run")
    async def _look(self) -> None:
        wanted = self._wanted()
        wrong, words = (wanted, "") if isinstance(wanted, str) else ("", "")
        if not isinstance(wanted, str):
            can, words = await self._foresee(wanted)
            wrong, words = ("", words) if can else (words, "")
        self.query_one("#run-wrong", Static).update(Content(wrong))
        self.query_one("#run-estimate", Static).update(Content(words))
        self.query_one("#dialog-start").disabled = bool(wrong)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        event.stop()
        self._look()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.pressed("start")

    def pressed(self, choice: str) -> None:
        wanted = self._wanted()
        if choice != "start":
            self.dismiss(None)
        elif not isinstance(wanted, str) and not self.query_one("#dialog-start").disabled:
            self.dismiss(wanted)
