"""What reading a stream costs by itself: cutting bytes into messages, and messages into pieces of an answer.

Run: python tests/bench/bench_wire.py   Microseconds for 100 chunks, the best of many runs, on one core.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import httpx
from figures import figure
from httpx_sse import EventSource
from upstream import CHUNK, CHUNKS, LAST

from clawtui.config.schema import ProviderKind
from clawtui.engine.request import ChatRequest, user
from clawtui.engine.wire import dialect_for
from clawtui.engine.wire.dialect import Call, Framing, TextPiece
from clawtui.engine.wire.framing import LineFraming, SseFraming

SSE = CHUNK * CHUNKS + LAST
LINE = (
    b'{"model":"m","created_at":"2026-01-01T00:00:00.000000Z","message":{"role":"assistant","content":"hello "},'
    b'"done":false}\n'
)
NDJSON = LINE * CHUNKS + b'{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","eval_count":100}\n'
RUNS = 200
NETWORK_READS = {"a chunk a read": len(CHUNK), "1,400 bytes": 1_400, "16 KB": 16_384}


def best(run: Callable[[], int], expected: int) -> float:
    """Microseconds of the quickest run."""
    assert run() == expected
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times) * 1e6


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def framed(frames: SseFraming | LineFraming, chunks: list[bytes]) -> list[tuple[str, str]]:
    return [message for chunk in chunks for message in frames.feed(chunk)] + list(frames.end())


class Chunks(httpx.SyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)


def by_httpx_sse(chunks: list[bytes]) -> int:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Chunks(chunks))
    return sum(1 for _ in EventSource(response).iter_sse())


def read(kind: ProviderKind, messages: list[tuple[str, str]]) -> int:
    dialect = dialect_for(kind)
    reader = dialect.reader(Call(ChatRequest((user("x"),)), "http://x", "m", None, True))
    pieces = [piece for event, data in messages for piece in reader.feed(event, data)]
    return sum(type(piece) is TextPiece for piece in pieces)


def main() -> None:
    for name, size in NETWORK_READS.items():
        sse, lines = cut(SSE, size), cut(NDJSON, size)
        ours = best(lambda sse=sse: len(framed(SseFraming(), sse)), CHUNKS + 2)  # type: ignore[misc]
        theirs = best(lambda sse=sse: by_httpx_sse(sse), CHUNKS + 2)  # type: ignore[misc]
        by_line = best(lambda lines=lines: len(framed(LineFraming(), lines)), CHUNKS + 1)  # type: ignore[misc]
        figure(f"framing, {name}: server-sent events", ours, "µs")
        figure(f"framing, {name}: the same by httpx-sse", theirs, "µs")
        figure(f"framing, {name}: beside httpx-sse", ours / theirs, "x", 1.0)
        figure(f"framing, {name}: lines of JSON", by_line, "µs")
    for kind, stream, frames in (
        (ProviderKind.OPENAI, SSE, Framing.SSE),
        (ProviderKind.OLLAMA, NDJSON, Framing.NDJSON),
    ):
        messages = framed(SseFraming() if frames is Framing.SSE else LineFraming(), [stream])
        documents = [data for _, data in messages if data != "[DONE]"]
        bare = best(lambda documents=documents: len([json.loads(each) for each in documents]), len(documents))  # type: ignore[misc]
        cost = best(lambda kind=kind, messages=messages: read(kind, messages), CHUNKS)  # type: ignore[misc]
        figure(f"reading, {kind.value}: json.loads alone", bare, "µs")
        figure(f"reading, {kind.value}", cost, "µs")


if __name__ == "__main__":
    main()
