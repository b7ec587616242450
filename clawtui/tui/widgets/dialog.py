"""What all dialogs share: a titled box over the screen, a body, buttons, and `esc` to leave it with nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from clawtui.text import one_line
from clawtui.tui.messages import ActionsChanged

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """A button; `key` presses it too, while no input has the focus."""

    id: str
    label: str
    key: str = ""
    variant: Literal["default", "primary", "warning", "error", "success"] = "default"
    is_disabled: bool = False

    @property
    def words(self) -> str:
        """The label without the key that stands behind it."""
        return self.label.removesuffix(f" ({self.key})")


class Closing(ModalScreen[T]):
    """Closes once. Textual takes away whatever screen is on top: a second enter, pressed before the first has closed a
    dialog, would take the next one, or the last of all."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(Closing[T | None]):
    """A subclass gives `body()` and says in `pressed(id)` what a button means."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > .dialog--box {
            width: 90%;
            max-width: 84;
            height: auto;
            max-height: 94%;
            border: round $border;
            border-title-color: $text-primary;
            border-title-style: bold;
            background: $surface;
            padding: 0 1;
        }
        &.-wide > .dialog--box { max-width: 130; }
        & .dialog--body { height: auto; max-height: 100%; overflow-x: hidden; margin-bottom: 1; }
        & .dialog--buttons { dock: bottom; height: 1; width: 1fr; align-horizontal: right; }
        & .dialog--buttons Button { margin-left: 1; min-width: 8; }
    }
    """
    ENTER_DOES: ClassVar[str] = ""  # in a field of one line; empty: nothing
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", id="dialog.leave"),
        Binding("left", "button(-1)", "Button before", id="dialog.left", show=False),
        Binding("right", "button(1)", "Button after", id="dialog.right", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[Choice] = (), *, first: str = "", classes: str | None = None
    ) -> None:
        super().__init__(classes=classes)
        self.dialog_title = one_line(title)
        self.choices = tuple(choices)
        self._first = first  # the button that has the focus at the beginning

    def body(self) -> Iterable[Widget]:
        return ()

    def pressed(self, choice: str) -> None:
        self.dismiss(None)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog--box") as box:
            box.border_title = Content(self.dialog_title)
            with VerticalScroll(classes="dialog--body", can_focus=False):
                yield from self.body()
            if self.choices:
                with Horizontal(classes="dialog--buttons"):
                    for choice in self.choices:
                        yield Button(
                            Content(one_line(choice.label)),
                            id=f"dialog-{choice.id}",
                            variant=choice.variant,
                            disabled=choice.is_disabled,
                            compact=True,
                        )

    def on_mount(self) -> None:
        if self._first:
            self.query_one(f"#dialog-{self._first}", Button).focus()

    def key_hints(self) -> Sequence[tuple[str, str]]:
        """Keys that do something here and now, as people read them: for the footer."""
        found: list[tuple[str, str]] = []
        match self.focused:
            case Input():
                found += [("enter", self.enter_does())] if self.enter_does() else []
            case TextArea():
                found.append(("tab", "Next"))
            case Button() as button:
                pressed = next((choice for choice in self.choices if button.id == f"dialog-{choice.id}"), None)
                found += [("enter", pressed.words)] if pressed is not None else []
                found += [("←→", "Buttons")] if len(self.choices) > 1 else []
        if not isinstance(self.focused, Input | TextArea):
            keyed = [choice for choice in self.choices if choice.key and not choice.is_disabled]
            found += [(choice.key, choice.words) for choice in keyed]
            own = type(self).__dict__.get("BINDINGS", ())
            found += [(each.key, each.description) for each in own if isinstance(each, Binding) and each.show]
        return [*found, ("esc", "Close")]

    def enter_does(self) -> str:
        return self.ENTER_DOES

    def on_screen_resume(self) -> None:
        self.post_message(ActionsChanged())

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.post_message(ActionsChanged())

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_button(self, step: int) -> None:
        """Left and right walk the buttons while one of them has the focus."""
        buttons = [button for button in self.query(Button) if not button.disabled]
        if isinstance(self.focused, Button) and self.focused in buttons:
            buttons[(buttons.index(self.focused) + step) % len(buttons)].focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.pressed((event.button.id or "").removeprefix("dialog-"))

    def on_key(self, event: object) -> None:
        key = getattr(event, "character", None)
        for choice in self.choices:
            if key and choice.key == key and not choice.is_disabled:
                event.stop()  # type: ignore[attr-defined]  # a key event; its class is not needed for anything else
                self.pressed(choice.id)
                return


class Sentence(Static):
    """Text in a dialog: outside text is welcome, it is never markup."""

    def __init__(self, text: str, *, classes: str | None = None) -> None:
        super().__init__(Content(text), classes=classes, markup=False)
