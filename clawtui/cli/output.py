"""The only place that prints. All text from outside is cleaned of control characters on its way to a terminal."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from clawtui.cli.streams import silence
from clawtui.text import cell_width, clean, cut, one_line

BOLD, DIM, RED, GREEN, YELLOW, RESET = "1", "2", "31", "32", "33", "0"
NARROW, NARROWEST = 11, 6  # cells of a column that gives way: while others can be left out, and else
# What JSON may hold as it is and a terminal would obey; half a surrogate pair, which no encoding carries.
CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class CannotWrite(Exception):
    """Standard output takes nothing more, for another reason than that nobody reads it."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output cannot be written: {error.strerror or type(error).__name__}")


class Output:
    def __init__(self, out: TextIO, err: TextIO, environ: Mapping[str, str], *, color: bool = True) -> None:
        self._out = out
        self._err = err
        allowed = color and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self._out_color = allowed and _is_terminal(out)
        self._err_color = allowed and _is_terminal(err)
        self._in_line = False  # streamed text stands on the line, without its end
        self._columns = environ.get("COLUMNS", "")

    @property
    def is_terminal(self) -> bool:
        return _is_terminal(self._out)

    @property
    def width(self) -> int:
        if self._columns.isdecimal() and int(self._columns[:6]) > 0:
            return int(self._columns[:6])
        try:
            return os.get_terminal_size(self._out.fileno()).columns
        except (OSError, ValueError):
            return 100

    def line(self, text: str = "") -> None:
        self._write(self._out, clean(text) + "\n")

    def raw(self, text: str) -> None:
        """Text as it is, into a pipe or file that asked for exactly that (a config, a completion script, CSV)."""
        self._write(self._out, text)

    def stream(self, text: str) -> None:
        """A piece of an answer, as it comes."""
        text = clean(text)
        if text:
            self._write(self._out, text)
            self._in_line = not text.endswith("\n")
            self._flush_out()

    def end_stream(self) -> None:
        if self._in_line:
            self._write(self._out, "\n")
            self._in_line = False

    def document(self, value: Mapping[str, Any]) -> None:
        self._write(self._out, self._json(value, indent=2) + "\n")

    def event(self, value: Mapping[str, Any]) -> None:
        self._write(self._out, self._json(value) + "\n")
        self._flush_out()

    def _json(self, value: Mapping[str, Any], indent: int | None = None) -> str:
        ascii_only = not _takes_utf8(self._out)  # what the encoding has no sign for is escaped, not lost
        try:
            text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, allow_nan=False)
        except ValueError:
            text = json.dumps(_finite(value), ensure_ascii=ascii_only, indent=indent, allow_nan=False)
        return CONTROLS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)

    def note(self, text: str) -> None:
        """A word on the side: who answered, what it cost, what goes on."""
        self.end_stream()
        self._write(self._err, self._styled(one_line(text), DIM, self._err_color) + "\n")
        self._flush_err()

    def problem(self, message: str, hint: str = "") -> None:
        """One line of what is wrong, one of what to do."""
        self.end_stream()
        self._write(self._err, self._styled(f"clawtui: {one_line(message)}", RED, self._err_color) + "\n")
        if hint:
            self._write(self._err, one_line(hint) + "\n")
        self._flush_err()

    def lines_of_trouble(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._write(self._err, one_line(line) + "\n")
        self._flush_err()

    def heading(self, text: str) -> None:
        self._write(self._out, self._styled(one_line(text), BOLD, self._out_color) + "\n")

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: frozenset[int] = frozenset(),
        whole: frozenset[int] = frozenset(),
        spare: Sequence[int] = (),
    ) -> None:
        """Aligned columns. Where the terminal is too narrow the widest gives way and ends in …, then the `spare` ones are
        left out in their order. `whole` ones are never cut: what they hold is typed again."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        widths = [max([cell_width(name), *(cell_width(row[i]) for row in cells)]) for i, name in enumerate(columns)]
        shown = list(range(len(columns)))
        if self.is_terminal or self._columns:
            left_out = list(spare)
            while sum(widths[i] for i in shown) + 2 * (len(shown) - 1) > self.width:
                widest = max((i for i in shown if i not in whole), key=lambda i: widths[i], default=None)
                if widest is not None and widths[widest] > (NARROW if left_out else NARROWEST):
                    widths[widest] -= 1
                elif left_out:
                    shown.remove(left_out.pop(0))
                else:
                    break
        head = "  ".join(_cell(columns[i], widths[i], i in right) for i in shown).rstrip()
        self._write(self._out, self._styled(head, BOLD, self._out_color) + "\n")
        for row in cells:
            self._write(self._out, "  ".join(_cell(row[i], widths[i], i in right) for i in shown).rstrip() + "\n")

    def flush(self) -> None:
        self._flush_out()
        self._flush_err()

    def _flush_out(self) -> None:
        try:
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CannotWrite(error) from None

    def _flush_err(self) -> None:
        try:
            self._err.flush()
        except OSError:
            silence(self._err)

    @staticmethod
    def _styled(text: str, style: str, color: bool) -> str:
        return f"\x1b[{style}m{text}\x1b[{RESET}m" if color else text

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                encoding = getattr(stream, "encoding", None) or "ascii"
                stream.write(text.encode(encoding, "replace").decode(encoding))
        except OSError as error:
            if stream is self._err:
                silence(self._err)  # there is nowhere left to say so
                return
            if isinstance(error, BrokenPipeError):
                raise
            raise CannotWrite(error) from None


def _cell(text: str, width: int, right: bool) -> str:
    text = cut(text, width)
    padding = " " * max(0, width - cell_width(text))
    return padding + text if right else text + padding


def _finite(value: Any) -> Any:
    """JSON knows no infinity and no NaN: what is unknown is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def _takes_utf8(stream: TextIO) -> bool:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
