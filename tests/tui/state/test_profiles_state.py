"""The config as a tree: readiness, findings, where they stand; the rows of a form."""

from __future__ import annotations

from clawtui.config.checks import examine
from clawtui.config.findings import Finding, Severity
from clawtui.runtime.config_draft import Examined
from clawtui.tui.state.profile_form import Section
from clawtui.tui.state.profiles import finding_cell, form_rows, help_text, place_of, tree_rows, value_cell
from clawtui.tui.widgets.columns import plain

TEXT = """
[providers.mine]
kind = "openai"
base_url = "http://localhost:1/v1"
retries = 99
credentials = []
[profiles."a.b"]
provider = "mine"
model = "x"
enabled = false
fallback_profiles = ["nobody"]
[policies.default]
"""


def looked_at(text: str) -> Examined:
    import tomllib

    config, findings = examine(text, {})
    return Examined(tomllib.loads(text), findings, config is not None)


NOW = looked_at(TEXT)


def test_the_tree_has_each_entry_with_its_findings() -> None:
    rows = {(row.section, row.name): row for row in tree_rows(NOW, NOW)}
    assert rows[Section.PROVIDERS, "mine"].errors == 1
    assert rows[Section.PROFILES, "a.b"].words == "disabled"
    assert rows[Section.PROFILES, "a.b"].errors == 1
    assert rows[Section.PROFILES, ""].is_heading
    assert not rows[Section.GENERAL, ""].is_heading


def test_a_finding_stands_at_its_field() -> None:
    rows = {row.field.label: row for row in form_rows(NOW, NOW, Section.PROVIDERS, "mine")}
    assert plain(finding_cell(rows["retries"])).startswith("✗ ")
    assert "from 0 to 10" in help_text(rows["retries"])
    assert rows["pool"].finding is None
    assert plain(value_cell(rows["pool"])) == "fill-first"


def test_findings_lead_to_their_place_also_where_names_hold_dots() -> None:
    places = [place_of(NOW.tree, finding) for finding in NOW.findings]
    assert (Section.PROVIDERS, "mine", ("retries",)) in places
    assert (Section.PROFILES, "a.b", ("fallback_profiles",)) in places


def test_what_stands_nowhere_leads_to_the_top() -> None:
    finding = Finding(Severity.ERROR, None, 3, "", "this is not TOML", "")
    assert place_of(NOW.tree, finding) == (Section.GENERAL, "", ())
