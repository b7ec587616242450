"""One file that needs nothing else: no script, no request. Light and dark, narrow and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from typing import Any

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
from clawtui.evals.statistics import quantile
from clawtui.text import clean, duration_ms, money, one_line

# The page asks nobody for anything, whatever stands in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def report(document: Document) -> str:
    style = resources.files("clawtui.evals.reports").joinpath("report.css").read_text(encoding="utf-8")
    profiles = ranked(document)
    body = [
        "<header>",
        f"<h1>{_text(title(document))}</h1>",
        f"<p>{_text(when(document))}, run <code>{_text(document['run_id'])}</code></p>",
        *_threshold(document),
        "</header>",
        "<main>",
        "<h2>Profiles</h2>",
        *_ranking(profiles),
        *_pairs(document),
        "<h2>Cases</h2>",
        *_matrix(document, profiles),
        *_failures(document),
        "</main>",
        "<footer><p>● pass, ○ fail; ⚠ error, ◌ unsupported and – cancelled make no rate. "
        "Rates stand with their 95 % interval.</p></footer>",
    ]
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(title(document))}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
    )
    return head + "\n".join(body) + "\n</body>\n</html>\n"


def _threshold(document: Document) -> list[str]:
    if document.get("threshold") is None:
        return []
    reached = bool(document.get("passed_threshold"))
    words = f"Threshold {100 * document['threshold']:g} % {'reached' if reached else 'missed'}"
    return [f'<p class="{"pass" if reached else "fail"}"><strong>{words}</strong></p>']


def _ranking(profiles: Sequence[Document]) -> list[str]:
    lines = ['<div class="wide"><table class="ranking">']
    headings = [name for name, _ in numbers(profiles[0])] if profiles else []
    lines.append(_row("th", ["profile", "pass rate (95 %)", *VERDICTS, *headings], scope="col"))
    for each in profiles:
        counts = [str(each[name]) for name in VERDICTS]
        words = [_text(words) for _, words in numbers(each)]
        lines.append(
            f'<tr><th scope="row">{_text(each["id"])}</th><td>{_bar(each)}{_text(rate(each))}</td>'
            + "".join(f"<td>{cell}</td>" for cell in (*counts, *words))
            + "</tr>"
        )
    return [*lines, "</table></div>"]


def _pairs(document: Document) -> list[str]:
    rows, sentences = paired(document)
    if not rows:
        return []
    lines = ["<h2>Each beside each</h2>", '<div class="wide"><table class="pairs">']
    lines.append(_row("th", PAIR_HEADINGS, scope="col"))
    lines += [f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows]
    lines += ["</table></div>", "<ul>", *(f"<li>{_text(sentence)}</li>" for sentence in sentences), "</ul>"]
    return lines


def _bar(profile: Document) -> str:
    """The rate as a point on its interval, drawn by the style sheet alone."""
    low, high = profile.get("interval") or (None, None)
    if profile.get("rate") is None or low is None or high is None:
        return ""
    places = f"--low:{100 * low:.1f}%;--span:{100 * (high - low):.1f}%;--at:{100 * profile['rate']:.1f}%"
    return f'<span class="bar" style="{places}" aria-hidden="true"></span>'


def _matrix(document: Document, profiles: Sequence[Document]) -> list[str]:
    results = cells(document)
    lines = ['<div class="wide"><table class="matrix">']
    lines.append(_row("th", ["case", *(_text(each["id"]) for each in profiles)], scope="col"))
    for suite, case in scenarios(document):
        row = [f'<th scope="row">{_text(f"{suite}/{case}")}</th>']
        for each in profiles:
            found = results.get((suite, case, each["id"]), [])
            verdict, words = in_short([each["verdict"] for each in found])
            row.append(f'<td class="{verdict}"><b>{MARKS[verdict]}</b> {_text(words)}{_time(found)}</td>')
        lines.append(f"<tr>{''.join(row)}</tr>")
    return [*lines, "</table></div>"]


def _time(results: Sequence[Document]) -> str:
    times = [each["ms"] for each in results if each["verdict"] in ("pass", "fail") and each.get("ms") is not None]
    return f" <small>{_text(duration_ms(quantile(times, 0.5)))}</small>" if times else ""


def _failures(document: Document) -> Iterable[str]:
    told = [each for each in document["cases"] if each["verdict"] in ("fail", "error")]
    if not told:
        return
    yield "<h2>What did not pass</h2>"
    for result in told:
        name = f"{result['suite']}/{result['case']}, {result['profile']}, repeat {result['repeat']}"
        spent = f"{duration_ms(result.get('ms'))}, {money(result.get('cost_usd'))}"
        yield f'<details class="{result["verdict"]}"><summary><b>{MARKS[result["verdict"]]}</b> {_text(name)}'
        yield f" <small>{_text(spent)}</small></summary>"
        reasons = why(result) or [result["verdict"]]
        yield "<ul>" + "".join(f"<li>{_text(reason)}</li>" for reason in reasons) + "</ul>"
        yield from _transcript(result.get("transcript") or ())
        if result.get("request_id"):
            yield f"<p><small>request <code>{_text(result['request_id'])}</code></small></p>"
        yield "</details>"


def _transcript(messages: Iterable[Any]) -> Iterable[str]:
    for message in messages:
        yield f"<p><b>{_text(str(message.get('role', '')))}</b></p>"
        yield f"<pre>{escape(clean(str(message.get('text', ''))))}</pre>"
        for call in message.get("tool_calls") or ():
            yield f"<pre>{_text(str(call.get('name', '')))}({escape(clean(str(call.get('arguments', ''))))})</pre>"


def _row(kind: str, contents: Iterable[str], scope: str) -> str:
    return "<tr>" + "".join(f'<{kind} scope="{scope}">{each}</{kind}>' for each in contents) + "</tr>"


def _text(text: str) -> str:
    return escape(one_line(text))
