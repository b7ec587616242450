"""Token counts without a tokenizer: an offline estimate, its upper bound for reservations, and a calibration by what
providers report. Every figure made here is an estimate and is marked as one where it is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass

from clawtui.engine.request import ChatRequest, MediaKind, Message, Route, Text

# Seen over common tokenizers: English prose has a little over four characters a token, CJK about one a character.
CHARS_PER_TOKEN = 4.0
BYTES_PER_WIDE_TOKEN = 3.0
MESSAGE_OVERHEAD = 4
IMAGE_TOKENS = 1_100  # what the large providers count for about a megapixel
AUDIO_BYTES_PER_TOKEN = 320
WORST_BYTES_PER_TOKEN = 2.0
WORST_IMAGE_TOKENS = 2_200


def tokens_in_chars(chars: int) -> int:
    """For text of which only the length is known."""
    return -(-chars // 4)


def tokens_in(text: str) -> int:
    """An estimate: ASCII by four characters, the rest by its bytes, since wide scripts take about a token a character."""
    if text.isascii():
        return -(-len(text) // 4)
    wide = len(text.encode("utf-8", "surrogatepass")) - len(text)
    narrow = max(0, len(text) - wide // 2)
    return int(narrow / CHARS_PER_TOKEN + (wide + len(text) - narrow) / BYTES_PER_WIDE_TOKEN) + 1


def message_tokens(message: Message) -> int:
    total = MESSAGE_OVERHEAD
    for part in message.parts:
        if isinstance(part, Text):
            total += tokens_in(part.text)
        elif part.kind is MediaKind.IMAGE:
            total += IMAGE_TOKENS
        else:
            total += len(part.data) // AUDIO_BYTES_PER_TOKEN
    for call in message.tool_calls:
        total += tokens_in(call.name) + tokens_in(call.arguments) + MESSAGE_OVERHEAD
    return total


def input_tokens(request: ChatRequest) -> int:
    """The one estimate of a request's input: plan, attempt and step-down all use it."""
    total = sum(message_tokens(message) for message in request.messages)
    for tool in request.tools:
        total += tokens_in_chars(len(tool.name) + len(tool.description) + len(json.dumps(tool.parameters)) + 16)
    if request.schema is not None:
        total += tokens_in_chars(len(json.dumps(request.schema)))
    return total


def worst_input_tokens(request: ChatRequest) -> int:
    """More than any tokenizer makes of it: for reservations."""
    size, media = 0, 0
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Text):
                size += len(part.text) if part.text.isascii() else len(part.text.encode("utf-8", "surrogatepass"))
            elif part.kind is MediaKind.IMAGE:
                media += WORST_IMAGE_TOKENS
            else:
                media += len(part.data) // AUDIO_BYTES_PER_TOKEN * 2
        size += sum(
            len(call.name) + len(call.arguments.encode("utf-8", "surrogatepass")) for call in message.tool_calls
        )
        size += 16
    for tool in request.tools:
        size += (
            len(tool.name) + len(tool.description.encode("utf-8", "surrogatepass")) + len(json.dumps(tool.parameters))
        )
    if request.schema is not None:
        size += len(json.dumps(request.schema))
    return int(size / WORST_BYTES_PER_TOKEN) + media + 8


@dataclass(slots=True)
class _Ratio:
    value: float = 1.0
    seen: int = 0


class Calibration:
    """Learns, per model, how far the estimate is from what the provider reports. Bounded, so that one odd figure
    cannot derail it."""

    WEIGHT = 0.2
    LEAST, MOST = 0.5, 3.0
    MOST_ROUTES = 2_000

    def __init__(self) -> None:
        self._ratios: dict[tuple[str, str], _Ratio] = {}

    def learn(self, route: Route, estimated: int, reported: int) -> None:
        if estimated < 20 or reported <= 0:
            return  # too short to tell anything
        key = (route.provider, route.model)
        ratio = self._ratios.get(key)
        if ratio is None:
            if len(self._ratios) >= self.MOST_ROUTES:
                return
            ratio = self._ratios[key] = _Ratio()
        seen = min(self.MOST, max(self.LEAST, reported / estimated))
        weight = 1.0 if ratio.seen == 0 else self.WEIGHT
        ratio.value += (seen - ratio.value) * weight
        ratio.seen += 1

    def ratio(self, route: Route) -> float:
        known = self._ratios.get((route.provider, route.model))
        return known.value if known else 1.0
