"""Checks [keys] against the actions that the caller knows: names that do not exist, and two actions on one key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clawtui.config.findings import quoted, suggestion
from clawtui.config.report import Report
from clawtui.config.tree import Tree, table

EVERYWHERE = ""
# A terminal sends these as enter, tab, backspace and escape, so nothing else can be on them.
SWALLOWED = {"ctrl+m": "enter", "ctrl+i": "tab", "ctrl+h": "backspace", "ctrl+[": "escape"}


@dataclass(frozen=True, slots=True)
class Keys:
    """The actions there are: where each applies (`EVERYWHERE`, or a pane's name), and its keys, separated by commas."""

    scopes: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)


def split_keys(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def check_keys(tree: Tree, keys: Keys | None, report: Report) -> None:
    written = {action: value for action, value in table(tree, "keys").items() if isinstance(value, str)}
    for action, value in written.items():
        for key in split_keys(value):
            if key in SWALLOWED:
                report.warning(("keys", action), f"terminals send {key} as {SWALLOWED[key]}", "choose another key")
    if keys is None:
        return
    for action in written:
        if action not in keys.scopes:
            report.error(
                ("keys", action),
                f"there is no action {quoted(action)}",
                suggestion(action, keys.scopes, "see the help for all actions"),
            )
    known = {action: value for action, value in written.items() if action in keys.scopes}
    _check_clashes({**keys.defaults, **known}, known, keys.scopes, report)


def _check_clashes(
    in_force: Mapping[str, str], written: Mapping[str, str], scopes: Mapping[str, str], report: Report
) -> None:
    """Told at each written action whose key another action has where both apply."""
    by_key: dict[str, list[str]] = {}
    for action, value in in_force.items():
        for key in dict.fromkeys(split_keys(value)):
            by_key.setdefault(key, []).append(action)
    for key, actions in by_key.items():
        for place, action in enumerate(actions):
            for other in actions[place + 1 :]:
                here, there = scopes.get(action, EVERYWHERE), scopes.get(other, EVERYWHERE)
                if EVERYWHERE not in (here, there) and here != there:
                    continue
                told, rival = (action, other) if action in written else (other, action)
                if told in written:
                    report.error(("keys", told), f"{key} is already on {quoted(rival)}", "give one of them another key")
