"""What each profile came to, as columns: of a whole run, or of one case."""

from __future__ import annotations

from collections.abc import Callable

from clawtui.evals.results import Verdict
from clawtui.evals.summary import ProfileSummary
from clawtui.text import count, duration_ms, money
from clawtui.tui.state.evals import cost_per_pass, interval_words, rate_words
from clawtui.tui.widgets.columns import Align, CellValue, Column


def summary_columns() -> list[Column[ProfileSummary]]:
    def number(
        key: str, label: str, show: Callable[[ProfileSummary], CellValue], width: int, priority: int
    ) -> Column[ProfileSummary]:
        return Column(key, label, show, width=width, align=Align.RIGHT, priority=priority)

    return [
        Column("profile", "Profile", lambda row: row.profile, least=12, share=2, priority=0),
        number("rate", "Passed", lambda row: rate_words(row.rate), 7, 0),
        number("interval", "95 %", lambda row: interval_words(row.rate), 8, 1),
        number("fail", "Fail", lambda row: count(row.counts[Verdict.FAIL]), 4, 2),
        number("error", "Err", lambda row: count(row.counts[Verdict.ERROR]), 4, 1),
        number("unsupported", "Uns", lambda row: count(row.counts[Verdict.UNSUPPORTED]), 4, 3),
        number("p50", "p50", lambda row: duration_ms(row.p50_ms), 7, 2),
        number("p95", "p95", lambda row: duration_ms(row.p95_ms), 7, 4),
        number("first", "First", lambda row: duration_ms(row.first_token_p50_ms), 7, 4),
        number("tokens", "Tokens", lambda row: count(row.input_tokens + row.output_tokens), 7, 4),
        number("cost", "Cost", lambda row: money(row.cost_usd), 9, 2),
        number("per", "Per pass", cost_per_pass, 9, 3),
    ]
