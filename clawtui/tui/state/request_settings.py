"""What a request asks for beside its words, as typed in the settings: each field with its own complaint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from clawtui.engine.capabilities import FLAG_NAMES
from clawtui.engine.request import ChatRequest, Message, Require, Role, Text, Tool

EFFORTS = ("", "none", "minimal", "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Settings:
    """As typed. Empty means that nothing is said, so that the profile's defaults speak."""

    system: str = ""
    temperature: str = ""
    max_tokens: str = ""
    effort: str = ""
    schema: str = ""
    tools: str = ""
    require: str = ""
    tags: str = ""

    @property
    def words(self) -> str:
        """Which of them are in force, for the line above the prompt."""
        said = [name for name in ("system", "temperature", "max_tokens", "effort", "schema", "tools", "require", "tags")
                if getattr(self, name).strip()]  # fmt: skip
        return ", ".join(name.replace("_", " ") for name in said)


def complaints(settings: Settings) -> dict[str, str]:
    """By field, in words; empty where all is well."""
    found: dict[str, str] = {}
    if settings.temperature.strip() and not 0 <= _number(settings.temperature, -1.0) <= 2:
        found["temperature"] = "a number from 0 to 2"
    if settings.max_tokens.strip() and not (settings.max_tokens.strip().isdigit() and int(settings.max_tokens) > 0):
        found["max_tokens"] = "a whole number from 1"
    if settings.effort not in EFFORTS:
        found["effort"] = f"one of {', '.join(EFFORTS[1:])}"
    for name, is_fine, words in (
        ("schema", _is_object, "a JSON schema is an object"),
        ("tools", _are_tools, 'a list such as [{"name": "look", "parameters": {"type": "object"}}]'),
    ):
        text = getattr(settings, name).strip()
        if not text:
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            found[name] = (
                f"not JSON: {error.msg}, line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "not JSON"
            )
            continue
        if not is_fine(value):
            found[name] = words
    for name in _words(settings.require):
        if name not in FLAG_NAMES:
            found["require"] = f"{name} is none of {', '.join(FLAG_NAMES)}"
    return found


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _are_tools(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(tool, dict) and isinstance(tool.get("name"), str) for tool in value
    )


def _number(text: str, otherwise: float) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return otherwise


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def request_with(
    settings: Settings, messages: tuple[Message, ...], target: str, policy: str, conversation: str | None
) -> ChatRequest:
    """Call it only where `complaints` has none."""
    if settings.system.strip():
        messages = (Message(Role.SYSTEM, (Text(settings.system),)), *messages)
    tools = json.loads(settings.tools) if settings.tools.strip() else []
    return ChatRequest(
        messages,
        target=target or None,
        policy=policy or None,
        tools=tuple(Tool(each["name"], each.get("description", ""), each.get("parameters") or EMPTY) for each in tools),
        schema=json.loads(settings.schema) if settings.schema.strip() else None,
        temperature=_number(settings.temperature, 0.0) if settings.temperature.strip() else None,
        max_tokens=int(settings.max_tokens) if settings.max_tokens.strip() else None,
        reasoning_effort=settings.effort or None,
        require=Require(capabilities=frozenset(_words(settings.require)), tags=frozenset(_words(settings.tags))),
        caller="playground",
        conversation=conversation,
    )


EMPTY: dict[str, Any] = {"type": "object", "properties": {}}


def fits(schema: Any, text: str) -> str:
    """What is said of a JSON answer. Takes its time: call it off the loop."""
    import jsonschema

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "the answer is no JSON"
    try:
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    except jsonschema.SchemaError:
        return "the schema is none"
    return "fits the schema" if error is None else f"does not fit: {error.message[:200]}"
