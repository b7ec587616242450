"""From the registry and the user's [keys] to the keys in force. A clash is told and the usual keys stay, never shadowed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawtui.config.findings import KeyFinding, nearest, quoted
from clawtui.tui.actions import ACTIONS, BY_ID, Action, Where, actions_of, overlap, shown_key

if TYPE_CHECKING:
    from textual.binding import Binding

Keymap = dict[str, tuple[str, ...]]

# Sent by terminals as another key, or not at all.
_LOST = {"ctrl+m": "enter", "ctrl+i": "tab", "ctrl+h": "backspace", "ctrl+[": "escape", "alt+enter": "enter"}
# Textual reads ESC b and ESC f as iTerm's moves by a word.
_SWALLOWED = {"alt+b": "ctrl+left", "alt+f": "ctrl+right"}
_SYNONYMS = {"esc": "escape", "return": "enter", "del": "delete", "pgup": "pageup", "pgdn": "pagedown", "ins": "insert"}
# Textual's names of characters where they are not Unicode's.
_NAMES = {"slash": "/", "backslash": "\\", "at": "@", "minus": "-", "plus": "+", "underscore": "_", "space": "space"}
_MODIFIERS = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_NAMED = {
    *("enter", "tab", "escape", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
    *("up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
}


def default_keymap(*, vim_keys: bool = True) -> Keymap:
    return {action.id: action.keys if vim_keys or not action.is_vim else () for action in ACTIONS}


def normal_key(key: str) -> str | None:
    """One spelling for each key: `Ctrl+R` → `ctrl+r`, `question_mark` → `?`. None for what is no key."""
    key = key.strip()
    if len(key) == 1:
        return key if key.isprintable() and key != " " else None
    *modifiers, last = key.split("+") if not key.endswith("++") else [*key[:-2].split("+"), "+"]
    modifiers = [modifier.lower() for modifier in modifiers]
    if any(modifier not in _MODIFIERS for modifier in modifiers):
        return None
    if len(last) > 1:
        last = last.lower()
        last = _NAMES.get(last, _SYNONYMS.get(last, last))
        if len(last) > 1 and last not in _NAMED:
            try:
                last = unicodedata.lookup(last.replace("_", " "))
            except KeyError:
                return None
    elif "ctrl" in modifiers or "alt" in modifiers:
        last = last.lower() if "shift" not in modifiers else last
    if not last:
        return None
    order = [modifier for modifier in _MODIFIERS if modifier in modifiers]
    return "+".join([*order, last])


def resolve_keymap(overrides: Mapping[str, str], *, vim_keys: bool = True) -> tuple[Keymap, tuple[KeyFinding, ...]]:
    """The keys in force, and what is wrong with the user's own. An empty value takes an action's keys away."""
    findings: list[KeyFinding] = []
    usual = default_keymap(vim_keys=vim_keys)
    keymap = dict(usual)
    written: list[str] = []
    for name, value in overrides.items():
        if name not in BY_ID:
            near = nearest(name, BY_ID)
            fix = f"did you mean {quoted(near)}?" if near else "see the help for all actions"
            findings.append(KeyFinding(name, f"there is no action {quoted(name)}", fix))
            continue
        keys: list[str] = []
        for part in filter(None, (part.strip() for part in value.split(","))):
            key, finding = _read_key(name, part)
            findings += [finding] if finding else []
            keys += [key] if key and key not in keys else []
        if keys or not value.strip():
            keymap[name] = tuple(keys)
            written.append(name)
    findings += _settle_clashes(keymap, usual, written)
    return keymap, tuple(findings)


def key_findings(overrides: Mapping[str, str], has_vim_keys: bool) -> tuple[KeyFinding, ...]:
    """What the config's findings say of [keys]."""
    return resolve_keymap(overrides, vim_keys=has_vim_keys)[1]


def _read_key(action: str, part: str) -> tuple[str | None, KeyFinding | None]:
    key = normal_key(part)
    if key is None:
        return None, KeyFinding(action, f"{quoted(part)} is not a key", "write it like `ctrl+r`, `f7` or `x`")
    if key in _LOST:
        return None, KeyFinding(action, f"terminals send {key} as {_LOST[key]}", "choose another key")
    if key in _SWALLOWED:
        return key, KeyFinding(
            action, f"without the Kitty protocol {key} comes as {_SWALLOWED[key]}", "give it one more key"
        )
    if key[-1].isdigit() and key[:-1] in ("alt+", "ctrl+"):
        return key, KeyFinding(action, f"many terminals do not send {key}", "choose another key if it does nothing")
    return key, None


def _settle_clashes(keymap: Keymap, usual: Keymap, written: list[str]) -> list[KeyFinding]:
    """Takes back, one by one, the written keys that another action has where both apply."""
    findings: list[KeyFinding] = []
    while written:
        clash = next((clash for clash in clashes(keymap) if clash.one in written or clash.other in written), None)
        if clash is None:
            break
        told, rival = (clash.one, clash.other) if clash.one in written else (clash.other, clash.one)
        keymap[told] = usual[told]
        written.remove(told)
        findings.append(
            KeyFinding(
                told,
                f"{shown_key(clash.key)} is already on {quoted(rival)}",
                "the usual keys stay; give one of them another key",
            )
        )
    return findings


@dataclass(frozen=True, slots=True)
class Clash:
    key: str
    one: str
    other: str


def clashes(keymap: Keymap) -> list[Clash]:
    """Pairs of actions on one key where both can be in force, but where one refines the other."""
    by_key: dict[str, list[Action]] = {}
    for name, keys in keymap.items():
        for key in keys:
            by_key.setdefault(key, []).append(BY_ID[name])
    found: list[Clash] = []
    for key, actions in by_key.items():
        for place, one in enumerate(actions):
            for other in actions[place + 1 :]:
                refined = one.refines == other.id or other.refines == one.id
                if not refined and overlap(one.where, other.where):
                    found.append(Clash(key, one.id, other.id))
    return found


def bindings_for(where: Where, keymap: Keymap, *, action: str = "act") -> list[Binding]:
    """Textual's bindings of one place, each calling `action('AREA.VERB')`. One a key, so each key is looked up as is."""
    from textual.binding import Binding

    bindings: list[Binding] = []
    for entry in actions_of(where):
        for place, key in enumerate(keymap.get(entry.id, entry.keys)):
            bindings.append(
                Binding(
                    key=key,
                    action=f"{action}({entry.id!r})",
                    description=entry.label,
                    tooltip=entry.help,
                    id=entry.id,
                    show=entry.in_footer and place == 0,
                    key_display=shown_key(key),
                    # A character must be typed into an input, whatever the action's rank.
                    priority=entry.is_priority and len(key) > 1,
                )
            )
    return bindings
