"""The five formats: they tell what the run's document holds, and no text of a model breaks a table, a page or a shell."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from clawtui.evals.reports import FORMATS, render
from clawtui.evals.statistics import quantile

HOSTILE = [
    "</td></table><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>",
    "a | b | c\n\n# heading\n```\nfence",
    '=HYPERLINK("http://evil.example","x")',
    "\x1b]0;title\x07\x1b[31mred\x00 \u202eright to left\u2028line",
    "]]> & <![CDATA[ \ud800 lone",
    "$(touch /tmp/owned) `id` ; rm -rf",
    "[click](javascript:alert(1)) @everyone http://evil.example",
]


def a_case(case: str, profile: str, verdict: str = "pass", repeat: int = 1, **more: Any) -> dict[str, Any]:
    grades = [{"grader": "equals", "pass": verdict == "pass", "reason": more.pop("why", "it is READY")}]
    return {
        "suite": "core",
        "case": case,
        "profile": profile,
        "repeat": repeat,
        "verdict": verdict,
        "grades": grades if verdict in ("pass", "fail") else [],
        "reason": "" if verdict in ("pass", "fail") else "upstream said 503",
        "ms": 120.0,
        "cost_usd": 0.0012,
        "request_id": f"r-{case}-{profile}-{repeat}",
        **more,
    }


def a_profile(name: str, passed: int, failed: int, **more: Any) -> dict[str, Any]:
    graded = passed + failed
    return {
        "id": name,
        "pass": passed,
        "fail": failed,
        "error": 0,
        "unsupported": 0,
        "cancelled": 0,
        "rate": passed / graded if graded else None,
        "interval": [0.3, 0.9] if graded else [None, None],
        "cost_usd": 0.01,
        "p50_ms": 120.0,
        "p95_ms": 400.0,
        **more,
    }


def a_document(cases: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "run_id": "e1",
        "at": "2027-01-01T09:30:00+00:00",
        "suites": ["core"],
        "threshold": 0.9,
        "passed_threshold": False,
        "profiles": [a_profile("fast", 1, 1), a_profile("strong", 2, 0), a_profile("down", 0, 0, error=2)],
        "cases": cases
        or [
            a_case("plain-chat", "fast", "fail", why="said ALREADY, not READY"),
            a_case("unicode", "fast"),
            a_case("plain-chat", "strong"),
            a_case("unicode", "strong"),
            a_case("plain-chat", "down", "error"),
            a_case("unicode", "down", "error"),
        ],
    }


def hostile_document() -> dict[str, Any]:
    cases = [
        a_case(f"c{n}", "fast", "fail", why=text, transcript=[{"role": "assistant", "text": text}])
        for n, text in enumerate(HOSTILE)
    ]
    return a_document([*cases, a_case("c0", "fast", "error", 2, model=HOSTILE[0]) | {"reason": HOSTILE[1]}])


# ---- what they tell


@pytest.mark.parametrize("format", ["md", "html"])
def test_those_for_people_rank_profiles_and_say_why_what_failed_failed(format: str) -> None:
    text = render(a_document(), format)
    assert text.index("strong") < text.index("fast") < text.index("down")
    assert "said ALREADY, not READY" in text
    assert "no rate" in text
    assert "90 %" in text
    assert "missed" in text


@pytest.mark.parametrize("format", ["md", "html"])
def test_those_for_people_hold_profiles_against_each_other(format: str) -> None:
    sentence = "fast and strong cannot be told apart at n = 2"
    pair = {"a": "fast", "b": "strong", "wins": 0, "losses": 1, "ties": 1, "p_value": 1.0, "sentence": sentence}
    gain = {"fusion": "fusion/duo", "shown": False, "sentence": "fusion/duo is not shown to be better than strong"}
    text = render({**a_document(), "pairs": [pair], "gains": [gain]}, format)
    assert ("<td>1</td></tr>" if format == "html" else "| 1 |\n") in text
    assert text.index(sentence) < text.index("fusion/duo is not shown") < text.index("plain-chat")
    assert "beside" not in render(a_document(), format)


@pytest.mark.parametrize("format", ["md", "html"])
def test_who_is_as_good_stands_in_the_order_of_asking(format: str) -> None:
    profiles = [a_profile("zebra", 2, 0), a_profile("aardvark", 2, 0)]
    text = render({**a_document(), "profiles": profiles}, format)
    assert text.index("zebra") < text.index("aardvark")


def test_a_cells_time_on_the_page_is_the_median_of_the_table() -> None:
    cases = [a_case("c", "fast", repeat=1, ms=11.0), a_case("c", "fast", repeat=2, ms=1019.0)]
    page = render(
        {**a_document(cases), "profiles": [a_profile("fast", 2, 0, p50_ms=quantile([11.0, 1019.0], 0.5))]}, "html"
    )
    assert page.count("11 ms") == 2  # the table, the cell
    assert "1.0 s" not in page


def test_json_is_the_document() -> None:
    assert json.loads(render(a_document(), "json")) == a_document()


def test_csv_has_a_line_for_each_case() -> None:
    rows = list(csv.DictReader(io.StringIO(render(a_document(), "csv"))))
    assert (rows[0]["case"], rows[0]["profile"], rows[0]["verdict"]) == ("plain-chat", "fast", "fail")
    assert len(rows) == 6
    assert rows[0]["reason"] == "equals: said ALREADY, not READY"
    assert rows[4]["reason"] == "upstream said 503"


def test_junit_counts_failures_and_errors_apart() -> None:
    root = ElementTree.fromstring(render(a_document(), "junit"))
    counts = {suite.get("name"): (suite.get("failures"), suite.get("errors")) for suite in root}
    assert counts == {"core.fast": ("1", "0"), "core.strong": ("0", "0"), "core.down": ("0", "2")}
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "equals: said ALREADY, not READY"


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="json, md, csv, junit, html"):
        render(a_document(), "pdf")


# ---- what models say is text


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_that_a_terminal_would_obey_is_in_any_format(format: str) -> None:
    text = render(hostile_document(), format)
    harmful = {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0))} - {"\n", "\r"} | set("\u202e\u2028")
    assert not harmful & set(text)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br", "img", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_holds_no_script_no_link_and_no_address() -> None:
    page = Page(render(hostile_document(), "html"))
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "a", "form", "object"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "srcset", "action"} & names
    assert not any(name.startswith("on") for name in names)
    contents = [value or "" for name, value in page.attributes if name == "content"]
    assert any("default-src 'none'" in content for content in contents)


def test_no_cell_of_the_csv_begins_a_formula() -> None:
    cases = [a_case("c", "=cmd|'/c calc'!A0", "fail", why=text) for text in ("=1+1", "+1", "-1", "@x", "\t=1")]
    for row in csv.reader(io.StringIO(render(a_document(cases), "csv"))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_no_text_adds_a_column_a_row_or_markup_to_the_markdown() -> None:
    text = render(hostile_document(), "md")
    tables = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables[:5]} == {13}
    assert sum(line.startswith("#") for line in text.splitlines()) == 3
    assert "<script" not in text
    assert not re.search(r"(?<!\\)[\]`]", text)


def test_the_xml_can_be_read_back_whatever_was_said() -> None:
    root = ElementTree.fromstring(render(hostile_document(), "junit"))
    assert len(root.findall(".//testcase")) == len(HOSTILE) + 1


# ---- in a browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page was read by a parser only")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_opens_in_a_browser_runs_nothing_and_fits(width: int, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    file = tmp_path / "report.html"
    # The probe is ours, outside the page's own policy: how wide the page became, and whether any script of it ran.
    page = render(hostile_document(), "html").replace(
        "default-src 'none';", "default-src 'none'; script-src 'nonce-p';"
    )
    probe = '<script nonce="p">document.title = `${document.documentElement.scrollWidth}/${innerWidth}`</script>'
    file.write_text(page.replace("</body>", f"{probe}</body>"), encoding="utf-8", errors="replace")
    ended = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "What did not pass" in ended.stdout
    assert "alert(1)" in ended.stdout  # as text
    inner, outer = ended.stdout.split("<title>")[1].split("</title>")[0].split("/")
    assert int(inner) <= int(outer)
    assert "<script>alert" not in ended.stdout
