"""A byte stream becomes messages, the same ones wherever it was cut, whatever its line ends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from httpx_sse._decoders import SSEDecoder
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.wire import framing
from clawtui.engine.wire.framing import LineFraming, Message, MessageTooLong, SseFraming

# Everything that some line splitter takes for a line end, and that may stand inside JSON.
SEPARATORS = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e"
TEXTS = st.text(alphabet=st.sampled_from(f"ab: é🦞{SEPARATORS}"), max_size=12)


def sse(chunks: Iterable[bytes]) -> list[Message]:
    frames = SseFraming()
    return [message for chunk in chunks for message in frames.feed(chunk)] + list(frames.end())


def lines(chunks: Iterable[bytes]) -> list[Message]:
    frames = LineFraming()
    return [message for chunk in chunks for message in frames.feed(chunk)] + list(frames.end())


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    at = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(at)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("mark", [b"", framing.BOM], ids=["plain", "bom"])
@pytest.mark.parametrize("last", [True, False], ids=["closed", "left open"])
def test_no_cut_changes_what_is_read(end: bytes, mark: bytes, last: bool) -> None:
    text = f': a comment\nevent: first\ndata: {{\ndata:  "x": "{SEPARATORS} é🦞"}}\nid: 1\n\nretry: 5\n\ndata\n\ndata:[DONE]'
    stream = mark + (text + ("\n\n" if last else "")).encode().replace(b"\n", end)
    expected = [("first", f'{{\n "x": "{SEPARATORS} é🦞"}}'), ("", ""), ("", "[DONE]")]
    assert sse([stream]) == expected
    assert sse(stream[at : at + 1] for at in range(len(stream))) == expected
    for place in range(1, len(stream)):
        assert sse([stream[:place], b"", stream[place:]]) == expected


@settings(max_examples=100, deadline=None)
@given(
    events=st.lists(st.tuples(TEXTS.filter(lambda name: not name.startswith(" ")), st.lists(TEXTS, min_size=1))),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    blank=st.booleans(),
    places=st.lists(st.integers(0, 400), max_size=12),
)
def test_what_a_server_writes_is_what_is_read(
    events: list[tuple[str, list[str]]], end: str, blank: bool, places: list[int]
) -> None:
    """Reading is the inverse of writing, for every event name and every number of data lines."""
    written = "".join(
        (f"event: {name}{end}" if name else "")
        + "".join(f"data:{' ' if blank or line.startswith(' ') else ''}{line}{end}" for line in data)
        + f": between{end}{end}"
        for name, data in events
    )
    assert sse(cut(written.encode(), places)) == [(name, "\n".join(data)) for name, data in events]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["data: a", "data:b", "data", "event: e", "event", "event:", ": c", "", "id: 1", "data : x", "x"]
        )
    )
)
def test_it_agrees_with_an_independent_reader(written: list[str]) -> None:
    """Fields in any order, known or not: the same messages as httpx-sse, but for messages without any data."""
    decoder = SSEDecoder()
    events = [event for line in [*written, "", ""] if (event := decoder.decode(line)) is not None]
    stream = "\n".join([*written, "", "", ""]).encode()
    found = sse([stream])
    had_data = [(event.event if event.event != "message" else "", event.data) for event in events if event.data]
    assert [message for message in found if message[1]] == had_data


def test_bytes_that_are_no_text_do_not_stop_a_stream() -> None:
    assert sse([b"data: a\xff\xfeb\n\ndata: c\n\n"]) == [("", "a\ufffd\ufffdb"), ("", "c")]
    assert sse([b"\xef\xbb"]) == []
    assert sse([]) == []


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(TEXTS),
    crlf=st.booleans(),
    bom=st.booleans(),
    closed=st.booleans(),
    places=st.lists(st.integers(0, 400), max_size=12),
)
def test_json_lines_end_at_lf_and_nowhere_else(
    texts: list[str], crlf: bool, bom: bool, closed: bool, places: list[int]
) -> None:
    """Each document comes back whole, wherever the stream was cut; blank lines are none."""
    documents = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    stream = ("\r\n\n" if crlf else "\n").join(documents) + ("\n" if closed else "")
    found = lines(cut((framing.BOM if bom and texts else b"") + stream.encode(), places))
    assert [json.loads(data)["text"] for _, data in found] == texts


@pytest.mark.parametrize("frames", [SseFraming, LineFraming])
@pytest.mark.parametrize("ends", [b"", b"\n"], ids=["one line", "many lines"])
def test_a_message_without_end_is_given_up(
    frames: type[SseFraming | LineFraming], ends: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    if frames is LineFraming and ends:
        pytest.skip("there, every line is a message")
    monkeypatch.setattr(framing, "LONGEST_MESSAGE", 10_000)
    reading = frames()
    piece = b"data: " + b"x" * 990 + ends

    def feed() -> Sequence[Message]:
        return [message for _ in range(20) for message in reading.feed(piece)]

    with pytest.raises(MessageTooLong):
        feed()


def test_many_short_messages_are_not_one_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST_MESSAGE", 100)
    assert len(sse([b"data: 123456789\n\n"] * 100)) == 100
    assert len(sse([b"data: 123456789\n\nda", b"ta: 1\n\n"] * 100)) == 200
    assert len(lines([b"123456789\n"] * 100)) == 100
