"""Reads Gemini's answers. A stream is a row of the same documents that a whole answer is one of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2s
from typing import Any

from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import Json
from clawtui.engine.wire.dialect import (
    HELD,
    ErrorPiece,
    FinishPiece,
    FinishReason,
    ModelPiece,
    NotePiece,
    Piece,
    ReasoningPiece,
    TextPiece,
    ToolPiece,
    UsagePiece,
    WireError,
)
from clawtui.engine.wire.error_bodies import error_in, message_in, word

_REFUSED = frozenset(
    [
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION", "MODEL_ARMOR",
    ]
)  # fmt: skip
_UNSPECIFIED = frozenset(["FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"])
# Called with the id of a tool call and the signature that the service wants back with it.
KeepSignature = Callable[[str, str], None]


def wire_error(document: object) -> WireError:
    """From `{"error": {code, message, status, details}}`, also inside a list."""
    error = error_in(document)
    if error is None:
        return WireError(message=message_in(document))
    status_word = word(error.get("status"))
    number = error.get("code")
    reason = retry_after_s = parameter = None
    quotas: list[str] = []
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if not isinstance(detail, Mapping):
            continue
        reason = reason or word(detail.get("reason"))
        if (seconds := _seconds(detail.get("retryDelay"))) is not None:
            retry_after_s = seconds
        quotas += [
            word(violation.get("quotaId")) or word(violation.get("quotaMetric")) or ""
            for violation in _mappings(detail.get("violations"))
        ]
        for violation in _mappings(detail.get("fieldViolations")):
            parameter = parameter or word(violation.get("field"))
    message = word(error.get("message")) or message_in(error)
    if named := ", ".join(quota for quota in quotas if quota and quota not in message):
        message = f"{message} [{named}]"  # the quota's name alone tells a minute's limit from a day's
    return WireError(
        reason or status_word or (number if isinstance(number, str) else None),
        status_word,
        message,
        parameter or _unknown_name(message),
        retry_after_s,
        number if type(number) is int else None,
    )


def _seconds(delay: object) -> float | None:
    """A protobuf duration, such as `34.5s`."""
    if not isinstance(delay, str) or not delay.endswith("s"):
        return None
    try:
        seconds = float(delay[:-1])
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None


def _unknown_name(message: str) -> str | None:
    """The field that the service says it does not know, or that the model has no use for."""
    _, found, rest = message.partition('Unknown name "')
    if found:
        return rest.partition('"')[0] or None
    return "thinkingConfig" if "hinking" in message and "not supported" in message else None


def _mappings(value: object) -> list[Json]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


class GeminiReader:
    """One answer. `first_call`: how many calls the conversation had before; ids are made, since the wire has none."""

    __slots__ = ("_called", "_ended", "_finished", "_first_call", "_keep", "_model", "_notes", "_usage")

    def __init__(self, notes: Sequence[str], first_call: int, keep: KeepSignature) -> None:
        self._notes = notes
        self._first_call = first_call
        self._keep = keep
        self._called = 0
        self._model: str | None = None
        self._usage: object = None
        self._finished: str | None = None
        self._ended = False

    @property
    def is_complete(self) -> bool:
        return self._finished is not None

    @property
    def is_ended(self) -> bool:
        """The wire has no mark for it but the end of the body; some gateways add another dialect's."""
        return self._ended and self.is_complete

    @property
    def held(self) -> str:
        return ""

    def feed(self, event: str, data: str) -> Sequence[Piece]:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            text = data.strip()
            self._ended = self._ended or text == "[DONE]"
            return (NotePiece("passed over one malformed chunk"),) if text not in ("", "[DONE]") else ()
        return self._documents(document)

    def close(self) -> Sequence[Piece]:
        return ()

    def whole(self, document: object) -> list[Piece]:
        """One document, or the list of them that a server sends which knows no event stream."""
        pieces = self._documents(document)
        if self._finished is None and not any(isinstance(piece, ErrorPiece) for piece in pieces):
            pieces.append(FinishPiece(FinishReason.TOOL_CALLS if self._called else FinishReason.OTHER, ""))
        return pieces

    def _documents(self, document: object) -> list[Piece]:
        if isinstance(document, list):
            return [piece for entry in document for piece in self._document(entry)]
        return self._document(document)

    def _document(self, document: object) -> list[Piece]:
        if not isinstance(document, dict):
            return [NotePiece("passed over a chunk that is no object")]
        pieces: list[Piece] = []
        if (model := document.get("modelVersion")) != self._model and isinstance(model, str):
            self._model = model
            pieces.append(ModelPiece(model))
        if self._notes:
            pieces += [NotePiece(note) for note in self._notes]
            self._notes = ()
        reason: str | None = None
        candidate: Any = None
        candidates = document.get("candidates")
        if type(candidates) is list and candidates and type(candidate := candidates[0]) is dict:
            content = candidate.get("content")
            parts = content.get("parts") if type(content) is dict else None
            if type(parts) is list:
                for part in parts:
                    if type(part) is dict and (piece := self._part(part)) is not None:
                        pieces.append(piece)
            reason = word(candidate.get("finishReason"))
        elif "error" in document:
            if self._finished is None:
                return [*pieces, ErrorPiece(wire_error(document))]
            pieces.append(NotePiece(f"an error after the answer was complete: {wire_error(document).message}"))
        usage = document.get("usageMetadata")
        # Every chunk carries the totals so far: the first says what the prompt took, the last what it all did.
        if usage is not None and (self._usage is None or reason is not None or self._finished is not None):
            self._usage = usage
            if (counted := _usage(usage)) is not None:
                pieces.append(counted)
        if reason is not None:
            pieces += self._finish(reason, candidate)
        elif (feedback := document.get("promptFeedback")) is not None and isinstance(feedback, Mapping):
            pieces += self._blocked(feedback)
        return pieces

    def _part(self, part: dict[str, Any]) -> Piece | None:
        text = part.get("text")
        if type(text) is str:
            if not text:
                return HELD if "thoughtSignature" in part else None
            return ReasoningPiece(text) if part.get("thought") is True else TextPiece(text)
        call = part.get("functionCall")
        if not isinstance(call, Mapping):
            return HELD if part else None  # code it ran, images it made, and whatever will be invented
        name = word(call.get("name")) or ""
        given = call.get("args")
        arguments = json.dumps(given, ensure_ascii=False) if given else "{}"
        signature = word(part.get("thoughtSignature"))
        id = word(call.get("id")) or self._made_id(signature or name + arguments)
        self._called += 1
        if signature is not None:
            self._keep(id, signature)
        return ToolPiece(id, name, arguments)

    def _made_id(self, content: str) -> str:
        """The same for the same answer, and no other call's, in this conversation or the next."""
        digest = blake2s(content.encode("utf-8", "replace"), digest_size=6).hexdigest()
        return f"call_{self._first_call + self._called}_{digest}"

    def _finish(self, raw: str, candidate: Json) -> list[Piece]:
        if raw in _UNSPECIFIED or raw == self._finished:
            return []  # some models name a reason in every chunk
        self._finished = raw
        said = word(candidate.get("finishMessage")) or ""
        if raw in _REFUSED:
            return [FinishPiece(FinishReason.CONTENT_FILTER, raw, said or _ratings(candidate, f"refused ({raw})"))]
        if raw == "STOP":
            return [FinishPiece(FinishReason.TOOL_CALLS if self._called else FinishReason.STOP, raw)]
        return [FinishPiece(FinishReason.LENGTH if raw == "MAX_TOKENS" else FinishReason.OTHER, raw, said)]

    def _blocked(self, feedback: Json) -> list[Piece]:
        raw = word(feedback.get("blockReason"))
        if raw is None or raw in _UNSPECIFIED or self._finished is not None:
            return []
        self._finished = raw
        said = word(feedback.get("blockReasonMessage")) or _ratings(feedback, f"the prompt was refused ({raw})")
        return [FinishPiece(FinishReason.CONTENT_FILTER, raw, said)]


def _ratings(rated: Json, otherwise: str) -> str:
    """Which kinds of harm the service saw, where it says."""
    seen = [
        str(rating.get("category", "")).removeprefix("HARM_CATEGORY_").replace("_", " ").lower()
        for rating in _mappings(rated.get("safetyRatings"))
        if rating.get("blocked") is True or rating.get("probability") in ("HIGH", "MEDIUM")
    ]
    return f"{otherwise}: {', '.join(seen)}" if seen else otherwise


def _usage(usage: object) -> UsagePiece | None:
    """The service counts thoughts apart from the candidates; ours are a part of the output."""
    if not isinstance(usage, Mapping):
        return None

    def count(name: str) -> int:
        value = usage.get(name)
        return value if type(value) is int and value > 0 else 0

    thoughts = count("thoughtsTokenCount")
    prompt = count("promptTokenCount") + count("toolUsePromptTokenCount")
    return UsagePiece(
        Usage(
            prompt,
            count("candidatesTokenCount") + thoughts,
            min(count("cachedContentTokenCount"), prompt),
            0,
            thoughts,
            UsageSource.REPORTED,
        )
    )
