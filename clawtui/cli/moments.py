"""Moments and spans as people write them: `24h`, `7d`, `4w`, `today`, `all`, a date."""

from __future__ import annotations

import re
from datetime import datetime

from clawtui.cli.stopping import Stop

SPAN = re.compile(r"(\d{1,6})\s*([mhdw])")
SECONDS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def since(text: str, now: float) -> float:
    """When counting begins, in epoch seconds."""
    word = text.strip().lower()
    if word == "all":
        return 0.0
    if word == "today":
        return datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    if span := SPAN.fullmatch(word):
        return max(0.0, now - int(span[1]) * SECONDS[span[2]])
    return moment(text, "--since", "24h, 7d, 4w, today, all, or a date such as 2026-01-31")


def moment(text: str, option: str, forms: str) -> float:
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise Stop(f"{option} {text}: not understood", forms) from None
