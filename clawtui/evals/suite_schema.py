"""What a suite's file may say: one model a table, each field with its bounds and a description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from clawtui.config.schema import Flag, Id, Name, Number, Table, Whole

Capability = Literal[
    "tools", "parallel_tools", "vision", "audio", "json_schema", "streaming", "reasoning", "system_messages"
]


class ToolTable(Table):
    name: Name = Field(description="What the model calls.")
    description: str = Field(default="", description="What it does, for the model.")
    parameters: dict[str, Any] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}, description="A JSON schema of its arguments."
    )


class CallTable(Table):
    id: str = Field(default="", description="What a tool's result names.")
    name: Name = Field(description="The tool that was called.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="What it was called with.")


class MessageTable(Table):
    role: Literal["system", "developer", "user", "assistant", "tool"] = Field(description="Who speaks.")
    content: str = Field(default="", description="What is said.")
    name: str | None = Field(default=None, description="Of a tool's result: the tool whose call it answers.")
    tool_call_id: str | None = Field(default=None, description="The call that a tool's result answers.")
    tool_calls: tuple[CallTable, ...] = Field(default=(), description="What an assistant's turn called.")


class ShapeTable(Table):
    shape: Literal["circle", "square", "triangle"] = Field(description="What is drawn.")
    colour: Literal["red", "green", "blue", "yellow", "black"] = Field(description="In which colour.")


class ImageTable(Table):
    file: Name | None = Field(default=None, description="A PNG, JPEG, GIF or WebP file, beside the suite's own.")
    shapes: tuple[ShapeTable, ...] = Field(default=(), max_length=4, description="Drawn from left to right.")
    number: Whole | None = Field(default=None, ge=0, le=9999, description="Drawn in large digits.")


class LongTextTable(Table):
    needles: tuple[Name, ...] = Field(min_length=1, max_length=10, description="Sentences hidden in a long text.")
    at: tuple[Number, ...] = Field(min_length=1, max_length=10, description="Where, as shares of its length.")
    max_tokens: Whole = Field(default=24_000, ge=500, le=1_000_000, description="Never longer than this.")
    question: Name = Field(description="What is asked about it.")


class TurnTable(Table):
    input: str | None = Field(default=None, description="What the user says.")
    messages: tuple[MessageTable, ...] = Field(default=(), description="What is said before the model answers.")
    expect: tuple[dict[str, Any], ...] = Field(default=(), description="Graders that must all hold for this answer.")


class CaseTable(Table):
    id: Id = Field(description="Its name, once in the suite.")
    description: str = Field(default="", description="What it is about.")
    system: str = Field(default="", description="The system prompt.")
    input: str | None = Field(default=None, description="What the user says.")
    ideal: Any = Field(default=None, description="The answer, or several that will do.")
    messages: tuple[MessageTable, ...] = Field(default=(), description="The conversation, instead of `input`.")
    turns: tuple[TurnTable, ...] = Field(default=(), max_length=20, description="Several calls, one after the other.")
    images: tuple[ImageTable, ...] = Field(default=(), max_length=8, description="With the first message of the user.")
    long_text: LongTextTable | None = Field(default=None, description="A text as long as the model can read.")
    tools: tuple[ToolTable, ...] = Field(default=(), max_length=64, description="What the model may call.")
    tool_choice: Name | None = Field(default=None, description="auto, none, required, or a tool's name.")
    parallel_tools: Flag | None = Field(default=None, description="Whether several calls in one answer are fine.")
    answer_schema: dict[str, Any] | None = Field(
        default=None, alias="schema", description="A JSON schema that the answer is asked to fit."
    )
    needs: tuple[Capability, ...] = Field(
        default=(), description="Capabilities; where one is known to be missing, the case is unsupported."
    )
    max_tokens: Whole | None = Field(default=None, ge=1, le=1_000_000, description="How long the answer may be.")
    temperature: Number | None = Field(default=None, ge=0, le=2, description="Of the answer.")
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = Field(
        default=None, description="How much the model should think."
    )
    expect: tuple[dict[str, Any], ...] = Field(
        default=(), description="Graders that must all hold for the last answer."
    )
    tags: tuple[Name, ...] = Field(default=(), description="For choosing cases.")
    weight: Number = Field(default=1.0, gt=0, le=1000, description="How much it counts in the rate.")
    repeats: Whole = Field(default=1, ge=1, le=1000, description="How often it is run at least.")


class SuiteTable(Table):
    id: Id | None = Field(default=None, description="The suite's name; left out: the file's.")
    description: str = Field(default="", description="What it is for.")
    # Each is a CaseTable, read by itself, so that what is wrong with one hides nothing of another.
    cases: tuple[dict[str, Any], ...] = Field(min_length=1, description="The cases, as [[cases]].")
