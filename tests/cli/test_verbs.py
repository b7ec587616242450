"""The other verbs: documents with their public keys, exit statuses, and what a person reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clawtui.simulator import Fault, FaultKind
from tests.cli.shell import Shell

ROOT = Path(__file__).parents[2]


def test_models_list_tells_readiness_capabilities_and_prices(shell: Shell) -> None:
    del shell.environ["KEY_TWO"]
    document = shell("models", "list", "--json").json
    assert document["default_profile"] == "fast"
    fast, strong = document["profiles"]
    assert set(fast) >= {
        "id", "provider", "model", "tags", "enabled", "ready", "reason", "discovered", "capabilities", "price",
        "fallback_models", "fallback_profiles",
    }  # fmt: skip
    assert fast["ready"]
    assert fast["price"] == {"input": 1.0, "output": 2.0, "cached_input": None, "source": "provider"}
    assert fast["capabilities"]["streaming"] == {"value": True, "source": "guess"}
    assert strong["ready"] is False
    assert "KEY_TWO" in strong["reason"]
    assert document["fusions"][0]["id"] == "fusion/duo"
    assert document["fusions"][0]["ready"] is False


def test_doctor_names_the_proxy_that_stands_before_a_provider(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://user:hunter2@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "")
    shell.write(
        """
[providers.far]
kind = "openai"
base_url = "https://models.example/v1"
credentials = []
[profiles.far]
provider = "far"
model = "m"
"""
    )
    told = shell("models", "doctor").out
    assert "https://models.example is asked through http://proxy.example:3128" in told
    assert told.count("is asked through") == 1  # providers that nobody uses are of no interest
    assert "hunter2" not in told


def test_doctor_probes_what_is_ready_and_exits_with_two_on_an_error(shell: Shell) -> None:
    ran = shell("models", "doctor", "--probe", "--json")
    assert ran.status == 0
    providers = {each["id"]: each for each in ran.json["providers"]}
    assert providers["one"]["reachable"] is True
    assert providers["one"]["error"] is None
    shell.write('default_profile = "nobody"\n')
    broken = shell("models", "doctor", "--json")
    assert broken.status == 2
    (finding,) = [each for each in broken.json["findings"] if each["severity"] == "error"]
    assert set(finding) == {"severity", "file", "line", "path", "message", "fix"}


def test_routes_show_circuits_counters_and_credentials_and_reset_closes_exactly_one(shell: Shell) -> None:
    shell.write(shell.config.read_text().replace("retries = 0", "retries = 0\ncircuit = { failures = 1 }"))
    shell.simulator.set_fault(Fault(FaultKind.STATUS, status=500), provider="one")
    shell("ask", "x")
    document = shell("routes", "--json").json
    by_profile = {row["profile"]: row for row in document["routes"]}
    assert by_profile["fast"]["circuit"]["state"] == "open"
    assert by_profile["fast"]["circuit"]["retry_in_s"] > 0
    assert by_profile["fast"]["last_failure"]["kind"] == "server"
    assert by_profile["strong"]["requests"] == 1
    assert by_profile["strong"]["role"] == "fallback_profile"
    assert {each["label"] for each in document["credentials"]} == {"env:KEY_ONE", "env:KEY_TWO"}
    assert shell("routes", "reset", "fast@one/alphabet").status == 2
    assert shell("routes", "reset").status == 2
    assert shell("routes", "reset", "fast@one/alpha", "--json").json["reset"] == [
        {"profile": "fast", "provider": "one", "model": "alpha"}
    ]
    after = {row["profile"]: row for row in shell("routes", "--json").json["routes"]}
    assert after["fast"]["circuit"]["state"] == "closed"
    assert after["fast"]["failures"] == 1


def test_usage_counts_what_was_asked_in_documents_tables_and_csv(shell: Shell) -> None:
    for _ in range(3):
        shell("ask", "x")
    document = shell("usage", "--since", "1h", "--json").json
    assert document["by"] == "profile"
    (row,) = document["rows"]
    assert (row["key"], row["requests"], row["failures"]) == ("fast", 3, 0)
    assert document["total"]["cost_usd"] == pytest.approx(row["cost_usd"])
    assert document["budgets"][0]["policy"] == "thrifty"
    assert "fast" in shell("usage").out
    assert shell("usage", "--csv").out.splitlines()[0].startswith("profile,requests")
    assert shell("usage", "--by", "day", "--since", "all").status == 0
    assert shell("usage", "--since", "yesteryear").status == 2


def test_traces_list_what_happened_and_one_tells_it_whole(shell: Shell) -> None:
    shell("ask", "x", "-p", "fusion/duo")
    shell("ask", "y")
    listed = shell("traces", "--json").json["traces"]
    assert [row["requested"] for row in listed] == [None, "fusion/duo"]
    whole = shell("trace", listed[1]["request_id"], "--json").json
    assert whole["outcome"] == "ok"
    assert {child["caller"] for child in whole["children"]} == {"ask"}
    assert len(whole["children"]) == 3
    assert (
        "advis" in shell("trace", listed[1]["request_id"]).out
        or "synthesizer" in shell("trace", listed[1]["request_id"]).out
    )
    assert shell("trace", "nothing").status == 2
    assert shell("traces", "--outcome", "failed", "--json").json["traces"] == []
    assert len(shell("traces", "--before", listed[0]["request_id"], "--json").json["traces"]) == 1
    assert shell("traces", "--limit", "0").status == 2


def test_fusion_preview_says_calls_cost_and_what_speaks_against_it(shell: Shell) -> None:
    listed = shell("fusion", "list", "--json").json["fusions"]
    assert listed[0]["ready"]
    preview = shell("fusion", "preview", "duo", "--json").json
    assert (preview["calls"], preview["worst_case_usd"]) == (3, None)
    assert any("unknown" in finding for finding in preview["findings"])
    assert shell("fusion", "preview", "dou").status == 2
    assert list(shell.simulator.requests) == []


def test_config_says_where_it_is_what_is_wrong_and_what_is_in_force(shell: Shell) -> None:
    assert shell("config", "path").out.strip() == str(shell.config)
    assert shell("config", "check").status == 0
    assert shell("config", "show", "--json").json["config"]["default_profile"] == "fast"
    shell.write('default_profile = "fast"\n[profiles.fast]\nprovider = "opneai"\nmodle = "x"\n')
    broken = shell("config", "check")
    assert broken.status == 2
    assert "modle" in broken.out
    assert "opneai" in broken.out
    refused = shell("ask", "x")
    assert refused.status == 2
    assert "modle" in refused.err


def test_init_writes_what_is_found_and_never_overwrites(shell: Shell) -> None:
    assert shell("config", "init").status == 2
    shell.config.unlink()
    shell.environ["OPENAI_API_KEY"] = "wombat-zz"
    ran = shell("config", "init")
    assert ran.status == 0
    assert "OPENAI_API_KEY" in shell.config.read_text()
    assert "wombat" not in shell.config.read_text()
    assert shell("config", "check").status == 0


def test_with_nothing_at_all_ask_offers_the_demo_and_init(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(shell.folder / "nowhere"))
    shell.environ.clear()
    shell.environ["CLAWTUI_CONFIG"] = ""
    ran = shell("ask", "x")
    assert ran.status == 2
    assert "--demo" in ran.err
    assert "config init" in ran.err


def test_the_demo_answers_without_touching_anything_of_the_users(shell: Shell, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    ran = shell("ask", "--demo", "hello")
    assert ran.status == 0
    assert "imulat" in ran.out
    assert sorted(tmp_path.rglob("*")) == before


def test_data_can_be_measured_pruned_and_counted_anew(shell: Shell) -> None:
    shell("ask", "x")
    assert shell("data", "size", "--json").json["ledger_rows"] == 1
    assert shell("data", "prune", stdin="").status == 2
    assert shell("data", "prune", "--keep-days", "0", stdin="").status == 2
    assert shell("data", "rebuild", "--json").json == {"rows": 1}
    assert shell("data", "prune", "--keep-days", "0", "--yes", "--json").json["ledger_rows"] == 1
    assert shell("usage", "--json").json["total"]["requests"] == 1


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_knows_the_verbs(shell: Shell, name: str) -> None:
    out = shell("completion", name).out
    assert "explain" in out
    assert "--max-tokens" in out or "max-tokens" in out


def test_no_verb_opens_the_screen_on_a_terminal_and_names_ask_without_one(shell: Shell) -> None:
    assert shell(terminal=True).status == 77
    ran = shell()
    assert ran.status == 2
    assert "ask" in ran.err


def test_wrong_usage_is_two_and_help_is_nought(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("bogus").status == 2
    assert shell("ask", "--help").status == 0
    assert "TEXT" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--version"], ["ask", "--help"]])
def test_version_and_help_load_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom clawtui.cli.main import run\n"
        f"run({arguments!r}, open_screen=lambda options: 0)\n"
        "heavy = {'textual', 'aiohttp', 'httpx', 'pydantic', 'genai_prices', 'sqlite3', 'rich'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.splitlines()[-1] == "HEAVY []"


def test_a_reader_that_leaves_early_causes_no_traceback(shell: Shell) -> None:
    command = f"{sys.executable} -m clawtui config show --demo | head -c 1"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("verb", [("traces",), ("usage",), ("data", "size")])
def test_a_data_file_that_cannot_be_read_is_one_sentence(shell: Shell, verb: tuple[str, ...]) -> None:
    database(shell).unlink(missing_ok=True)
    database(shell).mkdir(parents=True)
    ran = shell(*verb)
    assert ran.status == 2
    assert "cannot be opened" in ran.err
    assert "should not have happened" not in ran.err


def test_a_damaged_data_file_is_named_with_where_it_went(shell: Shell) -> None:
    database(shell).parent.mkdir(parents=True, exist_ok=True)
    database(shell).write_bytes(b"no database" * 500)
    ran = shell("usage")
    assert ran.status == 0
    assert "damaged" in ran.err


def database(shell: Shell) -> Path:
    return shell.data / "clawtui.sqlite3"


def test_the_demo_checks_and_names_its_own_config(shell: Shell) -> None:
    shell.write('default_profile = "nobody"\n')
    checked = shell("config", "check", "--demo", "--json")
    assert checked.status == 0
    assert not [each for each in checked.json["findings"] if each["severity"] == "error"]
    assert str(shell.folder) not in checked.out
    assert shell("--demo", "config", "check").status == 0
    named = shell("config", "path", "--demo", "--json").json
    assert str(shell.folder) not in json.dumps(named)
    assert "clawtui-demo-" in named["config"]
    assert not shell.data.exists()
