"""When a server says to come back: header seconds, milliseconds or dates, in every form that is seen. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 86_400.0 * 31
EPOCH, EPOCH_MS = 1e9, 1e11  # larger numbers are moments, not spans
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)", re.I)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
SPAN = r"((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+)"
IN_TEXT = re.compile(
    rf"(?:try again|retry|resets?|available|wait)\b[^.\n]{{0,40}}?\b(?:in|after)\s+{SPAN}|\bwait (?:for )?{SPAN}", re.I
)
ON_DAY = re.compile(r"regain access on (\d{4}-\d\d-\d\d)(?: at (\d\d:\d\d))?", re.I)


def from_headers(headers: Mapping[str, str], now_wall: float) -> float | None:
    """Seconds to wait, never negative; None where nothing usable is said. Header names are lower-case."""
    if (text := headers.get("retry-after-ms")) is not None and (ms := _number(text)) is not None:
        return _bounded(ms / 1000)
    if (text := headers.get("retry-after")) is not None:
        return _seconds_or_date(text, now_wall)
    return None


def from_text(message: str, now_wall: float) -> float | None:
    """`Please try again in 6m0s`, as some services word it in the message alone; a day is midnight UTC."""
    if (found := IN_TEXT.search(message)) is not None:
        return duration(found[1] or found[2])
    if (day := ON_DAY.search(message)) is not None:
        moment = _rfc3339(f"{day[1]}T{day[2] or '00:00'}")
        return None if moment is None else _bounded(moment - now_wall)
    return None


def duration(text: str) -> float | None:
    """`1m30s`, `250ms`, `2 hours`, `6.5s`: the sum of its parts."""
    total, any_part = 0.0, False
    for number, unit in DURATION.findall(text):
        key = unit.lower()
        key = "ms" if key.startswith(("ms", "milli")) else key[0]
        total += float(number) * UNITS[key]
        any_part = True
    return _bounded(total) if any_part else None


def until(text: str, now_wall: float) -> float | None:
    """Seconds until a moment or for a span: RFC 3339, HTTP date, epoch (seconds or milliseconds), a duration, seconds."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        epoch = number / 1000 if number > EPOCH_MS else number
        return _bounded(epoch - now_wall if epoch > EPOCH else number)
    if "T" in text and (moment := _rfc3339(text)) is not None:
        return _bounded(moment - now_wall)
    return duration(text) if text[:1].isdigit() else _seconds_or_date(text, now_wall)


def _seconds_or_date(text: str, now_wall: float) -> float | None:
    number = _number(text.strip())
    if number is not None:
        return _bounded(number)
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return _bounded(date.timestamp() - now_wall)


def _rfc3339(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    """A date in the past means now; nobody is believed for longer than a month."""
    return min(max(0.0, seconds), LONGEST)
