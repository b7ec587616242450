"""Questions and answers as they stand in a conversation."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from clawtui.text import clean, count
from clawtui.tui.playground.facts import FactsBelow
from clawtui.tui.state.conversation import Entry
from clawtui.tui.widgets.answer import Answer
from clawtui.tui.widgets.laid_out_once import LaidOutOnce
from clawtui.tui.widgets.parts import PartLine, Tone, wrap
from clawtui.tui.widgets.toned import Toned


class AskedBlock(Static, LaidOutOnce):
    """What somebody said, or what a tool gave back."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        images = [str(image.get("name", "image")) for image in entry.facts.get("images", ())]
        words = entry.text + "".join(f"\n▣ {name}" for name in images)
        if entry.role == "tool":
            words = f"result of {entry.facts.get('name', 'the tool')}: {words}"
        super().__init__(Content(clean(words)), classes="asked", markup=False)


class WaitsLine(Toned):
    """Where the first text will stand: what is waited for, and how long already."""

    def __init__(self) -> None:
        super().__init__(classes="waits")
        self.display = False
        self._words = ""

    def show(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.display = bool(words)
            self.changed()

    def lines(self, width: int) -> list[PartLine]:
        return wrap(((f"◍ {self._words}", Tone.MUTED), (" · esc cancels", Tone.ACCENT)), width) if self._words else []


class AnswerBlock(Vertical, LaidOutOnce):
    """The answer itself, its reasoning folded above it, what it calls and the line of facts below it."""

    def __init__(self, entry: Entry, *, is_streaming: bool = False) -> None:
        super().__init__(classes="answer-block")
        self.entry = entry
        self.is_streaming = is_streaming
        self.answer = Answer("" if is_streaming else entry.text, classes="answer")
        self._reasoning = entry.facts.get("reasoning") or ""
        self._is_folded = True
        self._waits = WaitsLine() if is_streaming else None
        self._has_text = False

    def compose(self) -> ComposeResult:
        yield Static("", classes="reasoning", markup=False)
        if self._waits is not None:
            yield self._waits
        yield self.answer
        for call in self.entry.tool_calls:
            yield _call_box(call.name, call.arguments)
        yield FactsBelow(self.entry)

    def on_mount(self) -> None:
        self._show_reasoning()

    def append(self, text: str) -> None:
        self._has_text = True
        self.wait("")
        self.answer.append(text)

    def restart(self) -> None:
        """What came is superseded; a whole answer is waited for."""
        self._has_text = False
        self.answer.restart()

    def wait(self, words: str) -> None:
        """Until the first text is there."""
        if self._waits is not None:
            self._waits.show("" if self._has_text or not self.is_streaming else words)

    def reason(self, text: str) -> None:
        self._reasoning += text
        self._show_reasoning()

    @property
    def has_reasoning(self) -> bool:
        return bool(self._reasoning)

    def fold(self) -> None:
        self._is_folded = not self._is_folded
        self._show_reasoning()

    def _show_reasoning(self) -> None:
        shown = self.query_one(".reasoning", Static)
        shown.display = bool(self._reasoning)
        if not self._reasoning:
            return
        if self._is_folded:
            shown.update(Content(f"▸ thought, {count(len(self._reasoning))} characters: space unfolds"))
        else:
            shown.update(Content(f"▾ {clean(self._reasoning)}"))

    async def end(self, entry: Entry) -> None:
        """The answer is over: the facts stand below it, and the calls that it makes."""
        self.entry, self.is_streaming = entry, False
        self.wait("")
        self.answer.finish()
        if not self._reasoning and entry.facts.get("reasoning"):
            self.reason(entry.facts["reasoning"])
        for call in entry.tool_calls:
            await self.mount(_call_box(call.name, call.arguments), before=self.query_one(FactsBelow))
        self.query_one(FactsBelow).show(entry)


def _call_box(name: str, arguments: str) -> Static:
    box = Static(Content(clean(arguments) or "no arguments"), classes="call", markup=False)
    box.border_title = Content(f"calls {clean(name)} · esc, then a: type its result")
    return box
