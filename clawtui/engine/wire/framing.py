"""Cuts a byte stream into messages: server-sent events, or JSON by lines. Fed with bytes cut anywhere.

Written here, for one reason: httpx-sse takes text, so it decodes, splits and builds an object for every line. On 100
events of 150 bytes it took 123 µs and this 85 µs (Python 3.11), of about 600 µs that such a stream costs in all.
"""

from __future__ import annotations

from collections.abc import Sequence

BOM = b"\xef\xbb\xbf"
LONGEST_MESSAGE = 8 * 1024 * 1024

Message = tuple[str, str]  # event name, data


class MessageTooLong(Exception):
    """One message of a stream is longer than any that makes sense."""


class SseFraming:
    """Server-sent events as the HTML standard reads them; one that the connection's end leaves open counts too."""

    __slots__ = ("_begun", "_data", "_event", "_had_cr", "_held", "_line", "_size")

    def __init__(self) -> None:
        self._line: list[bytes] = []  # pieces of a line whose end has not come: joined once, when it has
        self._held = 0  # bytes in them
        self._data: list[bytes] = []
        self._event = b""
        self._begun = False
        self._had_cr = False  # the last chunk ended in CR: a LF that follows belongs to it
        self._size = 0

    def feed(self, chunk: bytes) -> Sequence[Message]:
        if not chunk:
            return ()
        if not self._begun:
            chunk = b"".join((*self._line, chunk))
            self._line.clear()
            if len(chunk) < 3 and BOM.startswith(chunk):
                self._line.append(chunk)
                return ()
            self._begun = True
            chunk = chunk.removeprefix(BOM)
        if self._had_cr:
            self._had_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._had_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        last = lines.pop()
        found: list[Message] = []
        if lines:
            if self._line:
                lines[0] = b"".join((*self._line, lines[0]))
                self._line.clear()
                self._held = 0
            self._read(lines, found)
        if last:
            self._line.append(last)
            self._held += len(last)
            if self._held + self._size > LONGEST_MESSAGE:
                raise MessageTooLong
        return found

    def end(self) -> Sequence[Message]:
        self._begun = True  # what was held back as the beginning of a mark is none
        self._had_cr = False
        found = list(self.feed(b"\n"))
        if self._data:
            found.append(self._message())
        return found

    def _read(self, lines: list[bytes], found: list[Message]) -> None:
        for line in lines:
            if line.startswith(b"data:"):
                value = line[6:] if line[5:6] == b" " else line[5:]
                self._data.append(value)
                self._size += len(value)
                if self._size > LONGEST_MESSAGE:
                    raise MessageTooLong
            elif not line:
                if self._data:
                    found.append(self._message())
                self._event = b""
            elif line.startswith(b"event:"):
                self._event = line[6:].removeprefix(b" ")
            elif line == b"data":
                self._data.append(b"")
            elif line == b"event":
                self._event = b""

    def _message(self) -> Message:
        lines, self._data, self._size = self._data, [], 0
        data = lines[0] if len(lines) == 1 else b"\n".join(lines)
        return self._event.decode("utf-8", "replace") if self._event else "", data.decode("utf-8", "replace")


class LineFraming:
    """JSON by lines. Only LF ends one: U+2028 and its like may stand inside JSON strings."""

    __slots__ = ("_begun", "_held", "_line")

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._held = 0
        self._begun = False

    def feed(self, chunk: bytes) -> Sequence[Message]:
        lines = chunk.split(b"\n")
        last = lines.pop()
        found: Sequence[Message] = ()
        if lines:
            if self._line:
                lines[0] = b"".join((*self._line, lines[0]))
                self._line.clear()
                self._held = 0
            found = [("", self._text(line)) for line in lines if line.strip()]
        if last:
            self._line.append(last)
            self._held += len(last)
            if self._held > LONGEST_MESSAGE:
                raise MessageTooLong
        return found

    def end(self) -> Sequence[Message]:
        last = b"".join(self._line)
        self._line.clear()
        return [("", self._text(last))] if last.strip() else ()

    def _text(self, line: bytes) -> str:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(BOM)
        return line.strip().decode("utf-8", "replace")
