"""Token counts without a tokenizer: an offline estimate, its upper bound for reservations, and a calibration by what
providers report. Every figure made here is an estimate and is marked as one where it is shown."""

from __future__ import annotations

import json
from dataclasses import dataclass

from clawtui.config.schema import ProviderKind
from clawtui.engine.request import ChatRequest, MediaKind, Message, Route, Text

# Seen over common tokenizers: English prose has a little over four characters a token, CJK about one a character.
CHARS_PER_TOKEN = 4.0
BYTES_PER_WIDE_TOKEN = 3.0
MESSAGE_OVERHEAD = 4
IMAGE_TOKENS = 1_100  # what the large providers count for about a megapixel
AUDIO_BYTES_PER_TOKEN = 320
WORST_BYTES_PER_TOKEN = 2
WORST_OVERHEAD = 16  # bytes of framing of a message, a tool or a call
# The most that one image of any size comes to, by the rule of whoever reads it.
WORST_IMAGE_TOKENS = {
    ProviderKind.OPENAI: 4_200,  # 1,536 patches at up to 2.46 tokens, Pixtral's 4,096; tiles come to less
    ProviderKind.ANTHROPIC: 4_800,  # width × height / 750, scaled down to 4,784 on the newest models
    ProviderKind.GEMINI: 4_200,  # 258 a tile of 768 pixels, or a budget of at most 2,240
    ProviderKind.OLLAMA: 16_400,  # Qwen's default of 16,384 patches
}
DEAR_IMAGES = {"gpt-4o-mini": 48_200}  # 2,833 and 5,667 a tile, up to 8 tiles: its tokens are cheap, its images many


def tokens_in_chars(chars: int) -> int:
    """For text of which only the length is known."""
    return -(-chars // 4)


def tokens_in(text: str) -> int:
    """An estimate: ASCII by four characters, the rest by its bytes, since wide scripts take about a token a character."""
    return _estimate(len(text), _size(text) - len(text))


def _estimate(chars: int, wide: int) -> int:
    """`wide`: the bytes that the characters take in UTF-8 beyond one each."""
    if wide == 0:
        return -(-chars // 4)
    narrow = max(0, chars - wide // 2)
    return int(narrow / CHARS_PER_TOKEN + (wide + chars - narrow) / BYTES_PER_WIDE_TOKEN) + 1


@dataclass(slots=True)
class TokenCount:
    """The same estimate for a text that comes in pieces."""

    chars: int = 0
    wide: int = 0

    def add(self, text: str) -> None:
        self.chars += len(text)
        if not text.isascii():
            self.wide += _size(text) - len(text)

    @property
    def tokens(self) -> int:
        return _estimate(self.chars, self.wide)


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


def worst_tokens_in(text: str) -> int:
    """More than any tokenizer makes of a message of this text."""
    return -(-(_size(text) + WORST_OVERHEAD) // WORST_BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class WorstInput:
    """More than any tokenizer makes of a request; what its images come to depends on who reads them."""

    tokens: int
    images: int

    def on(self, kind: ProviderKind, model: str) -> int:
        if self.images == 0:
            return self.tokens
        dear = next((tokens for name, tokens in DEAR_IMAGES.items() if name in model), WORST_IMAGE_TOKENS[kind])
        return self.tokens + self.images * dear


def worst_input(request: ChatRequest) -> WorstInput:
    """For reservations."""
    size = sound = images = 0
    for message in request.messages:
        size += WORST_OVERHEAD
        for part in message.parts:
            if isinstance(part, Text):
                size += _size(part.text)
            elif part.kind is MediaKind.IMAGE:
                images += 1
            else:
                sound += len(part.data) // AUDIO_BYTES_PER_TOKEN * 2
        for call in message.tool_calls:
            size += _size(call.name) + _size(call.arguments) + WORST_OVERHEAD
    for tool in request.tools:
        size += _size(tool.name) + _size(tool.description) + len(json.dumps(tool.parameters)) + WORST_OVERHEAD
    if request.schema is not None:
        size += len(json.dumps(request.schema))
    return WorstInput(-(-size // WORST_BYTES_PER_TOKEN) + sound + 8, images)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


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
        """`estimated` is the bare estimate, before any calibration."""
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
