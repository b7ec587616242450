"""How every bench prints what it found: what, measured, target, and the one over the other."""

from __future__ import annotations

UNITS = {
    "µs": "{:,.0f} µs",
    "ms": "{:,.2f} ms",
    "s": "{:,.2f} s",
    "x": "{:.2f}x",
    "%": "{:.1%}",
    "MB": "{:,.0f} MB",
    "/s": "{:,.0f}/s",
    "": "{:,.0f}",
}


def figure(name: str, measured: float, unit: str, target: float | None = None, *, at_least: bool = False) -> None:
    """Without a target it is told for comparison alone."""
    words = UNITS[unit].format(measured)
    if target is None:
        print(f"{name:66}{words:>14}", flush=True)
        return
    held = measured >= target if at_least else measured <= target
    bound = f"{'≥' if at_least else '≤'} {UNITS[unit].format(target)}"
    ratio = f"{measured / target:.2f}" if target else "–"
    print(f"{name:66}{words:>14}{bound:>16}{ratio:>7}  {'held' if held else 'MISSED'}", flush=True)
