"""A conversation as values: its turns, what a model is told of them, the line under an answer, exports."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clawtui.engine.outcome import Trace
from clawtui.engine.request import Media, MediaKind, Message, Role, Text, ToolCall
from clawtui.runtime.conversing import facts_of, read_document, status_of, user_document
from clawtui.store.conversations import Turn, TurnStatus
from clawtui.text import cell_width, count, day_and_time, duration_ms, money
from clawtui.tui.widgets.parts import Part, PartLine, Tone, wrap

MOST_TURNS = 40  # read by the model again with each question


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn. `facts` is what stands under an answer, or what a question carries."""

    role: str
    text: str
    status: TurnStatus = TurnStatus.DONE
    facts: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0

    @property
    def is_answer(self) -> bool:
        return self.role == "assistant"

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(ToolCall(**call) for call in self.facts.get("tool_calls", ()))

    @property
    def request_id(self) -> str | None:
        return self.facts.get("request_id")


def asked_entry(message: Message, at: float) -> Entry:
    """What somebody says, or what a tool gave back."""
    return Entry(message.role.value, message.text, facts=dict(user_document(message)), at=at)


def answer_entry(trace: Trace, at: float) -> Entry:
    return Entry("assistant", trace.text, status_of(trace), facts_of(trace), at)


def kept_entry(turn: Turn) -> Entry:
    return Entry(turn.role, turn.text, turn.status, read_document(turn), turn.at)


def messages_of(entries: Sequence[Entry]) -> tuple[Message, ...]:
    """What is asked with these turns behind it. Answers that never came are left out; half ones are not."""
    found: list[Message] = []
    for entry in entries[-MOST_TURNS:]:
        if entry.is_answer and not entry.text and not entry.tool_calls:
            continue
        parts = (Text(entry.text),) if entry.text else ()
        match entry.role:
            case "assistant":
                found.append(Message(Role.ASSISTANT, parts, entry.tool_calls))
            case "tool":
                found.append(
                    Message(
                        Role.TOOL, parts, tool_call_id=entry.facts.get("tool_call_id"), name=entry.facts.get("name")
                    )
                )
            case _:
                found.append(Message(Role.USER, (*parts, *_images(entry))))
    # A conversation that was cut short begins with somebody asking.
    while found and found[0].role is not Role.USER:
        found.pop(0)
    return tuple(found)


def _images(entry: Entry) -> tuple[Media, ...]:
    images: list[Media] = []
    for image in entry.facts.get("images", ()):
        try:
            data = base64.b64decode(image["data"], validate=True)
        except (binascii.Error, KeyError, ValueError):
            continue
        images.append(Media(MediaKind.IMAGE, data, str(image["media_type"]), str(image.get("name", ""))))
    return tuple(images)


# ---- the line under an answer


def answer_lines(entry: Entry, width: int | None = None) -> list[PartLine]:
    """With a width as many lines as it all needs in it: nobody should have to guess a price or a reason."""
    facts = entry.facts
    lines: list[PartLine] = []
    if entry.status is TurnStatus.INTERRUPTED:
        lines.append((("◐ interrupted: what came is kept", Tone.WARN),))
    elif entry.status is TurnStatus.CANCELLED:
        lines.append((("– cancelled: what came is kept", Tone.IDLE),))
    error = facts.get("error")
    if error:
        lines.append(((f"○ {error['message']}", Tone.BAD),))
        if error.get("hint"):
            lines.append((("→ ", Tone.MUTED), (error["hint"], Tone.NORMAL)))
    answered = facts.get("answered")
    if answered:
        by = f"{answered['profile'] or '-'} → {answered['provider']}/{answered['model']}"
        parts: list[Part] = [("answered by ", Tone.MUTED), (by, Tone.NORMAL)]
        if facts.get("fusion"):
            parts.append((f" for fusion/{facts['fusion']}", Tone.ACCENT))
        lines.append(tuple(parts))
    instead = facts.get("instead")
    if instead:
        because = (facts.get("because") or "it was passed over").replace("_", " ")
        words = f"instead of {instead['profile'] or '-'} → {instead['provider']}/{instead['model']}, because {because}"
        lines.append(((words, Tone.WARN),))
    if facts.get("total_ms") is not None and (answered or facts.get("attempts")):
        lines += [((line, Tone.MUTED),) for line in _filled(figures(facts), width)]
    if facts.get("json"):
        tone = Tone.OK if facts["json"].startswith("fits") else Tone.BAD
        lines.append(((f"JSON: {facts['json']}", tone),))
    if facts.get("finish_reason") == "length":
        lines.append((("it ends at max tokens", Tone.WARN),))
    return lines if width is None else [piece for line in lines for piece in wrap(line, width)]


def figures(facts: dict[str, Any]) -> list[str]:
    about = "≈" if facts.get("estimated") else ""
    first, total = facts.get("first_token_ms"), facts.get("total_ms")
    parts = [f"first token {duration_ms(first)}"]
    seconds = (total - first) / 1000 if total is not None and first is not None else 0.0
    if seconds > 0.02 and facts.get("output_tokens", 0) > 1:
        parts.append(f"{facts['output_tokens'] / seconds:.0f} tok/s")
    parts.append(f"total {duration_ms(total)}")
    parts.append(f"{about}{count(facts.get('input_tokens', 0))} in {about}{count(facts.get('output_tokens', 0))} out")
    parts.append(money(facts.get("cost_usd")))
    if facts.get("attempts", 0) > 1:
        parts.append(f"{facts['attempts']} attempts")
    return parts


def _filled(parts: Sequence[str], width: int | None) -> list[str]:
    """Broken between figures, not within one."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and (width is None or cell_width(longer) <= width):
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


# ---- exports


def as_markdown(title: str, entries: Sequence[Entry]) -> str:
    lines = [f"# {title}", ""]
    for entry in entries:
        who = {"user": "You", "assistant": "Answer", "tool": "Tool result"}.get(entry.role, entry.role.capitalize())
        when = f" · {day_and_time(entry.at)}" if entry.at else ""
        lines += [f"## {who}{when}", "", entry.text, ""]
        for call in entry.tool_calls:
            lines += [f"Calls `{call.name}`:", "", "```json", call.arguments, "```", ""]
        if entry.is_answer:
            lines += ["".join(f"> {''.join(text for text, _ in line)}\n" for line in answer_lines(entry))]
    return "\n".join(lines).rstrip() + "\n"


def as_json(id: str, title: str, entries: Sequence[Entry]) -> str:
    turns = [
        {
            "role": entry.role,
            "text": entry.text,
            "status": entry.status.value,
            "at": datetime.fromtimestamp(entry.at).astimezone().isoformat() if entry.at else None,
            **{name: value for name, value in entry.facts.items() if name != "images"},
        }
        for entry in entries
    ]
    return json.dumps({"conversation": id, "title": title, "turns": turns}, ensure_ascii=False, indent=2) + "\n"
