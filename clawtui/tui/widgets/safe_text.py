"""The last gate before the terminal: no painted line carries a byte that a terminal would obey, wherever it came from."""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# Unlike `text.clean` this must keep the width of the line: what is painted has been measured already. C0, DEL and C1
# are measured as nothing, so they are dropped; the marks that turn text around have no width either.
_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class SafeText(LineFilter):
    """For `App.get_line_filters`. Cheap where there is nothing to drop, which is nearly always."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for segment in segments:
            if not (segment.text.isprintable() or segment.control):
                break
        else:
            return segments
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(_OBEYED.sub(_replacement, segment.text), segment.style)
            for segment in segments
        ]


def _replacement(match: re.Match[str]) -> str:
    # A lone surrogate is measured as one cell, and cannot be written at all.
    return "\ufffd" if match[0] >= "\ud800" else ""
