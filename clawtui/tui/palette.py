"""What the command palette finds: every action, and what has a name: profiles, fusions, policies, themes, conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.markup import escape

from clawtui.text import ago, one_line
from clawtui.tui.actions import palette_entries
from clawtui.tui.choosing import wear

if TYPE_CHECKING:
    from clawtui.runtime import Runtime
    from clawtui.tui.app import ClawApp

MOST_HITS = 50  # a provider with 2,000 costs a third of a second at each key


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    note: str
    do: Callable[[], Awaitable[None]]
    is_shown_unasked: bool = True


class Named(Provider):
    """Entries that are gathered once, when the palette opens, and searched by fuzzy name."""

    async def startup(self) -> None:
        self._entries: Sequence[Entry] = await self.entries()
        self._search_for = FuzzySearch()

    @property
    def claw(self) -> ClawApp:
        from clawtui.tui.app import ClawApp

        app = self.app
        assert isinstance(app, ClawApp)
        return app

    async def entries(self) -> Sequence[Entry]:
        return ()

    async def discover(self) -> Hits:
        shown = [entry for entry in self._entries if entry.is_shown_unasked]
        for entry in shown[:MOST_HITS]:
            yield DiscoveryHit(Content(entry.name), entry.do, entry.name, _help(entry))

    async def search(self, query: str) -> Hits:
        for score, offsets, entry in self._best(query):
            # Not by Textual's matcher: it reads the name as markup, and names come from outside.
            shown = Content(entry.name)
            for offset in offsets:
                shown = shown.stylize(self.match_style or "underline", offset, offset + 1)
            yield Hit(score, shown, entry.do, entry.name, _help(entry))

    def _best(self, query: str) -> Iterator[tuple[float, Sequence[int], Entry]]:
        found = []
        for entry in self._entries:
            score, offsets = self._search_for.match(query, entry.name)
            if score > 0:
                found.append((score, offsets, entry))
        yield from sorted(found, key=lambda hit: -hit[0])[:MOST_HITS]


def _help(entry: Entry) -> str | None:
    return escape(entry.note) if entry.note else None


class Actions(Named):
    async def entries(self) -> Sequence[Entry]:
        app = self.claw
        pane = app.panes.shown
        areas = {"app", "prompt", *([pane.AREA] if pane is not None else [])}
        found = []
        for each in palette_entries(app.keymap):
            action = each.action
            if action.id == "app.palette" or (
                action.area not in ("app", "prompt") and action.area not in app.panes.areas
            ):
                continue
            keys = f"{each.keys}   " if each.keys else ""
            found.append(
                Entry(f"{action.group}: {action.label}", keys + action.help, _act(app, action.id), action.area in areas)
            )
        return found


def _act(app: ClawApp, action_id: str) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        await app.act(action_id)

    return act


class Targets(Named):
    """Profiles and fusions: who is to answer."""

    async def entries(self) -> Sequence[Entry]:
        app = self.claw
        rows = await app.desk.do(_targets)
        return [Entry(f"Ask {one_line(name)}", one_line(note), _ask(app, name), False) for name, note in rows]


def _ask(app: ClawApp, target: str) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        await app.choose_target(target)

    return ask


async def _targets(runtime: Runtime) -> list[tuple[str, str]]:
    from clawtui.runtime.models_view import fusion_rows, model_rows

    profiles = [
        (row.id, f"{row.provider}/{row.model}" + ("" if row.ready else f", not ready: {row.reason}"))
        for row in model_rows(runtime.engine)
    ]
    fusions = [
        (f"fusion/{row.name}", "a fusion" + ("" if row.ready else f", not ready: {row.reason}"))
        for row in fusion_rows(runtime.engine)
    ]
    return profiles + fusions


class Policies(Named):
    async def entries(self) -> Sequence[Entry]:
        app = self.claw

        async def names(runtime: Runtime) -> list[str]:
            return list(runtime.engine.registry.policies)

        return [
            Entry(f"Policy {one_line(name)}", "Send requests out under it.", _policy(app, name), False)
            for name in await app.desk.do(names)
        ]


def _policy(app: ClawApp, name: str) -> Callable[[], Awaitable[None]]:
    async def choose() -> None:
        app.choose_policy(name)

    return choose


class Themes(Named):
    async def entries(self) -> Sequence[Entry]:
        app = self.claw
        return [Entry(f"Theme {title}", name, _theme(app, name), False) for name, title in app.looks.titles().items()]


def _theme(app: ClawApp, name: str) -> Callable[[], Awaitable[None]]:
    async def choose() -> None:
        wear(app, name)

    return choose


class Conversations(Named):
    async def entries(self) -> Sequence[Entry]:
        app = self.claw

        async def recent(runtime: Runtime) -> list[tuple[str, str, float]]:
            rows = await runtime.store.conversations.recent()
            return [(row.id, row.title, row.changed) for row in rows]

        now = app.desk.now()
        return [
            Entry(f"Conversation {one_line(title)}", ago(now - changed), _conversation(app, id_), False)
            for id_, title, changed in await app.desk.do(recent)
        ]


def _conversation(app: ClawApp, id_: str) -> Callable[[], Awaitable[None]]:
    async def open_it() -> None:
        await app.open_in("playground", id_)

    return open_it


def palette() -> CommandPalette:
    return CommandPalette(
        (Actions, Targets, Policies, Themes, Conversations),
        placeholder="An action, a profile, a policy, a theme, a conversation…",
    )
