"""The playground: ask, and read the answer as it comes; beside it, who answers and why."""

from __future__ import annotations

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Static

from clawtui.engine.events import BusEvent
from clawtui.engine.request import Message, RequestId, Role, Text, tool_result
from clawtui.engine.verdicts import Plan, Skip
from clawtui.runtime import Runtime
from clawtui.runtime.routes_view import RouteRow, route_rows
from clawtui.tui.desk import Desk
from clawtui.tui.editor import NoEditor, edit_text
from clawtui.tui.messages import ActionsChanged, Copy, Export, OpenTrace, Refused, Say, WishesChanged
from clawtui.tui.pane import LookingPane
from clawtui.tui.playground.attached import Attached
from clawtui.tui.playground.attachments import suggestions
from clawtui.tui.playground.blocks import AnswerBlock
from clawtui.tui.playground.dialogue import Dialogue
from clawtui.tui.playground.live_side import LiveSide
from clawtui.tui.playground.talk import Talk
from clawtui.tui.playground.welcome import Example
from clawtui.tui.playground.who_answers import ANYBODY, COLUMNS, POLICY, profiles_only, who_answers
from clawtui.tui.state.conversation import as_json, as_markdown
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.prompt import Prompt

# The dialogs are imported by what opens them: the first screen needs none.

BUSY = "an answer is coming: esc cancels it"
NONE_YET = "there is no answer yet"
# Nothing that would take the conversation from under an answer.
_WAIT_FOR_THE_ANSWER = {
    *("regenerate", "regenerate_with", "side_by_side", "tool_result", "branch"),
    *("new_conversation", "search", "delete", "undo"),
}


class PlaygroundPane(LookingPane):
    AREA = "playground"
    TITLE = "Playground"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._talk, self._live, self._attached = Talk(), LiveSide(), Attached()
        self._is_stale = True  # what the live side shows of the routes
        self.dialogue = Dialogue(desk, self._talk, self._live, self._conversation_changed)

    def compose(self) -> ComposeResult:
        # One level: each container around the answers is painted and cut again with every frame of a stream.
        yield self._live
        yield self._talk
        yield Static("", id="below", markup=False)
        yield self._attached
        yield Prompt(placeholder="Ask", completer=suggestions, id="prompt")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#below").display = False
        self.prompt.put(self.desk.remembered.drafts.get("", ""))
        self._show_target()
        if self.desk.remembered.conversation:
            self._open(self.desk.remembered.conversation)

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    def focus_main(self) -> None:
        self.prompt.focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.post_message(ActionsChanged())

    def _conversation_changed(self) -> None:
        """Another one is in front, or an answer begins or ends."""
        self.prompt.refuses = BUSY if self.dialogue.is_answering else None
        self.prompt.set_history([entry.text for entry in self.dialogue.entries if entry.role == "user" and entry.text])
        self.post_message(ActionsChanged())

    # ---- asking

    def on_text_area_changed(self) -> None:
        self.desk.remembered.drafts[""] = self.prompt.text

    async def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        event.stop()
        if self.dialogue.is_answering:
            self.post_message(Refused(BUSY))
            return
        self._send(event.prompt.text)

    @work(group="ask", exclusive=True, exit_on_error=False, description="ask")
    async def _send(self, text: str) -> None:
        asked = await self._attached.question(text)
        if asked is None:
            return
        if asked.media and (reason := await self._cannot_see(asked)):
            self._attached.complain(f"not sent: {reason}")
            return
        self.prompt.take()
        self._attached.clear()
        await self.dialogue.ask(asked)

    async def _cannot_see(self, asked: Message) -> str:
        """Why nobody who would answer can look at an image; empty where somebody can, or nobody knows."""
        plan = await self._plan_of(asked)
        if plan.candidates or plan.waits:
            return ""
        blind = [entry for entry in plan.entries if entry.skip is Skip.CAPABILITY]
        told = [f"{entry.route} {entry.reason}" for entry in blind[:2]]
        return ", ".join(told) or plan.error or "nobody can answer"

    # ---- conversations

    @work(group="conversation", exclusive=True, exit_on_error=False, description="open a conversation")
    async def _open(self, id: str) -> None:
        await self.dialogue.open(id)

    async def open(self, id: str) -> None:
        """From the palette."""
        if self.dialogue.is_answering:
            self.post_message(Refused(BUSY))
        else:
            self._open(id)

    async def action_new_conversation(self) -> None:
        await self.dialogue.begin_new()
        self.prompt.focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="conversations")
    async def action_search(self) -> None:
        from clawtui.tui.dialogs.conversations import Conversations

        chosen = await self.app.push_screen_wait(Conversations(self.desk))
        if chosen:
            self._open(chosen)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="rename")
    async def action_rename(self) -> None:
        from clawtui.tui.dialogs.ask_line import AskLine

        title = await self.app.push_screen_wait(AskLine("Rename the conversation", self.dialogue.title))
        if title:
            await self.dialogue.rename(title)

    @work(group="conversation", exclusive=True, exit_on_error=False, description="delete")
    async def action_delete(self) -> None:
        await self.dialogue.delete()
        self.post_message(Say("the conversation was deleted; esc, then u, brings it back"))

    @work(group="conversation", exclusive=True, exit_on_error=False, description="undo")
    async def action_undo(self) -> None:
        await self.dialogue.undelete()

    @work(group="conversation", exclusive=True, exit_on_error=False, description="branch")
    async def action_branch(self) -> None:
        block = self._talk.selected
        assert block is not None
        await self.dialogue.branch(self.dialogue.entries.index(block.entry) + 1)
        self.post_message(Say("this is a branch of the conversation; the other one is kept"))

    # ---- answers

    def action_regenerate(self) -> None:
        self._again(self.desk.remembered.target)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="ask another")
    async def action_regenerate_with(self) -> None:
        options = await self.desk.do(profiles_only)
        chosen = await self.app.push_screen_wait(Picker("Ask whom instead?", options, columns=COLUMNS))
        if chosen:
            self._again(chosen[0])

    @work(group="ask", exclusive=True, exit_on_error=False, description="ask again")
    async def _again(self, target: str) -> None:
        block = self._talk.selected
        if await self.dialogue.ask_again(block.entry if block is not None else None, target):
            self.post_message(Say("asked again in a branch of the conversation; the other one is kept"))

    def action_trace(self) -> None:
        block = self._talk.selected
        assert block is not None
        self.post_message(OpenTrace(RequestId(str(block.entry.request_id))))

    def action_fold(self) -> None:
        block = self._talk.selected
        assert block is not None
        block.fold()

    @work(group="ask", exclusive=True, exit_on_error=False, description="a tool's result")
    async def action_tool_result(self) -> None:
        """One box for each call that the answer makes; then the model goes on."""
        from clawtui.tui.dialogs.ask_line import AskText

        block = self._talk.selected
        assert block is not None
        results: list[Message] = []
        for call in block.entry.tool_calls:
            about = f"{call.name}({call.arguments})"
            text = await self.app.push_screen_wait(AskText(f"Result of {call.name}", about=about, yes="Go on"))
            if text is None:
                return
            results.append(tool_result(call.id, text, call.name))
        for result in results[:-1]:
            await self.dialogue.keep(result)
        await self.dialogue.ask(results[-1])

    def action_previous_answer(self) -> None:
        self._step(-1)

    def action_next_answer(self) -> None:
        if not self._step(1):
            self.prompt.focus()

    def _step(self, by: int) -> bool:
        moved = self._talk.step(by)
        self.post_message(ActionsChanged())
        return moved

    def action_previous_code(self) -> None:
        self._select_code(-1)

    def action_next_code(self) -> None:
        self._select_code(1)

    def _select_code(self, by: int) -> None:
        block = self._talk.selected
        assert block is not None
        block.answer.focus(scroll_visible=False)
        block.answer.select_code(by)

    async def action_follow(self) -> None:
        self._talk.follow()

    def action_page_up(self) -> None:
        self._paged.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        self._paged.scroll_page_down(animate=False)

    @property
    def _paged(self) -> VerticalScroll:
        """The conversation, also from within the prompt; the live side where that has the focus."""
        return self._live if self._live.has_focus else self._talk

    def on_talk_waits(self, event: Talk.Waits) -> None:
        below = self.query_one("#below", Static)
        below.display = event.waits
        is_coming = self.dialogue.is_answering
        below.update(Content("▼ new text below: end follows" if is_coming else "▼ more below: end goes there"))

    # ---- who, with what, and what then

    def action_write(self) -> None:
        self.prompt.focus()

    def action_cancel(self) -> None:
        self.dialogue.cancel()

    def offers(self, verb: str) -> bool:
        return verb != "cancel" or self.dialogue.is_answering

    def action_back(self) -> bool:
        """Out of the live side, out of the prompt; what runs is cancelled before that."""
        if self.has_class("-live"):
            self.remove_class("-live")
            self.prompt.focus()
            return True
        if self.prompt.has_focus:
            self._leave_prompt()
            return True
        return False

    def _leave_prompt(self) -> None:
        """To the newest answer, which stays scrolled as it is; where there is none to an example, else nowhere."""
        if self._talk.answers:
            self._talk.answers[-1].answer.focus(scroll_visible=False)
        elif not self._talk.step(0):
            self.screen.set_focus(None)
        self.post_message(ActionsChanged())

    def action_live_side(self) -> None:
        self.toggle_class("-live")
        self.look()
        (self._live if self._live.display else self.prompt).focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="who answers")
    async def action_who_answers(self) -> None:
        options = await self.desk.do(who_answers)
        now = self.desk.remembered.target or ANYBODY
        chosen = await self.app.push_screen_wait(Picker("Who answers", options, chosen=(now,), columns=COLUMNS))
        if not chosen:
            return
        if chosen[0].startswith(POLICY):
            self.desk.remembered.policy = chosen[0].removeprefix(POLICY)
        else:
            self.desk.remembered.target = "" if chosen[0] == ANYBODY else chosen[0]
        self.post_message(WishesChanged())

    def wishes_changed(self) -> None:
        """Another target or policy, chosen here or elsewhere."""
        self._show_target()
        self._is_stale = True
        self.look()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="settings")
    async def action_settings(self) -> None:
        from clawtui.tui.dialogs.request_settings import RequestSettings

        settings = await self.app.push_screen_wait(RequestSettings(self.dialogue.settings))
        if settings is not None:
            self.dialogue.settings = settings
            self._show_target()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="the plan of the draft")
    async def action_plan(self) -> None:
        from clawtui.tui.dialogs.plan_view import PlanView

        asked = await self._attached.question(self.prompt.text or "…")
        if asked is not None:
            await self.app.push_screen_wait(PlanView(await self._plan_of(asked)))

    async def _plan_of(self, asked: Message) -> Plan:
        request = self.dialogue.request(asked)

        async def explain(runtime: Runtime) -> Plan:
            return runtime.engine.explain(request)

        return await self.desk.do(explain)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="side by side")
    async def action_side_by_side(self) -> None:
        from clawtui.tui.dialogs.side_by_side import SideBySide

        text = self.prompt.text.strip()
        asked = await self._attached.question(text)
        if asked is None:
            return
        options = await self.desk.do(profiles_only)
        chosen = await self.app.push_screen_wait(
            Picker("Ask which two to four?", options, least=2, most=4, columns=COLUMNS)
        )
        if not chosen:
            return
        requests = {name: self.dialogue.request(asked, target=name) for name in chosen}
        taken = await self.app.push_screen_wait(SideBySide(self.desk, requests, text))
        if taken is not None:  # else what was asked stays in the prompt
            self.prompt.take()
            self._attached.clear()
            await self.dialogue.take(asked, taken)

    async def on_prompt_asked(self, event: Prompt.Asked) -> None:
        event.stop()
        match event.verb:
            case "editor":
                self._edit()
            case "attach":
                self._choose_image()
            case _:
                self._leave_prompt()

    def on_example_chosen(self, event: Example.Chosen) -> None:
        event.stop()
        self.prompt.put(event.text)
        self.prompt.focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="the editor")
    async def _edit(self) -> None:
        try:
            self.prompt.put(await edit_text(self.app, self.prompt.text))
        except NoEditor as error:
            self.post_message(Say(str(error), "warning"))
        self.prompt.focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="attach an image")
    async def _choose_image(self) -> None:
        from clawtui.tui.dialogs.ask_line import AskLine

        about = "PNG, JPEG, GIF or WebP; in the prompt, @path does the same. Nothing here: none goes with the question"
        path = await self.app.push_screen_wait(AskLine("Attach which image?", about=about, yes="Attach"))
        if path is not None and path.strip():
            await self._attached.add(Path(path.strip()))
        elif path is not None:
            self._attached.clear()

    def _show_target(self) -> None:
        target = self.desk.remembered.target or "whoever the policy says"
        said = f" · {self.dialogue.settings.words}" if self.dialogue.settings.words else ""
        self.prompt.placeholder = f"Ask {target}{said}"

    # ---- live side

    def receive(self, events: tuple[BusEvent, ...]) -> None:
        self._is_stale = True

    def shown(self) -> None:
        self._is_stale = True
        super().shown()

    def look(self) -> None:
        """Once a second while it is in sight, and only where something has happened or a circuit counts down."""
        if self._live.display and (self._is_stale or self._live.counts_down):
            self._is_stale = False
            self._looked()

    @work(group="live", exclusive=True, exit_on_error=False, description="routes of the plan")
    async def _looked(self) -> None:
        request = self.dialogue.request(Message(Role.USER, (Text("…"),)))

        async def read(runtime: Runtime) -> tuple[list[RouteRow], Plan]:
            return await route_rows(runtime.engine, runtime.store), runtime.engine.explain(request)

        rows, plan = await self.desk.do(read)
        self._live.show_routes(rows, plan)

    # ---- out of the screen

    def action_copy(self) -> None:
        block = self._talk.selected
        assert block is not None
        code = block.answer.selected_code
        if code is not None:
            self.post_message(Copy(code.text, "the code block"))
        else:
            self.post_message(Copy(block.answer.text, "the answer"))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="export")
    async def action_export(self) -> None:
        formats = [Option("md", "Markdown", "for people"), Option("json", "JSON", "for programs")]
        chosen = await self.app.push_screen_wait(Picker("Export the conversation as", formats))
        if not chosen:
            return
        title, entries = self.dialogue.title or "conversation", self.dialogue.entries
        is_text = chosen[0] == "md"
        text = as_markdown(title, entries) if is_text else as_json(self.dialogue.id or "", title, entries)
        self.post_message(Export(text, f"{title[:40]}.{chosen[0]}"))

    def why_not(self, verb: str) -> str | None:
        block: AnswerBlock | None = self._talk.selected
        match verb:
            case _ if verb in _WAIT_FOR_THE_ANSWER and self.dialogue.is_answering:
                return BUSY
            case "cancel" if not self.dialogue.is_answering:
                return "no answer is coming"
            case "side_by_side" if not self.prompt.text.strip():
                return "the prompt is empty: write what to ask first"
            case "regenerate" | "regenerate_with" if not self.dialogue.entries:
                return "nothing was asked yet"
            case "branch" | "trace" | "fold" | "copy" | "previous_code" | "next_code" | "tool_result" if block is None:
                return NONE_YET
            case "trace" if block is not None and not block.entry.request_id:
                return "this answer has no trace yet" if block.is_streaming else "this answer left no trace"
            case "fold" if block is not None and not block.has_reasoning:
                return "this answer shows no reasoning"
            case "tool_result" if block is not None and not block.entry.tool_calls:
                return "this answer calls no tool"
            case "previous_code" | "next_code" if block is not None and not block.answer.code_blocks:
                return "this answer has no code block"
            case "rename" | "delete" if self.dialogue.id is None:
                return "this conversation is not kept" if self.dialogue.entries else "there is no conversation yet"
            case "undo" if self.dialogue.deleted is None:
                return "nothing was deleted"
            case "export" if not self.dialogue.entries:
                return "the conversation is empty"
            case _:
                return None
