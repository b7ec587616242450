"""Attempts or advisers on one time axis: waiting, answering, done. The layout is a function of values and a width."""

from __future__ import annotations

from collections.abc import Sequence

from clawtui.text import cell_width, duration_ms, pad
from clawtui.tui.widgets.parts import Part, PartLine, Tone, merged
from clawtui.tui.widgets.spans import Span
from clawtui.tui.widgets.toned import Toned

WIDE = 60  # from here on label, axis and note share a line
LEAST_AXIS = 10
# Nothing yet, waiting in a queue, waiting for the first token, answering, and still going on.
BLANK, QUEUED, WAITING, ANSWERING, GOING_ON = " ", "·", "░", "█", "▸"
DEADLINE = "┊"


def lay_out(
    spans: Sequence[Span], width: int, *, now_ms: float | None = None, deadline_ms: float | None = None
) -> list[PartLine]:
    """One line a span and one for the axis; on narrow screens two lines a span. Each span shows in one cell at least."""
    if not spans or width < 1:
        return []
    ends = [span.end_ms if span.end_ms is not None else max(now_ms or 0.0, span.start_ms) for span in spans]
    total = max(*ends, *(span.start_ms for span in spans), deadline_ms or 0.0, 1.0)
    labels = min(max(cell_width(span.label) for span in spans), max(4, width // 4))
    notes = min(max(cell_width(span.note) for span in spans), max(0, width // 3))
    axis = width - labels - notes - 2
    is_wide = width >= WIDE and axis >= LEAST_AXIS
    axis = axis if is_wide else width
    margin = labels + 1 if is_wide else 0
    lines: list[PartLine] = [((" " * margin + _scale(total, axis), Tone.MUTED),)]
    for span, end in zip(spans, ends, strict=True):
        track = _track(span, end, total, axis, deadline_ms)
        if is_wide:
            note: PartLine = ((" " + span.note, Tone.MUTED),) if span.note else ()
            lines.append(((pad(span.label, labels) + " ", Tone.NORMAL), *track, *note))
        else:
            lines.append(((span.label, Tone.NORMAL), *(((" " + span.note, Tone.MUTED),) if span.note else ())))
            lines.append(track)
    return lines


def _scale(total: float, cells: int) -> str:
    end = duration_ms(total)
    middle = duration_ms(total / 2)
    text = "0"
    if cells >= len(middle) + len(end) + 12:
        text = text.ljust(cells // 2 - len(middle) // 2) + middle
    return text.ljust(cells - len(end)) + end if cells > len(end) + 1 else end[:cells]


def _track(span: Span, end: float, total: float, cells: int, deadline_ms: float | None) -> PartLine:
    def cell(ms: float) -> int:
        return max(0, min(cells, round(ms / total * cells)))

    queued = cell(span.queued_ms) if span.queued_ms is not None else cell(span.start_ms)
    begin = min(cell(span.start_ms), cells - 1)
    stop = max(begin + 1, cell(end))
    answering = begin if span.first_token_ms is None else min(max(begin, cell(span.first_token_ms)), stop - 1)
    waits = stop if span.first_token_ms is None else answering
    parts: list[Part] = [
        (BLANK * min(queued, begin), Tone.NORMAL),
        (QUEUED * max(0, begin - queued), Tone.MUTED),
        (WAITING * (waits - begin), span.tone),
        (ANSWERING * (stop - waits), span.tone),
    ]
    if span.end_ms is None:
        parts = _with_last(parts, GOING_ON, span.tone)
    parts.append((BLANK * (cells - stop), Tone.NORMAL))
    if deadline_ms is not None:
        parts = _with_mark(parts, min(cell(deadline_ms), cells - 1))
    return merged(parts)


def _with_last(parts: list[Part], mark: str, tone: Tone) -> list[Part]:
    while parts and not parts[-1][0]:
        parts = parts[:-1]
    text, _ = parts[-1]
    return [*parts[:-1], (text[:-1], parts[-1][1]), (mark, tone)]


def _with_mark(parts: list[Part], at: int) -> list[Part]:
    """The deadline shows where nothing else is drawn."""
    result: list[Part] = []
    x = 0
    for text, tone in parts:
        place = at - x
        if 0 <= place < len(text) and text[place] == BLANK:
            result += [(text[:place], tone), (DEADLINE, Tone.WARN), (text[place + 1 :], tone)]
        else:
            result.append((text, tone))
        x += len(text)
    return result


class Waterfall(Toned):
    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._spans: tuple[Span, ...] = ()
        self._now: float | None = None
        self._deadline: float | None = None

    def show(self, spans: Sequence[Span], *, now_ms: float | None = None, deadline_ms: float | None = None) -> None:
        if (tuple(spans), now_ms, deadline_ms) != (self._spans, self._now, self._deadline):
            self._spans, self._now, self._deadline = tuple(spans), now_ms, deadline_ms
            self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        return lay_out(self._spans, width, now_ms=self._now, deadline_ms=self._deadline)
