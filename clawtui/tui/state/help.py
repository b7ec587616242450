"""The help's rows: every action by name and key, those that work where one is first, filtered as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawtui.tui.actions import ACTIONS, Action, Where, shown_keys


@dataclass(frozen=True, slots=True)
class HelpRow:
    action: Action
    keys: str
    is_here: bool  # in the place that has the focus, around it, or everywhere


def help_rows(places: Sequence[Where], keymap: dict[str, tuple[str, ...]]) -> tuple[HelpRow, ...]:
    """Nearest place first, then everywhere, then the other panes."""
    order = {where: place for place, where in enumerate(places)}
    rows = [HelpRow(action, shown_keys(keymap.get(action.id, ())), action.where in order) for action in ACTIONS]
    return tuple(sorted(rows, key=lambda row: order.get(row.action.where, len(order))))


def matching(rows: Sequence[HelpRow], query: str) -> tuple[HelpRow, ...]:
    """Without a query what works here. With one all actions: a key as it is, else words of name, group and sentence."""
    words = query.casefold().split()
    if not words:
        return tuple(row for row in rows if row.is_here)
    if len(words) == 1:
        by_key = tuple(
            row for row in rows if query.strip() in row.keys.split() or words[0] in row.keys.casefold().split()
        )
        if by_key:
            return by_key
    return tuple(row for row in rows if all(word in _text(row) for word in words))


def _text(row: HelpRow) -> str:
    action = row.action
    return f"{action.label} {action.group} {action.help} {action.id} {row.keys}".casefold()
