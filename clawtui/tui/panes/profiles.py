"""Profiles: the config as a tree and forms. A draft in memory until it is saved; every change is examined at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from clawtui.config.document import NotEditable
from clawtui.config.editing import EditRefused
from clawtui.config.findings import Severity
from clawtui.config.writing import dotted
from clawtui.engine.events import BusEvent, ConfigChanged
from clawtui.runtime.config_draft import (
    ConfigDraft,
    Examined,
    Followed,
    examined,
    follow_file,
    open_draft,
    try_profile,
    worst_cost,
)
from clawtui.text import clean, duration_ms, money, one_line
from clawtui.tui.desk import Desk
from clawtui.tui.dialogs.edit_list import EditList
from clawtui.tui.dialogs.findings_list import FindingsList
from clawtui.tui.messages import ActionsChanged, Copy, Say
from clawtui.tui.pane import Pane
from clawtui.tui.profiles.file_actions import FileActions
from clawtui.tui.profiles.form import Form
from clawtui.tui.profiles.making import Making
from clawtui.tui.state.profile_form import (
    FormField,
    Kind,
    Names,
    Path,
    Section,
    entries_of,
    entry_of,
    path_of,
    references_to,
    turned,
    wrong_item,
)
from clawtui.tui.state.profiles import (
    ONE,
    TITLES,
    FormRow,
    TreeRow,
    findings_cell,
    followed_words,
    form_rows,
    name_cell,
    place_of,
    preview_lines,
    tree_rows,
)
from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.confirm import Confirm, Told
from clawtui.tui.widgets.filter_input import FilterInput
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.table import Table

NOTHING = Examined({}, (), False)
UNSET = "-"
KINDS = {
    "provider": Section.PROVIDERS,
    "profile": Section.PROFILES,
    "policy": Section.POLICIES,
    "fusion": Section.FUSION,
}


class ProfilesPane(FileActions, Pane):
    AREA = "profiles"
    TITLE = "Profiles"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._draft: ConfigDraft | None = None
        self._cannot = ""  # why there is no draft
        self._elsewhere: str = ""  # what somebody else did to the file under the draft
        self._now = self._right = NOTHING  # as it is, and the newest without errors
        self._at: tuple[Section, str] | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="changed-elsewhere", classes="state-warn", markup=False)
        with Horizontal(classes="split"):
            with Vertical(id="profile-tree", classes="panel"):
                yield FilterInput(hint="a name")
                yield Table(_tree_columns(), key=lambda row: row.key, empty="Nothing configured: n makes something",
                            id="tree")  # fmt: skip
            yield Form()

    def on_mount(self) -> None:
        self._entitle()
        self._begin()

    @property
    def entries(self) -> Table[TreeRow]:
        return self.query_one("#tree", Table)

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    def focus_main(self) -> None:
        self.entries.focus()

    def has_unsaved_changes(self) -> bool:
        return self._draft is not None and self._draft.is_changed

    def receive(self, events: tuple[BusEvent, ...]) -> None:
        """The file has changed behind us: an untouched draft becomes it, a touched one follows and says so."""
        if not any(isinstance(event, ConfigChanged) for event in events):
            return
        if self.has_unsaved_changes():
            self._follow()
        else:
            self._begin()

    # ---- the draft

    @work(group="draft", exclusive=True, exit_on_error=False, description="open the config")
    async def _begin(self) -> None:
        await self._open_draft()

    async def _open_draft(self) -> None:
        try:
            self._draft = await self.desk.do(open_draft)
            self._cannot = ""
            self._elsewhere = ""
        except NotEditable as error:
            self._draft, self._cannot = None, f"the file cannot be edited here: {error.reason}; E opens it"
        await self._examine()

    @work(group="draft", exclusive=True, exit_on_error=False, description="follow the config")
    async def _follow(self) -> None:
        await self._follow_file()

    async def _follow_file(self) -> Followed | None:
        """The draft on the file as it is now; None where it cannot be read, which is told."""
        draft = self._draft
        assert draft is not None
        try:
            followed = await self.desk.do(partial(follow_file, draft=draft))
        except NotEditable as error:
            self.post_message(Say(f"the file cannot be read now: {error.reason}; the draft stays", "warning"))
            return None
        if followed.has_changed:
            self._elsewhere = followed_words(followed)
            await self._examine()
        return followed

    async def _examine(self) -> None:
        if self._draft is None:
            return
        text = self._draft.document.text
        self._now = await self.desk.do(lambda runtime: examined(runtime, text))
        if self._now.is_right:
            self._right = self._now
        rows = tree_rows(self._now, self._right)
        self.entries.show(rows)
        if self._at is None:
            first = next((row for row in rows if row.section is Section.PROFILES and row.name), rows[0])
            self._at = (first.section, first.name)
            self.entries.move_to_key(first.key)
        self._show_form()
        self._entitle()
        self.post_message(ActionsChanged())

    def _entitle(self) -> None:
        errors = sum(each.severity is Severity.ERROR for each in self._now.findings)
        parts = ["Config"]
        parts += ["changed, not saved"] if self.has_unsaved_changes() else []
        parts += [f"{errors} {'error' if errors == 1 else 'errors'}"] if errors else []
        self.query_one("#profile-tree").border_title = Content(" · ".join(parts))
        elsewhere = self.query_one("#changed-elsewhere", Static)
        elsewhere.display = bool(self._elsewhere)
        elsewhere.update(Content(clean(self._elsewhere)))

    def _show_form(self) -> None:
        if self._at is None:
            return
        section, name = self._at
        if section is not Section.GENERAL and (not name or name not in entries_of(self._now.tree, section)):
            self.form.show(TITLES[section], [])
            return
        rows = form_rows(self._now, self._right, section, name)
        found = self._right.fusions.get(name) if section is Section.FUSION else None
        title = f"{ONE[section]} {name}" if name else TITLES[section]
        self.form.show(title, rows, preview_lines(found) if found is not None else ())

    async def _change(self, change: Callable[[ConfigDraft], None]) -> bool:
        """Changes the draft, off the loop, and examines what has become of it."""
        draft = self._draft
        if draft is None:
            self.post_message(Say(self._cannot, "warning"))
            return False
        try:
            await asyncio.to_thread(change, draft)
        except EditRefused as error:
            self.post_message(Say(f"{error}; E opens the file in an editor", "warning"))
            return False
        await self._examine()
        return True

    async def _set(self, field: Path, value: Any) -> None:
        """None takes it out."""
        assert self._at is not None
        path = path_of(*self._at, field)
        if value is None:
            await self._change(lambda draft: draft.remove(path))
        else:
            await self._change(lambda draft: draft.set(path, value))

    # ---- walking

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        row = event.row
        if isinstance(row, TreeRow):
            self._at = (row.section, row.name)
            self._show_form()
            self.post_message(ActionsChanged())

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        if isinstance(event.row, TreeRow):
            self.action_edit()
        else:
            self._edit_field(event.row)

    def action_edit(self) -> None:
        if self.form.fields.has_focus and (row := self.form.fields.cursor_row) is not None:
            self._edit_field(row)
            return
        self.add_class("-whole")
        self.form.fields.focus()

    async def open(self, kind: str, name: str, field: str = "") -> None:
        """From elsewhere: a thing, and a dotted field of it."""
        self._go_to(KINDS[kind], name, tuple(field.split(".")) if field else ())

    def _go_to(self, section: Section, name: str, field: Path) -> None:
        self._at = (section, name)
        self.entries.move_to_key((section.value, name))
        self._show_form()
        self.add_class("-whole")
        self.form.go_to(field)

    def action_back(self) -> bool:
        if self.form.give_up():
            return True
        if self.has_class("-whole") or self.form.fields.has_focus:
            self.remove_class("-whole")
            self.entries.focus()
            return True
        return self.query_one(FilterInput).clear()

    def action_filter(self) -> None:
        self.remove_class("-whole")
        self.query_one(FilterInput).open()

    def on_filter_input_changed(self, event: FilterInput.Changed) -> None:
        self.entries.set_filter(event.text)

    def on_filter_input_left(self) -> None:
        self.entries.focus()

    # ---- fields

    @work(group="typed", exclusive=True, exit_on_error=False, description="a field as it is typed")
    async def on_form_typed(self, event: Form.Typed) -> None:
        await self._set(event.field.path, event.value)

    @work(group="dialog", exclusive=True, exit_on_error=False, description="a field")
    async def _edit_field(self, row: FormRow) -> None:
        field, value = row.field, row.value
        if field.kind is Kind.FLAG:
            await self._set(field.path, turned(field, value))
        elif field.kind is Kind.LIST:
            await self._edit_list(field, value)
        elif field.kind is Kind.CHOICE:
            options = [Option(UNSET, "nothing", f"so {row.instead or 'nothing'} holds"), *map(_option, field.choices)]
            await self._pick(field, options, value)
        elif field.names is Names.MODEL:
            model = await self._making().model(self._provider(), value or "")
            if model:
                await self._set(field.path, model)
        elif field.names is not Names.NOTHING:
            names = self._names(field.names)
            options = [] if field.is_required else [Option(UNSET, "nothing")]
            await self._pick(field, [*options, *map(_option, names)], value)
        else:
            self.form.type(row)

    async def _pick(self, field: FormField, options: list[Option], value: Any) -> None:
        chosen = await self.app.push_screen_wait(Picker(field.label, options, chosen=[str(value or UNSET)]))
        if chosen:
            await self._set(field.path, None if chosen[0] == UNSET else chosen[0])

    async def _edit_list(self, field: FormField, value: Any) -> None:
        values = [str(each) for each in value] if isinstance(value, list) else []
        known = self._names(field.names) if field.names not in (Names.NOTHING, Names.SECRET, Names.MODEL) else ()
        chosen = await self.app.push_screen_wait(
            EditList(field.label, field.help, values, known, partial(wrong_item, field))
        )
        if chosen is not None and list(chosen) != values:
            await self._set(field.path, list(chosen))

    def _names(self, names: Names) -> tuple[str, ...]:
        tree = self._now.tree
        profiles = tuple(entries_of(tree, Section.PROFILES))
        match names:
            case Names.PROFILE:
                return profiles
            case Names.TARGET:
                return (*profiles, *(f"fusion/{name}" for name in entries_of(tree, Section.FUSION)))
            case Names.POLICY:
                return tuple(dict.fromkeys(("default", *entries_of(tree, Section.POLICIES))))
            case Names.PROVIDER:
                from clawtui.config.catalogue import known_providers

                return tuple(dict.fromkeys((*entries_of(tree, Section.PROVIDERS), *known_providers())))
            case _:
                return ()

    def _provider(self) -> str:
        assert self._at is not None
        return str(entry_of(self._now.tree, *self._at).get("provider", ""))

    def _making(self) -> Making:
        assert self._draft is not None
        return Making(self, self._now, self._right, self._draft.document.text)

    # ---- entries

    @work(group="dialog", exclusive=True, exit_on_error=False, description="a new entry")
    async def action_new(self) -> None:
        made = await self._making().new()
        if made is not None:
            section, name, values = made
            if await self._change(lambda draft: draft.set(path_of(section, name), values)):
                self._go_to(section, name, ())

    @work(group="dialog", exclusive=True, exit_on_error=False, description="a copy")
    async def action_duplicate(self) -> None:
        assert self._at is not None
        section, name = self._at
        values = dict(entry_of(self._now.tree, section, name))
        copy = await self._making().free_name(section, f"{name}-2")
        if copy and await self._change(lambda draft: draft.set(path_of(section, copy), values)):
            self._go_to(section, copy, ())

    @work(group="dialog", exclusive=True, exit_on_error=False, description="delete")
    async def action_delete(self) -> None:
        """In the form, what is written in the field; in the tree, the entry."""
        assert self._at is not None
        if self.form.fields.has_focus and (row := self.form.fields.cursor_row) is not None:
            await self._set(row.field.path, None)
            return
        section, name = self._at
        named = references_to(self._now.tree, section, name)
        words = (
            "Nothing names it." if not named else f"It is named by {', '.join(map(dotted, named))}: they would break."
        )
        words += " The file changes when the draft is saved."
        if await self.app.push_screen_wait(Confirm(f"Delete {ONE[section]} {name}?", words, yes="Delete")):
            self.remove_class("-whole")
            await self._change(lambda draft: draft.remove(path_of(section, name)))
            self.entries.focus()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="try a profile")
    async def action_test(self) -> None:
        assert self._at is not None
        assert self._draft is not None
        name, text = self._at[1], self._draft.document.text
        worst = await self.desk.do(lambda runtime: worst_cost(runtime, text, name))
        words = f"Asks the provider for its models, which is free, and {name} for one word: {money(worst)} at most."
        if not await self.app.push_screen_wait(Confirm("Try it?", words, yes="Try", is_grave=False)):
            return
        self.post_message(Say(f"trying {name} …"))
        tried = await self.desk.do(lambda runtime: try_profile(runtime, text, name))
        probe = tried.probe
        lists = {None: "", True: ", and lists the model", False: ", but does not list this model"}[tried.lists_model]
        found = (
            f"the provider answered after {duration_ms(probe.ms)}{lists}"
            if probe.models
            else f"no model list: {probe.error}"
        )
        if tried.error:
            said = f"no answer: {tried.error}"
        else:
            said = (
                f"it answered “{one_line(tried.answered)}” after {duration_ms(tried.ms)}, for {money(tried.cost_usd)}"
            )
        await self.app.push_screen_wait(Told(f"{name} was tried", f"{found}\n{said}"))

    @work(group="dialog", exclusive=True, exit_on_error=False, description="findings")
    async def action_findings(self) -> None:
        finding = await self.app.push_screen_wait(FindingsList(self._now.findings))
        if finding is not None:
            self._go_to(*place_of(self._now.tree, finding))

    def action_move_up(self) -> None:
        """Items of a list are moved where the list is edited."""

    def action_move_down(self) -> None:
        """As `action_move_up`."""

    def action_copy(self) -> None:
        assert self._at is not None
        self.post_message(Copy(dotted(path_of(*self._at)) if self._at[1] else self._at[0].value, "the name"))

    def why_not(self, verb: str) -> str | None:
        named = self._at is not None and bool(self._at[1])
        match verb:
            case "move_up" | "move_down":
                return "enter on a list opens it; its items are moved there"
            case _ if self._draft is None and verb not in ("open_editor", "filter"):
                return self._cannot or "the config is being read"
            case "duplicate" | "test" if not named:
                return "choose a provider, profile, policy or fusion first"
            case "delete" if not named and not self.form.fields.has_focus:
                return "choose a provider, profile, policy or fusion first"
            case "test" if self._at is not None and self._at[0] is not Section.PROFILES:
                return "only profiles can be tried"
            case "test" if not self._now.is_right:
                return "the draft has errors: f shows them"
            case "save" if not self.has_unsaved_changes():
                return "nothing has changed"
            case "save" if not self._now.is_right:
                return "the draft has errors: f shows them"
            case "undo" if self.has_unsaved_changes():
                return "save or discard the changes first: ctrl+s"
            case "open_editor" if self.has_unsaved_changes():
                return "save or discard the changes first: ctrl+s"
            case "open_editor" if not self.desk.paths.config_file.name:
                return "there is no file"
            case "copy" if self._at is None:
                return "nothing is chosen"
            case _:
                return None


def _option(name: str) -> Option:
    return Option(name, name)


def _tree_columns() -> list[Column[TreeRow]]:
    return [
        Column("name", "Name", name_cell, least=16, share=1, priority=0),
        Column("words", "", lambda row: ((row.words, Tone.MUTED),), least=12, share=1, priority=2),
        Column("findings", "", findings_cell, width=6, align=Align.RIGHT, priority=1, filters=False),
    ]
