"""Which keys the footer names: those that do something here and now, each once, the nearest place first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clawtui.tui.actions import Action, Where, actions_of, shown_key

FIRST = ("playground.cancel",)  # there only while it matters most
ALWAYS = ("app.help", "app.palette", "app.quit")


@dataclass(frozen=True, slots=True)
class FooterKey:
    action: Action
    key: str  # as people read it
    why_not: str | None = None


def hint(key: str, label: str) -> FooterKey:
    """A key of a dialog, which is in no registry."""
    return FooterKey(Action(f"dialog.{key}", (), label, "", "Dialog", Where.APP), key)


def footer_keys(
    places: Sequence[Where],
    keymap: dict[str, tuple[str, ...]],
    is_typing: bool,
    ask: Callable[[Action], tuple[bool, str | None]],
) -> tuple[FooterKey, ...]:
    """`ask` says whether anybody here does an action, and if so why not now. The keys that always work come last."""
    taken: set[str] = set()
    found: list[FooterKey] = []
    last: dict[str, FooterKey] = {}
    for where in places:
        here: set[str] = set()
        for action in actions_of(where):
            keys = [key for key in keymap.get(action.id, ()) if key not in taken]
            exists, why_not = ask(action)
            if not exists:
                continue
            here.update(keys)
            # A letter is typed while an input has the focus, so it is no key then.
            usable = [key for key in keys if not (is_typing and (len(key) == 1 or key == "space"))]
            if not action.in_footer or not usable:
                continue
            entry = FooterKey(action, shown_key(usable[0]), why_not)
            if action.id in ALWAYS:
                last[action.id] = entry
            else:
                found.append(entry)
        taken |= here
    found.sort(key=lambda entry: entry.action.id not in FIRST)
    return (*found, *(last[name] for name in ALWAYS if name in last))
