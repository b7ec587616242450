"""Shares as horizontal bars: spend against a budget in a few cells."""

from __future__ import annotations

from clawtui.tui.widgets.parts import PartLine, Tone, merged

EIGHTHS = " ▏▎▍▌▋▊▉"
NEARLY = 0.8


def filled(share: float, cells: int) -> str:
    """Blocks for a share of 0 to 1, to an eighth of a cell; something is never nothing."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    if share > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(min(eighths, cells * 8), 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")


def spend_bar(spent: float, reserved: float, limit: float, cells: int) -> PartLine:
    """`█` spent, to an eighth of a cell, `▒` reserved, `░` left. Its tone changes from four fifths on, and when nothing
    is left."""
    if cells <= 0:
        return ()
    share = _share(spent + reserved, limit)
    tone = Tone.BAD if share >= 1 else Tone.WARN if share >= NEARLY else Tone.OK
    full = filled(_share(spent, limit), cells) if spent > 0 or limit <= 0 else ""
    held = min(cells - len(full), round(cells * _share(reserved, limit)))
    held = max(held, 1) if reserved > 0 and len(full) < cells else held
    return merged([(full, tone), ("▒" * held, tone), ("░" * (cells - len(full) - held), Tone.MUTED)])


def _share(part: float, whole: float) -> float:
    """At most 1; of nothing everything is taken."""
    return part / whole if whole > 0 and part < whole else 1.0
