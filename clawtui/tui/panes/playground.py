"""The playground: ask, and read the answer as it comes; beside it, who answers and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Static

from clawtui.engine.events import BusEvent, Completed, Delta, Failed, ReasoningDelta, RequestEvent, Restarted
from clawtui.engine.request import ChatRequest, Media, Message, RequestId, Role, Text, tool_result, user
from clawtui.engine.verdicts import Plan
from clawtui.runtime import Runtime
from clawtui.runtime.conversing import (
    Opened,
    answering,
    begin_conversation,
    facts_of,
    open_conversation,
    read_document,
    user_document,
)
from clawtui.runtime.routes_view import RouteRow, route_rows
from clawtui.runtime.thread import RequestHandle
from clawtui.store.conversations import TurnStatus
from clawtui.tui.desk import Desk
from clawtui.tui.dialogs.ask_line import AskLine, AskText
from clawtui.tui.dialogs.conversations import Conversations
from clawtui.tui.dialogs.plan_view import PlanView
from clawtui.tui.dialogs.request_settings import RequestSettings
from clawtui.tui.dialogs.side_by_side import SideBySide
from clawtui.tui.editor import NoEditor, edit_text
from clawtui.tui.messages import ActionsChanged, Copy, Export, OpenTrace, Say
from clawtui.tui.pane import LookingPane
from clawtui.tui.playground.attachments import NoImage, named_in, read_image, suggestions
from clawtui.tui.playground.blocks import AnswerBlock
from clawtui.tui.playground.live_side import LiveSide
from clawtui.tui.playground.talk import Talk
from clawtui.tui.playground.who_answers import ANYBODY, POLICY, profiles_only, who_answers
from clawtui.tui.state.conversation import Entry, as_json, as_markdown, messages_of
from clawtui.tui.state.request_settings import Settings, fits, request_with
from clawtui.tui.state.why import Why
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.prompt import Prompt

BUSY = "an answer is coming: esc cancels it"
NONE_YET = "there is no answer yet"


class PlaygroundPane(LookingPane):
    AREA = "playground"
    TITLE = "Playground"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.settings = Settings()
        self.conversation: str | None = None
        self.title_of_conversation = ""
        self._handle: RequestHandle | None = None
        self._asked: list[str] = []
        self._images: list[Media] = []
        self._deleted: str | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="split"):
            with Vertical(id="talking"):
                yield Talk()
                yield Static("", id="below", markup=False)
                yield Static("", id="attached", markup=False)
                yield Prompt(placeholder="Ask", completer=suggestions, id="prompt")
            yield LiveSide()

    def on_mount(self) -> None:
        super().on_mount()
        for name in ("#below", "#attached"):
            self.query_one(name).display = False
        self.prompt.put(self.desk.remembered.drafts.get("", ""))
        self._show_target()
        if self.desk.remembered.conversation:
            self._open(self.desk.remembered.conversation)

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    @property
    def talk(self) -> Talk:
        return self.query_one(Talk)

    @property
    def live(self) -> LiveSide:
        return self.query_one(LiveSide)

    def focus_main(self) -> None:
        self.prompt.focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.post_message(ActionsChanged())

    # ---- asking

    def on_text_area_changed(self) -> None:
        self.desk.remembered.drafts[""] = self.prompt.text

    async def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        event.stop()
        if self._handle is not None:
            self.post_message(Say(BUSY, "warning"))
            return
        self._send(event.prompt.text)

    @work(group="send", exclusive=True, exit_on_error=False, description="send")
    async def _send(self, text: str) -> None:
        words, paths = named_in(text)
        try:
            named = [await asyncio.to_thread(read_image, path) for path in paths]
        except NoImage as error:
            self._say_attached(str(error), is_wrong=True)
            return
        images = [*self._images, *named]
        asked = user(words, *images)
        if images and (reason := await self._cannot_see(asked)):
            self._say_attached(reason, is_wrong=True)
            return
        self.prompt.take()
        self._asked.append(text)
        self.prompt.set_history(self._asked)
        self._images.clear()
        self._say_attached("")
        await self._ask(asked)

    async def _cannot_see(self, asked: Message) -> str:
        """Why nobody who would answer can look at an image; empty where somebody can, or nobody knows."""
        plan = await self._plan_of(asked)
        if plan.candidates or plan.waits:
            return ""
        reason = next(
            (entry.reason for entry in plan.entries if entry.skip is not None), plan.error or "nobody can answer"
        )
        return f"not sent: {reason}"

    async def _ask(self, asked: Message | None) -> None:
        """Sends what was asked, or asks for the last answer anew."""
        if self.conversation is None:
            target = self.desk.remembered.target
            self.conversation = await self.desk.do(lambda runtime: begin_conversation(runtime, target))
            self.desk.remembered.conversation = self.conversation or ""
        if asked is not None:
            entry = Entry(asked.role.value, asked.text, facts=dict(user_document(asked)), at=self.desk.now())
            await self.talk.add(entry)
            self.title_of_conversation = self.title_of_conversation or " ".join(asked.text.split())[:60]
        self._stream(asked, self.desk.remembered.target)

    @work(group="ask", exclusive=True, exit_on_error=False, description="one answer")
    async def _stream(self, asked: Message | None, target: str) -> None:
        request = self._request(messages_of(self.talk.entries), target)
        source = partial(_answering, conversation=self.conversation, asked=asked)
        block, why = await self.talk.begin(), Why()
        self._handle = handle = self.desk.stream(request, source)
        self.post_message(ActionsChanged())
        entry = Entry("assistant", "", TurnStatus.CANCELLED, at=self.desk.now())
        try:
            async for batch in handle.batches():
                is_news = False
                for event in batch:
                    is_news = why.fold(event) or is_news
                    if type(event) is Delta:
                        block.answer.append(event.text)
                    elif type(event) is ReasoningDelta:
                        block.reason(event.text)
                    elif type(event) is Restarted:
                        block.answer.restart()
                    elif type(event) is Completed or type(event) is Failed:
                        facts = {**facts_of(event.trace), "request_id": event.trace.request_id}
                        entry = Entry("assistant", event.trace.text, _status(facts), facts, self.desk.now())
                if is_news:
                    self.live.show_why(why)
        finally:
            self._handle = None
            entry = await self._checked(replace(entry, text=entry.text or block.answer.text), request.schema)
            self.talk.entries.append(entry)
            await block.end(entry)
            self.talk.tell()
            self.post_message(ActionsChanged())

    async def _checked(self, entry: Entry, schema: object) -> Entry:
        """What is said of an answer that was to fit a schema."""
        if schema is None or entry.status is not TurnStatus.DONE or entry.tool_calls:
            return entry
        return replace(entry, facts={**entry.facts, "json": await asyncio.to_thread(fits, schema, entry.text)})

    def _request(self, messages: tuple[Message, ...], target: str) -> ChatRequest:
        return request_with(self.settings, messages, target, self.desk.remembered.policy, self.conversation)

    # ---- conversations

    @work(group="conversation", exclusive=True, exit_on_error=False, description="open a conversation")
    async def _open(self, id: str) -> None:
        opened = await self.desk.do(lambda runtime: open_conversation(runtime, id))
        if opened is None:
            self.desk.remembered.conversation = ""
            return
        await self._show(opened)

    async def open(self, id: str) -> None:
        """From the palette."""
        self._open(id)

    async def _show(self, opened: Opened) -> None:
        self.conversation, self.title_of_conversation = opened.id, opened.title
        self.desk.remembered.conversation = opened.id
        entries = [Entry(turn.role, turn.text, turn.status, read_document(turn), turn.at) for turn in opened.turns]
        await self.talk.show(entries)
        self._asked = [entry.text for entry in entries if entry.role == "user" and entry.text]
        self.prompt.set_history(self._asked)

    async def action_new_conversation(self) -> None:
        self.action_cancel()
        self.conversation, self.title_of_conversation = None, ""
        self.desk.remembered.conversation = ""
        await self.talk.show([])
        self.prompt.focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="conversations")
    async def action_search(self) -> None:
        chosen = await self.app.push_screen_wait(Conversations(self.desk))
        if chosen:
            self.action_cancel()
            self._open(chosen)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="rename")
    async def action_rename(self) -> None:
        title = await self.app.push_screen_wait(AskLine("Rename the conversation", self.title_of_conversation))
        id = self.conversation
        if title and id:
            self.title_of_conversation = title
            await self.desk.do(lambda runtime: runtime.store.conversations.rename(id, title))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="delete")
    async def action_delete(self) -> None:
        id = self.conversation
        assert id is not None
        await self.desk.do(lambda runtime: runtime.store.conversations.delete(id))
        self._deleted = id
        await self.action_new_conversation()
        self.post_message(Say("the conversation was deleted; u in the conversation brings it back"))
        self.post_message(ActionsChanged())

    @work(group="dialog", exclusive=True, exit_on_error=False, description="undo")
    async def action_undo(self) -> None:
        id, self._deleted = self._deleted, None
        assert id is not None
        await self.desk.do(lambda runtime: runtime.store.conversations.restore(id))
        self._open(id)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="branch")
    async def action_branch(self) -> None:
        block, id = self.talk.selected, self.conversation
        assert block is not None
        place = self.talk.entries.index(block.entry)
        if id is None:
            await self.talk.show(self.talk.entries[: place + 1])
            return
        new = await self.desk.do(lambda runtime: runtime.store.conversations.branch(id, place))
        self._open(new)
        self.post_message(Say("a branch of the conversation; the other one is kept"))

    # ---- answers

    def action_regenerate(self) -> None:
        self._again(self.desk.remembered.target)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="ask another")
    async def action_regenerate_with(self) -> None:
        options = await self.desk.do(profiles_only)
        chosen = await self.app.push_screen_wait(Picker("Ask whom instead?", options))
        if chosen:
            self._again(chosen[0])

    @work(group="again", exclusive=True, exit_on_error=False, description="ask again")
    async def _again(self, target: str) -> None:
        await self.talk.cut_last_answer()
        id, kept = self.conversation, len(self.talk.entries)
        if id is not None:
            await self.desk.do(lambda runtime: runtime.store.conversations.cut_after(id, kept - 1))
        self._stream(None, target)

    def action_trace(self) -> None:
        block = self.talk.selected
        assert block is not None
        self.post_message(OpenTrace(RequestId(str(block.entry.request_id))))

    def action_fold(self) -> None:
        block = self.talk.selected
        assert block is not None
        block.fold()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="a tool's result")
    async def action_tool_result(self) -> None:
        """One box for each call that the answer makes; then the model goes on."""
        block = self.talk.selected
        assert block is not None
        results: list[Message] = []
        for call in block.entry.tool_calls:
            about = f"{call.name}({call.arguments})"
            text = await self.app.push_screen_wait(AskText(f"Result of {call.name}", about=about, yes="Go on"))
            if text is None:
                return
            results.append(tool_result(call.id, text, call.name))
        for result in results[:-1]:
            await self._keep(result)
        await self._ask(results[-1])

    async def _keep(self, message: Message) -> None:
        id = self.conversation
        if id is not None:
            document = user_document(message)
            await self.desk.do(
                lambda runtime: runtime.store.conversations.add(id, message.role.value, message.text, document=document)
            )
        await self.talk.add(Entry(message.role.value, message.text, facts=dict(user_document(message))))

    def action_previous_answer(self) -> None:
        self._step(-1)

    def action_next_answer(self) -> None:
        if not self._step(1):
            self.prompt.focus()

    def _step(self, by: int) -> bool:
        moved = self.talk.step(by)
        self.post_message(ActionsChanged())
        return moved

    def action_previous_code(self) -> None:
        self._select_code(-1)

    def action_next_code(self) -> None:
        self._select_code(1)

    def _select_code(self, by: int) -> None:
        block = self.talk.selected
        assert block is not None
        block.answer.focus()
        block.answer.select_code(by)

    async def action_follow(self) -> None:
        self.talk.follow()

    async def on_key(self) -> None:
        if self.talk.scroll_offset.y == 0:
            await self.talk.show_earlier()

    def on_talk_waits(self, event: Talk.Waits) -> None:
        below = self.query_one("#below", Static)
        below.display = event.waits
        below.update(Content("▼ new text below: end follows" if self._handle else "▼ more below: end goes there"))

    # ---- who, with what, and what then

    def action_write(self) -> None:
        self.prompt.focus()

    def action_back(self) -> bool:
        """Cancels what runs; else out of the prompt, out of the live side."""
        if self._handle is not None:
            self.action_cancel()
            return True
        if self.has_class("-live"):
            self.remove_class("-live")
            self.prompt.focus()
            return True
        if self.prompt.has_focus and self.talk.answers:
            self.talk.answers[-1].answer.focus()
            return True
        return False

    def action_cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def action_live_side(self) -> None:
        self.toggle_class("-live")
        (self.live if self.has_class("-live") else self.prompt).focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="who answers")
    async def action_who_answers(self) -> None:
        options = await self.desk.do(who_answers)
        now = self.desk.remembered.target or ANYBODY
        chosen = await self.app.push_screen_wait(Picker("Who answers", options, chosen=(now,)))
        if not chosen:
            return
        if chosen[0].startswith(POLICY):
            self.desk.remembered.policy = chosen[0].removeprefix(POLICY)
        else:
            self.desk.remembered.target = "" if chosen[0] == ANYBODY else chosen[0]
        self._show_target()
        self.look()

    def wishes_changed(self) -> None:
        """Another target or policy, chosen elsewhere."""
        self._show_target()
        self.look()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="settings")
    async def action_settings(self) -> None:
        settings = await self.app.push_screen_wait(RequestSettings(self.settings))
        if settings is not None:
            self.settings = settings
            self._show_target()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="the plan of the draft")
    async def action_plan(self) -> None:
        plan = await self._plan_of(user(self.prompt.text or "…", *self._images))
        await self.app.push_screen_wait(PlanView(plan))

    async def _plan_of(self, asked: Message) -> Plan:
        request = self._request((*messages_of(self.talk.entries), asked), self.desk.remembered.target)

        async def explain(runtime: Runtime) -> Plan:
            return runtime.engine.explain(request)

        return await self.desk.do(explain)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="side by side")
    async def action_side_by_side(self) -> None:
        text = self.prompt.text.strip()
        options = await self.desk.do(profiles_only)
        chosen = await self.app.push_screen_wait(Picker("Ask which two to four?", options, least=2, most=4))
        if not chosen:
            return
        asked = user(text, *self._images)
        messages = (*messages_of(self.talk.entries), asked)
        requests = {name: self._request(messages, name) for name in chosen}
        self.prompt.take()
        taken = await self.app.push_screen_wait(SideBySide(self.desk, requests, text))
        if taken is not None:
            await self._take(asked, taken)

    async def _take(self, asked: Message, answer: Entry) -> None:
        if self.conversation is None:
            target = self.desk.remembered.target
            self.conversation = await self.desk.do(lambda runtime: begin_conversation(runtime, target))
        await self._keep(asked)
        id = self.conversation
        if id is not None:
            await self.desk.do(
                lambda runtime: runtime.store.conversations.add(id, "assistant", answer.text, document=answer.facts)
            )
        await self.talk.add(answer)

    async def on_prompt_asked(self, event: Prompt.Asked) -> None:
        event.stop()
        if event.verb == "editor":
            self._edit()
        else:
            self._choose_image()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="the editor")
    async def _edit(self) -> None:
        try:
            self.prompt.put(await edit_text(self.app, self.prompt.text))
        except NoEditor as error:
            self.post_message(Say(str(error), "warning"))
        self.prompt.focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="attach an image")
    async def _choose_image(self) -> None:
        about = "PNG, JPEG, GIF or WebP; in the prompt, @path does the same"
        path = await self.app.push_screen_wait(AskLine("Attach which image?", about=about, yes="Attach"))
        if not path:
            return
        try:
            self._images.append(await asyncio.to_thread(read_image, Path(path)))
        except NoImage as error:
            self._say_attached(str(error), is_wrong=True)
            return
        self._say_attached("")

    def _say_attached(self, complaint: str, *, is_wrong: bool = False) -> None:
        words = complaint or ", ".join(f"▣ {each.name}, {len(each.data) // 1024 + 1} kB" for each in self._images)
        shown = self.query_one("#attached", Static)
        shown.display = bool(words)
        shown.set_class(is_wrong, "state-bad")
        shown.update(Content(words))

    def _show_target(self) -> None:
        target = self.desk.remembered.target or "whoever the policy says"
        said = f" · {self.settings.words}" if self.settings.words else ""
        self.prompt.placeholder = f"Ask {target}{said}"

    # ---- live side

    def receive(self, events: tuple[BusEvent, ...]) -> None:
        pass  # looked at once a second while it is in sight

    def look(self) -> None:
        if self.live.display:
            self._looked()

    @work(group="live", exclusive=True, exit_on_error=False, description="routes of the plan")
    async def _looked(self) -> None:
        request = self._request((Message(Role.USER, (Text("…"),)),), self.desk.remembered.target)

        async def read(runtime: Runtime) -> tuple[list[RouteRow], Plan]:
            return await route_rows(runtime.engine, runtime.store), runtime.engine.explain(request)

        rows, plan = await self.desk.do(read)
        self.live.show_routes(rows, plan)

    # ---- out of the screen

    def action_copy(self) -> None:
        block = self.talk.selected
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
        title = self.title_of_conversation or "conversation"
        text = (
            as_markdown(title, self.talk.entries)
            if chosen[0] == "md"
            else as_json(self.conversation or "", title, self.talk.entries)
        )
        self.post_message(Export(text, f"{title[:40]}.{chosen[0]}"))

    def why_not(self, verb: str) -> str | None:
        block: AnswerBlock | None = self.talk.selected
        match verb:
            case "regenerate" | "regenerate_with" | "side_by_side" | "tool_result" if self._handle is not None:
                return BUSY
            case "side_by_side" if not self.prompt.text.strip():
                return "the prompt is empty: write what to ask first"
            case "regenerate" | "regenerate_with" if not self.talk.entries:
                return "nothing was asked yet"
            case "branch" | "trace" | "fold" | "copy" | "previous_code" | "next_code" | "tool_result" if block is None:
                return NONE_YET
            case "trace" if block is not None and not block.entry.request_id:
                return "this answer has no trace yet" if block.is_streaming else "this answer left no trace"
            case "branch" if block is not None and block.is_streaming:
                return BUSY
            case "fold" if block is not None and not block.has_reasoning:
                return "this answer shows no reasoning"
            case "tool_result" if block is not None and not block.entry.tool_calls:
                return "this answer calls no tool"
            case "previous_code" | "next_code" if block is not None and not block.answer.code_blocks:
                return "this answer has no code block"
            case "rename" | "delete" if self.conversation is None:
                return "this conversation is not kept" if self.talk.entries else "there is no conversation yet"
            case "undo" if self._deleted is None:
                return "nothing was deleted"
            case "export" if not self.talk.entries:
                return "the conversation is empty"
            case _:
                return None


def _answering(
    runtime: Runtime, request: ChatRequest, *, conversation: str | None, asked: Message | None
) -> AsyncGenerator[RequestEvent, None]:
    return answering(runtime, request, conversation, asked)


def _status(facts: dict[str, object]) -> TurnStatus:
    error = facts.get("error")
    if not isinstance(error, dict):
        return TurnStatus.DONE
    return TurnStatus.INTERRUPTED if error.get("kind") == "interrupted" else TurnStatus.FAILED
