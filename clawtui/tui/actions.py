"""Every action of the screen: its id, usual keys, words and place. Keys, footer, help, palette and the docs come from it.

An id is `area.verb`; a pane does it in `action_VERB`. Usual keys are only such as every terminal sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict, Unpack


class Where(StrEnum):
    """Where an action can be done: everywhere, in one pane, while a list has the focus, or while the prompt has it."""

    APP = "app"
    PLAYGROUND = "playground"
    ROUTES = "routes"
    TRACES = "traces"
    PROFILES = "profiles"
    EVALS = "evals"
    USAGE = "usage"
    LIST = "list"
    PROMPT = "prompt"


PANES = (Where.PLAYGROUND, Where.ROUTES, Where.TRACES, Where.PROFILES, Where.EVALS, Where.USAGE)


def overlap(one: Where, other: Where) -> bool:
    """Whether both can be in force at once. The prompt is part of the playground, lists stand in the other panes."""
    if one is other or Where.APP in (one, other):
        return True
    pair = {one, other}
    if Where.PROMPT in pair:
        return Where.PLAYGROUND in pair
    return Where.LIST in pair and Where.PLAYGROUND not in pair


@dataclass(frozen=True, slots=True)
class Action:
    id: str
    keys: tuple[str, ...]  # none: by the palette and the mouse only
    label: str  # two or three words, for footer and palette
    help: str  # one sentence
    group: str  # heading in help and palette
    where: Where
    is_priority: bool = False  # works while an input has the focus, before the input sees the key
    in_footer: bool = False
    refines: str = ""  # the action whose key it takes over in its own place
    is_vim: bool = False  # further keys that `vim_keys = false` takes away

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.id.partition(".")[2]


class _Flags(TypedDict, total=False):
    is_priority: bool
    in_footer: bool
    refines: str
    is_vim: bool


def _app(verb: str, keys: str, label: str, help: str, group: str = "Everywhere", **flags: Unpack[_Flags]) -> Action:
    return Action(f"app.{verb}", tuple(keys.split()), label, help, group, Where.APP, **flags)


def _of(where: Where, verb: str, keys: str, label: str, help: str, **flags: Unpack[_Flags]) -> Action:
    group = {Where.LIST: "Lists", Where.PROMPT: "Prompt"}.get(where, where.value.capitalize())
    return Action(f"{where.value}.{verb}", tuple(keys.split()), label, help, group, where, **flags)


_PANES = "Panes"

ACTIONS: tuple[Action, ...] = (
    _app("open_playground", "f1 1", "Playground", "Talk to models and see how they are chosen.", _PANES, is_priority=True),
    _app("open_routes", "f2 2", "Routes", "Health, circuits and credentials of every route.", _PANES, is_priority=True),
    _app("open_traces", "f3 3", "Traces", "What happened to each request.", _PANES, is_priority=True),
    _app("open_profiles", "f4 4", "Profiles", "Edit providers, profiles, policies and fusions.", _PANES, is_priority=True),
    _app("open_evals", "f5 5", "Evals", "Run suites and compare models.", _PANES, is_priority=True),
    _app("open_usage", "f6 6", "Usage", "Money, tokens and budgets.", _PANES, is_priority=True),
    _app("previous_pane", "alt+left", "Pane before", "Go to the pane on the left.", _PANES, is_priority=True),
    _app("next_pane", "alt+right", "Pane after", "Go to the pane on the right.", _PANES, is_priority=True),
    _app("palette", "ctrl+p", "Palette", "Find any action, profile, policy, theme or conversation by name.",
         is_priority=True, in_footer=True),
    _app("help", "? alt+h", "Help", "The keys that work here, filtered as you type.", is_priority=True, in_footer=True),
    _app("jump", "ctrl+o", "Jump", "Put a letter on everything that can have the focus.", is_priority=True),
    _app("back", "escape", "Back", "One level back: dialog, filter, running request, prompt, panel."),
    _app("zoom", "z", "Zoom", "Give the focused panel the whole screen, and back."),
    _app("copy", "y", "Copy", "Send what is selected to the terminal's clipboard."),
    _app("export", "e", "Export", "Write what is selected to a file."),
    _app("filter", "/", "Filter", "Filter the list; `column:value` looks in one column.", in_footer=True),
    _app("choose_policy", "alt+p", "Policy", "Choose the policy that requests go out under.", is_priority=True),
    _app("choose_theme", "", "Theme", "Change the colours; the choice is remembered."),
    _app("reload_config", "", "Reload config", "Read the config file again."),
    _app("quit", "ctrl+q", "Quit", "Leave; asks only while a request is running.", is_priority=True, in_footer=True),
    _of(Where.PROMPT, "send", "enter", "Send", "Send the prompt.", in_footer=True,
        refines="playground.write"),
    _of(Where.PROMPT, "newline", "ctrl+j shift+enter", "New line", "Begin a new line; `\\` then enter does the same.",
        in_footer=True),
    _of(Where.PROMPT, "editor", "alt+e", "Editor", "Write the prompt in $EDITOR; everything else runs on.",
        is_priority=True),
    _of(Where.PROMPT, "attach", "ctrl+t", "Attach", "Attach an image file.", is_priority=True),
    _of(Where.PROMPT, "recall_older", "up", "Earlier prompt", "At the top: the prompt sent before.",
        refines="playground.previous_answer"),
    _of(Where.PROMPT, "recall_newer", "down", "Later prompt", "At the bottom: the prompt sent after.",
        refines="playground.next_answer"),
    _of(Where.PLAYGROUND, "write", "i enter", "Write", "Go to the prompt.", in_footer=True),
    _of(Where.PLAYGROUND, "cancel", "escape", "Cancel", "Cancel the answer that is coming; what came is kept.",
        in_footer=True, refines="app.back"),
    _of(Where.PLAYGROUND, "who_answers", "ctrl+g", "Who answers", "Choose a profile, fusion or policy.",
        is_priority=True, in_footer=True),
    _of(Where.PLAYGROUND, "settings", "alt+s", "Settings", "System prompt, temperature, schema and more.",
        is_priority=True),
    _of(Where.PLAYGROUND, "plan", "ctrl+l", "Plan", "Show who would answer the draft, and why, without sending it.",
        is_priority=True),
    _of(Where.PLAYGROUND, "side_by_side", "alt+c ctrl+b alt+b", "Side by side", "Send the same prompt to two to four profiles.",
        is_priority=True),
    _of(Where.PLAYGROUND, "live_side", "alt+i", "Live side", "Show or hide the routes and the reasons on a narrow screen.",
        is_priority=True),
    _of(Where.PLAYGROUND, "new_conversation", "ctrl+n", "New", "Begin a new conversation.", is_priority=True),
    _of(Where.PLAYGROUND, "search", "ctrl+f", "Conversations", "Search all conversations, and open one.",
        is_priority=True),
    _of(Where.PLAYGROUND, "rename", "alt+r", "Rename", "Rename the conversation.", is_priority=True),
    _of(Where.PLAYGROUND, "delete", "alt+d", "Delete", "Delete the conversation; it can be undone.", is_priority=True),
    _of(Where.PLAYGROUND, "undo", "u", "Undo", "Bring the deleted conversation back."),
    _of(Where.PLAYGROUND, "regenerate", "r", "Again", "Ask for this answer again.", in_footer=True),
    _of(Where.PLAYGROUND, "regenerate_with", "R", "Again with…", "Ask another profile for this answer."),
    _of(Where.PLAYGROUND, "branch", "b", "Branch", "Go on from here in a new conversation."),
    _of(Where.PLAYGROUND, "trace", "t", "Trace", "Open the trace of this answer.", in_footer=True),
    _of(Where.PLAYGROUND, "fold", "space", "Fold", "Fold or unfold reasoning."),
    _of(Where.PLAYGROUND, "tool_result", "a", "Tool result", "Type the result of a tool call and go on."),
    _of(Where.PLAYGROUND, "follow", "end G", "Follow", "Go to the newest text and follow it."),
    _of(Where.PLAYGROUND, "page_up", "pageup", "Page up", "Scroll what was said up by a screen.", is_priority=True),
    _of(Where.PLAYGROUND, "page_down", "pagedown", "Page down", "Scroll what was said down by a screen.", is_priority=True),
    _of(Where.PLAYGROUND, "previous_answer", "up k", "Answer above", "Select the answer above."),
    _of(Where.PLAYGROUND, "next_answer", "down j", "Answer below", "Select the answer below."),
    _of(Where.PLAYGROUND, "previous_code", "[", "Code above", "Select the code block above; `y` copies it."),
    _of(Where.PLAYGROUND, "next_code", "]", "Code below", "Select the code block below; `y` copies it."),
    _of(Where.ROUTES, "probe", "p", "Probe", "Ask the provider of this route now whether it is back.", in_footer=True),
    _of(Where.ROUTES, "reset", "r", "Reset", "Close the circuit of this route; its history stays.", in_footer=True),
    _of(Where.ROUTES, "disable", "x", "Disable", "Take this route out, or back in, for this run.", in_footer=True),
    _of(Where.ROUTES, "reset_credential", "c", "Reset key", "Make the selected credential usable again."),
    _of(Where.TRACES, "filter_by", "f", "Filter by", "Filter by outcome, by profile, or fusions only.", in_footer=True),
    _of(Where.TRACES, "follow", "space", "Follow", "Keep the newest trace in view, or stop.", in_footer=True),
    _of(Where.TRACES, "previous_proposal", "[", "Proposal before", "Show the proposal before."),
    _of(Where.TRACES, "next_proposal", "]", "Proposal after", "Show the proposal after."),
    _of(Where.TRACES, "diff", "d", "Diff", "Compare two proposals, or one with the answer."),
    _of(Where.TRACES, "synthesizer_alone", "s", "Alone", "Ask the synthesizer alone and compare; says its cost first."),
    _of(Where.TRACES, "synthesize_again", "S", "Synthesize again",
        "Put the stored proposals to another model; says its cost first."),
    _of(Where.PROFILES, "new", "n", "New", "A new provider, profile, policy or fusion.", in_footer=True),
    _of(Where.PROFILES, "duplicate", "d", "Duplicate", "A copy of the selected one."),
    _of(Where.PROFILES, "delete", "delete X", "Delete", "Delete the selected one; shows what would break."),
    _of(Where.PROFILES, "edit", "enter", "Edit", "Go to the form of the selected one.", refines="list.select"),
    _of(Where.PROFILES, "test", "T", "Test", "Ask for the model list, then one tiny request; says its cost first."),
    _of(Where.PROFILES, "save", "ctrl+s alt+w", "Save", "Show the change to the file, then save it.", is_priority=True,
        in_footer=True),
    _of(Where.PROFILES, "undo", "u", "Undo save", "Bring back the file as it was before the last save."),
    _of(Where.PROFILES, "findings", "f", "Findings", "Everything that is wrong with the file; enter goes to the field.",
        in_footer=True),
    _of(Where.PROFILES, "open_editor", "E", "Editor", "Open the config file in $EDITOR."),
    _of(Where.PROFILES, "move_up", "alt+up", "Move up", "Move the item of the list up.", is_priority=True),
    _of(Where.PROFILES, "move_down", "alt+down", "Move down", "Move the item of the list down.", is_priority=True),
    _of(Where.EVALS, "new_run", "n", "New run", "Choose profiles and suites; says cost and count first.", in_footer=True),
    _of(Where.EVALS, "cancel", "x", "Cancel", "Stop the run; what is done is kept.", in_footer=True),
    _of(Where.EVALS, "resume", "r", "Resume", "Finish a run that was stopped.", in_footer=True),
    _of(Where.EVALS, "compare", "c", "Compare", "Compare two runs or two profiles."),
    _of(Where.EVALS, "trend", "t", "Trend", "A profile over its runs."),
    _of(Where.EVALS, "delete", "delete X", "Delete", "Delete the selected run."),
    _of(Where.USAGE, "range", "r", "Range", "Choose the days.", in_footer=True),
    _of(Where.USAGE, "grouping", "b", "Group by", "Choose what is added up.", in_footer=True),
    _of(Where.USAGE, "chart", "h", "Chart", "Spend per day as bars, or a year as a heat map."),
    _of(Where.LIST, "select", "enter", "Open", "Open the row.", in_footer=True),
    _of(Where.LIST, "up", "up", "Up", "One row up."),
    _of(Where.LIST, "down", "down", "Down", "One row down."),
    _of(Where.LIST, "page_up", "pageup", "Page up", "One page up."),
    _of(Where.LIST, "page_down", "pagedown", "Page down", "One page down."),
    _of(Where.LIST, "first", "home", "First", "The first row."),
    _of(Where.LIST, "last", "end", "Last", "The last row."),
    _of(Where.LIST, "vim_up", "k", "Up", "One row up.", is_vim=True),
    _of(Where.LIST, "vim_down", "j", "Down", "One row down.", is_vim=True),
    _of(Where.LIST, "vim_first", "g", "First", "The first row.", is_vim=True),
    _of(Where.LIST, "vim_last", "G", "Last", "The last row.", is_vim=True),
    _of(Where.LIST, "sort_previous", "<", "Sort left", "Sort by the column on the left."),
    _of(Where.LIST, "sort_next", ">", "Sort right", "Sort by the column on the right."),
    _of(Where.LIST, "sort_reverse", "o", "Reverse", "Turn the order around."),
)  # fmt: skip

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def actions_of(where: Where) -> tuple[Action, ...]:
    return tuple(action for action in ACTIONS if action.where is where)


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    action: Action
    keys: str  # as people read them


def palette_entries(keymap: dict[str, tuple[str, ...]]) -> tuple[PaletteEntry, ...]:
    """Every action but the moves in lists and in the prompt, which mean nothing while the palette has the focus."""
    hidden = (Where.LIST, Where.PROMPT)
    shown = [action for action in ACTIONS if action.where not in hidden or action.verb in ("editor", "attach")]
    return tuple(PaletteEntry(action, shown_keys(keymap.get(action.id, action.keys))) for action in shown)


@dataclass(frozen=True, slots=True)
class KeyRow:
    group: str
    keys: str
    label: str
    help: str
    id: str


def key_table(keymap: dict[str, tuple[str, ...]] | None = None) -> tuple[KeyRow, ...]:
    """For help and docs: groups in the order of the registry."""
    keymap = keymap or {}
    groups = list(dict.fromkeys(action.group for action in ACTIONS))
    rows = [
        KeyRow(action.group, shown_keys(keymap.get(action.id, action.keys)), action.label, action.help, action.id)
        for action in ACTIONS
    ]
    return tuple(sorted(rows, key=lambda row: groups.index(row.group)))


_SHOWN = {
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
}  # fmt: skip


def shown_key(key: str) -> str:
    """`alt+up` → `alt+↑`, `f1` → `F1`."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    if len(last) > 1 and last[0] == "f" and last[1:].isdigit():
        last = last.upper()
    return "+".join([*modifiers, _SHOWN.get(last, last)])


def shown_keys(keys: tuple[str, ...]) -> str:
    return " ".join(shown_key(key) for key in keys)
