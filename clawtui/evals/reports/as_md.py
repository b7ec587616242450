"""Markdown, for a pull request or a wiki: a ranking, the matrix, and why what failed failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clawtui.evals.reports.words import (
    MARKS,
    PAIR_HEADINGS,
    VERDICTS,
    Document,
    cells,
    in_short,
    numbers,
    paired,
    ranked,
    rate,
    scenarios,
    title,
    when,
    why,
)
from clawtui.text import cut, one_line

LONGEST = 300  # characters of a reason
# Also what begins a link by itself and a mention.
_MARKUP = re.compile(r"([\\`*_\[\]#|<>~&$@]|:(?=//)|(?<=www)\.)")


def report(document: Document) -> str:
    profiles = ranked(document)
    lines = [f"# {_text(title(document))}", "", f"{_text(when(document))}, run {_text(document['run_id'])}"]
    if document.get("threshold") is not None:
        reached = "reached" if document.get("passed_threshold") else "missed"
        lines.append(f"Threshold {100 * document['threshold']:g} %: {reached}.")
    lines += ["", *_ranking(profiles), "", *_pairs(document), "## Cases", "", *_matrix(document, profiles)]
    failed = [each for each in document["cases"] if each["verdict"] in ("fail", "error")]
    if failed:
        lines += ["", "## What did not pass", "", *(_line(each) for each in failed)]
    return "\n".join(lines) + "\n"


def _ranking(profiles: Sequence[Document]) -> list[str]:
    headings = [name for name, _ in numbers(profiles[0])] if profiles else []
    rows = [
        [
            _text(each["id"]),
            _text(rate(each)),
            *(str(each[name]) for name in VERDICTS),
            *(_text(words) for _, words in numbers(each)),
        ]
        for each in profiles
    ]
    return _table(["profile", "pass rate (95 %)", *VERDICTS, *headings], rows)


def _pairs(document: Document) -> list[str]:
    rows, sentences = paired(document)
    if not rows:
        return []
    table = _table(PAIR_HEADINGS, [[_text(cell) for cell in row] for row in rows])
    return ["## Each beside each", "", *table, "", *(f"- {_text(sentence)}" for sentence in sentences), ""]


def _matrix(document: Document, profiles: Sequence[Document]) -> list[str]:
    rows, results = [], cells(document)
    for suite, case in scenarios(document):
        row = [_text(f"{suite}/{case}")]
        for each in profiles:
            found = results.get((suite, case, each["id"]), ())
            verdict, words = in_short([result["verdict"] for result in found])
            row.append(f"{MARKS[verdict]} {_text(words)}")
        rows.append(row)
    return _table(["case", *(_text(each["id"]) for each in profiles)], rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(headings) + " |",
        "|" + " --- |" * len(headings),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _line(result: Document) -> str:
    reasons = "; ".join(why(result)) or result["verdict"]
    name = f"{result['suite']}/{result['case']}, {result['profile']}, repeat {result['repeat']}"
    return f"- {MARKS[result['verdict']]} **{_text(name)}**: {_text(cut(one_line(reasons), LONGEST))}"


def _text(text: str) -> str:
    """Words that came from outside, on one line, with nothing left that Markdown or HTML would obey."""
    return _MARKUP.sub(r"\\\1", one_line(text)).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")
