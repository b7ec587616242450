"""Who does an action: the app, the shown pane, or what has the focus in it; and why it cannot be done just now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from textual._callback import invoke
from textual.dom import DOMNode
from textual.widget import Widget

from clawtui.tui.actions import PANES, Action, Where, shown_key
from clawtui.tui.state.footer import FooterKey, footer_keys, hint
from clawtui.tui.widgets.keyed import Keyed

if TYPE_CHECKING:
    from clawtui.tui.app import ClawApp

# Of the app in the registry, done by whatever has the focus, by what stands around it, or by the pane.
BY_PLACE = ("copy", "export", "filter")
NOTHING = {
    "copy": "nothing is selected that could be copied",
    "export": "nothing is selected that could be exported",
    "filter": "there is no list here",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who can do an action. `why_not` is a sentence where they cannot now."""

    node: DOMNode
    do: Callable[[], Any]
    why_not: str | None = None
    keeps_key: bool = True  # False: just now its key is somebody else's, and the footer leaves it out


def find(app: ClawApp, action: Action) -> Target | None:
    """None where nobody here does it: then its key belongs to somebody else, and the footer leaves it out."""
    match action.where:
        case Where.APP if action.verb in BY_PLACE:
            return _nearest(app, action.verb) or Target(app, _nothing, NOTHING[action.verb])
        case Where.APP if action.verb.startswith("open_"):
            area = action.verb.removeprefix("open_")
            return Target(app, partial(app.open_in, area)) if area in app.panes.areas else None
        case Where.APP:
            return _by(app, action.verb)
        case Where.LIST | Where.PROMPT:
            for node in places(app):
                if isinstance(node, Keyed) and node.WHERE is action.where:
                    return _by(node, action.verb)
            return None
        case Where.PLAYGROUND | Where.ROUTES | Where.TRACES | Where.PROFILES | Where.EVALS | Where.USAGE:
            pane = app.panes.shown
            return _by(pane, action.verb) if pane is not None and action.area == pane.AREA else None
        case never:
            assert_never(never)


def places(app: ClawApp) -> Iterator[DOMNode]:
    """From the focus outwards, up to and including the shown pane."""
    pane = app.panes.shown
    focused = app.screen.focused
    if pane is None:
        return
    if focused is not None and pane in focused.ancestors:
        for node in focused.ancestors_with_self:
            yield node
            if node is pane:
                return
    else:
        yield pane


def where_now(app: ClawApp) -> tuple[Where, ...]:
    """The places in force, the nearest first: prompt or list, the pane, everywhere."""
    pane = app.panes.shown
    near = [node.WHERE for node in places(app) if isinstance(node, Keyed)]
    of_pane = [Where(pane.AREA)] if pane is not None and pane.AREA in {where.value for where in PANES} else []
    return (*near, *of_pane, Where.APP)


def is_typing(app: ClawApp) -> bool:
    """Whether a letter would be typed rather than be a key."""
    focused = app.screen.focused
    return focused is not None and focused.check_consume_key("x", "x")


def shown_keys(app: ClawApp) -> tuple[FooterKey, ...]:
    """For the footer: in a dialog its own keys, and how to leave the program."""
    if app.screen.is_modal:
        hints = getattr(app.screen, "key_hints", None)
        shown = hints() if hints is not None else _shown_bindings(app)
        leave = footer_keys((Where.APP,), app.keymap, False, lambda action: (action.id == "app.quit", None))
        return (*(hint(key, label) for key, label in shown), *leave)

    def ask(action: Action) -> tuple[bool, str | None]:
        target = find(app, action)
        return (False, None) if target is None or not target.keeps_key else (True, target.why_not)

    return footer_keys(where_now(app), app.keymap, is_typing(app), ask) if app.session is not None else ()


def _shown_bindings(app: ClawApp) -> list[tuple[str, str]]:
    """Of a screen in front that names no keys itself."""
    bindings = app.screen.active_bindings.values()
    return [
        (shown_key(each.binding.key), each.binding.description)
        for each in bindings
        if each.enabled and each.binding.show and each.node is not app
    ]


async def went_back(app: ClawApp) -> bool:
    """One level back in the shown pane. Whoever has something to give up says so by True."""
    for node in places(app):
        back = getattr(node, "action_back", None)
        if back is not None and await invoke(back):
            return True
    return False


def panel_of(app: ClawApp) -> Widget | None:
    """What `zoom` makes large: the nearest thing marked as a panel, else what has the focus."""
    panels = [node for node in places(app) if isinstance(node, Widget) and node is not app.panes.shown]
    return next((node for node in panels if node.has_class("panel")), panels[0] if panels else None)


def _nearest(app: ClawApp, verb: str) -> Target | None:
    found = [target for node in places(app) if (target := _by(node, verb)) is not None]
    return next((target for target in found if target.why_not is None), found[0] if found else None)


def _by(node: DOMNode, verb: str) -> Target | None:
    do = getattr(node, f"action_{verb}", None)
    if do is None:
        return None
    why_not, offers = getattr(node, "why_not", None), getattr(node, "offers", None)
    keeps_key = offers is None or offers(verb)
    return Target(node, do, why_not(verb) if why_not is not None else None, keeps_key)


def _nothing() -> None:
    """Never called: its target says why not."""
