"""One line for each case and repeat, for spreadsheets: no cell can become a formula."""

from __future__ import annotations

import csv
import io

from clawtui.evals.reports.words import Document, why
from clawtui.text import one_line

COLUMNS = (
    *("suite", "case", "profile", "repeat", "verdict", "reason", "ms", "first_token_ms", "input_tokens"),
    *("output_tokens", "cost_usd", "model", "request_id", "cached"),
)
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report(document: Document) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for result in document["cases"]:
        row = {**result, "reason": "; ".join(why(result)), "cached": "yes" if result.get("cached") else ""}
        writer.writerow([_cell(row.get(column)) for column in COLUMNS])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = one_line(str(value))
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text
