"""What the app puts in front of its panes: help, palette, jump mode, policies, themes, whether to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawtui.text import money
from clawtui.tui import targets

if TYPE_CHECKING:
    from clawtui.runtime import Runtime
    from clawtui.tui.app import ClawApp
    from clawtui.tui.widgets.picker import Option


async def choose_policy(app: ClawApp) -> None:
    from clawtui.tui.widgets.picker import Picker

    options = await app.desk.do(_policies)
    now = app.desk.remembered.policy or next((option.key for option in options if option.mark), "")
    chosen = await app.push_screen_wait(Picker("Policy", options, chosen=[now]))
    if chosen:
        app.choose_policy(chosen[0])


async def _policies(runtime: Runtime) -> list[Option]:
    from clawtui.engine.request import ChatRequest, user
    from clawtui.runtime.budgets_view import budget_rows
    from clawtui.tui.widgets.picker import Option

    usual = runtime.engine.plan(ChatRequest((user("…"),))).policy
    budgets: dict[str, str] = {}
    for row in budget_rows(runtime.engine):
        words = f"{money(row.spent_usd)} of {money(row.limit_usd)} a {row.period}"
        budgets[row.policy] = f"{budgets[row.policy]}, {words}" if row.policy in budgets else words
    options = []
    for name, policy in runtime.engine.registry.policies.items():
        notes = [*(f"needs {tag}" for tag in policy.require_tags), *(f"prefers {tag}" for tag in policy.prefer_tags)]
        notes += [f"keeps {policy.retention.value}", *filter(None, [budgets.get(name, "")])]
        options.append(Option(name, name, ", ".join(notes), mark="●" if name == usual else ""))
    return options


async def choose_theme(app: ClawApp) -> None:
    from clawtui.tui.widgets.picker import Option, Picker

    options = [
        Option(name, title, f"{name}, {'dark' if app.available_themes[name].dark else 'light'}")
        for name, title in app.looks.titles().items()
    ]
    chosen = await app.push_screen_wait(Picker("Theme", options, chosen=[app.theme]))
    if chosen:
        wear(app, chosen[0])


def wear(app: ClawApp, theme: str) -> None:
    """From now on, and at the next start."""
    app.looks.wear(theme)
    app.desk.remembered.theme = theme


def jump(app: ClawApp) -> None:
    from clawtui.tui.jump import Jump

    app.push_screen(Jump(app.screen), lambda widget: widget.focus() if widget is not None else None)


def open_palette(app: ClawApp) -> None:
    from clawtui.tui.palette import palette

    app.push_screen(palette())


def open_help(app: ClawApp) -> None:
    from clawtui.tui.help import Help
    from clawtui.tui.state.help import help_rows

    async def chosen(action_id: str | None) -> None:
        if action_id is not None:
            await app.act(action_id)

    app.push_screen(Help(help_rows(targets.where_now(app), app.keymap)), chosen)


async def may_leave(app: ClawApp) -> bool:
    """Asks only where something would be lost."""
    from clawtui.tui.widgets.confirm import Confirm

    running = app.desk.thread.running_requests
    lost = [f"{running} {'request is' if running == 1 else 'requests are'} running"] if running else []
    lost += [
        f"{pane.TITLE} has changes that are not saved" for pane in app.panes.all_mounted if pane.has_unsaved_changes()
    ]
    lost += [words for pane in app.panes.all_mounted if (words := pane.unfinished_work())]
    if not lost:
        return True
    leaves = await app.push_screen_wait(Confirm("Leave?", ", and ".join(lost) + ".", yes="Leave", no="Stay"))
    return bool(leaves)
