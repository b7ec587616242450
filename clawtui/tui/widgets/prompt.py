"""The prompt: several lines, `enter` sends. Keys come from the registry; those that TextArea would swallow are looked at first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingsMap
from textual.events import Key
from textual.message import Message

from clawtui.text import clean
from clawtui.tui.actions import Where, actions_of
from clawtui.tui.keymap import Keymap, bindings_for
from clawtui.tui.widgets.keyed import Keyed, keymap_of
from clawtui.tui.widgets.text_box import TextBox

Completer = Callable[[str], Sequence[str]]

# Of TextArea's own: F6 belongs to a pane, and these to actions of the app.
_NOT_OURS = ("f6", "f7")
# Done only at the first and the last line: elsewhere the key moves the cursor, as TextArea binds it.
_SOMETIMES = ("prompt.recall_older", "prompt.recall_newer")


class Prompt(Keyed, TextBox):
    WHERE: ClassVar[Where] = Where.PROMPT
    DEFAULT_CSS = """
    Prompt {
        height: auto;
        min-height: 3;
        max-height: 12;
        border: round $border-blurred;
        padding: 0 1;
        &:focus { border: round $border; }
    }
    """

    class Submitted(Message):
        def __init__(self, prompt: Prompt, text: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.text = text

        @property
        def control(self) -> Prompt:
            return self.prompt

    class Asked(Message):
        """`editor`, `attach` or `above`: what the prompt cannot do by itself."""

        def __init__(self, prompt: Prompt, verb: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.verb = verb

        @property
        def control(self) -> Prompt:
            return self.prompt

    def __init__(
        self,
        text: str = "",
        *,
        placeholder: str = "",
        completer: Completer | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(
            text,
            soft_wrap=True,
            tab_behavior="focus",
            highlight_cursor_line=False,
            placeholder=placeholder,
            id=id,
            classes=classes,
        )
        self.cursor_blink = False  # an idle screen paints nothing
        self.completer = completer
        """Given what stands behind `@`, says what it could become; must answer at once."""
        self._history: tuple[str, ...] = ()
        self._recalled: int | None = None
        self._draft = ""
        self._verbs: dict[str, str] = {}
        self.refuses: str | None = None  # why nothing can be sent now, in words

    # ---- text

    def set_history(self, prompts: Sequence[str]) -> None:
        """Prompts sent before, the newest last."""
        self._history = tuple(prompts)
        self._recalled = None

    def put(self, text: str) -> None:
        """Another text, the cursor at its end; one step for undo."""
        self.replace(clean(text), (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor(self.document.end)

    def take(self) -> str:
        """The text, and an empty prompt."""
        text = self.text
        self.put("")
        self._recalled = None
        return text

    # ---- keys

    def on_mount(self) -> None:
        self.take_keys()

    def take_keys(self, keymap: Keymap | None = None) -> None:
        keymap = keymap or keymap_of(self)
        own = self._merged_bindings.copy() if self._merged_bindings is not None else BindingsMap()
        for key in _NOT_OURS:
            own.key_to_bindings.pop(key, None)
        for binding in bindings_for(self.WHERE, keymap):
            if binding.id in _SOMETIMES:
                continue
            own.key_to_bindings.setdefault(binding.key, []).insert(0, binding)
        self._bindings = own
        self._verbs = {key: action.verb for action in actions_of(self.WHERE) for key in keymap.get(action.id, ())}

    async def _on_key(self, event: Key) -> None:
        if event.key == "tab" and self.suggestion:
            event.stop()
            event.prevent_default()
            self.insert(self.suggestion)
            return
        verb = self._verbs.get(event.key) or self._verbs.get(event.character or "")
        if verb is not None and self._applies(verb):
            event.stop()
            event.prevent_default()
            getattr(self, f"action_{verb}")()
        # Whatever is left goes to TextArea: Textual asks each class of the line for its own handler.

    def why_not(self, verb: str) -> str | None:
        return self.refuses if verb == "send" else None

    def _applies(self, verb: str) -> bool:
        row = self.cursor_location[0]
        if verb == "recall_older":
            return row == 0 and bool(self._history) and self._recalled != 0
        if verb == "recall_newer":
            return row == self.document.line_count - 1 and self._recalled is not None
        return True

    def action_send(self) -> None:
        start, end = self.selection
        row, column = end
        if start == end and self.document.get_line(row)[:column].endswith("\\"):
            self._replace_via_keyboard("\n", (row, column - 1), end)
        elif self.text.strip():
            self.post_message(self.Submitted(self, self.text))

    def action_newline(self) -> None:
        self._replace_via_keyboard("\n", *self.selection)

    def action_editor(self) -> None:
        self.post_message(self.Asked(self, "editor"))

    def action_attach(self) -> None:
        self.post_message(self.Asked(self, "attach"))

    def action_cursor_up(self, select: bool = False) -> None:
        """An empty prompt with nothing to recall is left for what stands above it."""
        if not self.text and not self._history and not select:
            self.post_message(self.Asked(self, "above"))
        else:
            super().action_cursor_up(select)

    def action_recall_older(self) -> None:
        if self._recalled is None:
            self._draft = self.text
            self._recall(len(self._history) - 1)
        elif self._recalled > 0:
            self._recall(self._recalled - 1)

    def action_recall_newer(self) -> None:
        if self._recalled is not None:
            self._recall(self._recalled + 1)

    def _recall(self, place: int) -> None:
        is_draft = place >= len(self._history)
        self._recalled = None if is_draft else place
        self.put(self._draft if is_draft else self._history[place])
        if not is_draft:
            self.move_cursor((0, 0))

    # ---- completion

    def update_suggestion(self) -> None:
        """The rest of the first path that fits what stands behind `@`."""
        self.suggestion = ""
        fragment = self.at_fragment()
        if fragment is not None and self.completer is not None:
            found = next((name for name in self.completer(fragment) if name.startswith(fragment)), "")
            self.suggestion = clean(found[len(fragment) :]).replace("\n", " ")

    def at_fragment(self) -> str | None:
        """What stands between `@` and the cursor, where the cursor is at the end of a word that begins so."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        if column < len(line) and not line[column].isspace():
            return None
        word = line[:column].rpartition(" ")[2].rpartition("\t")[2]
        return word[1:] if word.startswith("@") else None
