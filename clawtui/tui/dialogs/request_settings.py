"""What goes with each question: system prompt, temperature, limits, schema, tools, requirements. Complaints at the field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from clawtui.tui.state.request_settings import EFFORTS, Settings, complaints
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.text_box import TextBox

_LINES = (
    ("temperature", "Temperature, 0 to 2"),
    ("max_tokens", "Max tokens"),
    ("require", "Required capabilities, such as tools vision"),
    ("tags", "Required tags"),
)
_TEXTS = (("system", "System prompt"), ("schema", "JSON schema of the answer"), ("tools", "Tools, as a JSON list"))


class RequestSettings(Dialog[Settings]):
    """Ends with the settings; None for `esc`, which leaves them as they were."""

    ENTER_DOES = "Use"

    def __init__(self, settings: Settings) -> None:
        choices = (Choice("clear", "Clear all"), Choice("cancel", "Cancel"), Choice("use", "Use", variant="primary"))
        super().__init__("Settings of the request", choices, classes="-wide")
        self._settings = settings

    def body(self) -> Iterable[Widget]:
        for name, label in _TEXTS:
            box = TextBox(getattr(self._settings, name), id=f"set-{name}", classes="setting", tab_behavior="focus")
            box.border_title = label
            yield box
            yield Static("", id=f"wrong-{name}", classes="state-bad", markup=False)
        yield Sentence("Reasoning effort", classes="muted")
        efforts = [(effort, effort) for effort in EFFORTS if effort]
        chosen = self._settings.effort
        yield Select(efforts, prompt="the profile's own", id="set-effort", compact=True, value=chosen or Select.NULL)
        for name, label in _LINES:
            yield Sentence(label, classes="muted")
            yield Input(getattr(self._settings, name), id=f"set-{name}", compact=True)
            yield Static("", id=f"wrong-{name}", classes="state-bad", markup=False)

    def on_mount(self) -> None:
        self.query_one("#set-system").focus()
        self._check()

    def _typed(self) -> Settings:
        found = {name: self.query_one(f"#set-{name}", TextBox).text for name, _ in _TEXTS}
        found |= {name: self.query_one(f"#set-{name}", Input).value for name, _ in _LINES}
        effort = self.query_one("#set-effort", Select).value
        return replace(Settings(**found), effort=effort if isinstance(effort, str) else "")

    def _check(self) -> bool:
        wrong = complaints(self._typed())
        for name, _ in (*_TEXTS, *_LINES):
            shown = self.query_one(f"#wrong-{name}", Static)
            shown.update(Content(wrong.get(name, "")))
            shown.display = name in wrong
        return not wrong

    def on_input_changed(self) -> None:
        self._check()

    def on_text_area_changed(self) -> None:
        self._check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.pressed("use")

    def pressed(self, choice: str) -> None:
        match choice:
            case "use":
                if self._check():
                    self.dismiss(self._typed())
            case "clear":
                self.dismiss(Settings())
            case _:
                self.dismiss(None)
