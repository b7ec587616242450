"""Widgets whose keys come from the registry of actions and the user's keymap, not from a list of their own."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from textual.binding import BindingsMap
from textual.dom import DOMNode

from clawtui.tui.actions import Where
from clawtui.tui.keymap import Keymap, bindings_for, default_keymap


def keymap_of(node: DOMNode) -> Keymap:
    """The app's keymap; the usual one in an app that has none."""
    keymap: Keymap | None = getattr(node.app, "keymap", None)
    return default_keymap() if keymap is None else keymap


class Keyed:
    """Does `WHERE.verb` in `action_VERB`. Takes its keys when mounted; `take_keys` again when the keymap changes.

    Not a DOMNode itself: Textual takes the style rules of the first base that is one.

    Textual's own keymap cannot take a key away and mixes up two actions that share one, so it is not used.
    """

    WHERE: ClassVar[Where]

    def take_keys(self, keymap: Keymap | None = None) -> None:
        node = cast(DOMNode, self)
        node._bindings = BindingsMap(bindings_for(self.WHERE, keymap or keymap_of(node)))

    def action_act(self, action_id: str) -> Any:
        return getattr(self, f"action_{action_id.partition('.')[2]}")()
