"""`clawtui eval` as a shell sees it: documents on standard output, words on standard error, exit statuses."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clawtui.simulator import Fault, FaultKind, Script
from tests.cli.shell import Ran, Shell, a_shell
from tests.evals.lab import a_script, knows, knows_up_to, questions, write_suite

DOWN = Fault(FaultKind.STATUS, status=500)
QUIZ = ("-s", "quiz")
RUN = ("eval", "run", *QUIZ, "-p", "fast", "--yes")


@contextmanager
def a_quiz(folder: Path, script: Script, count: int = 4) -> Iterator[Shell]:
    with a_shell(folder, script) as shell:
        write_suite(shell.config.parent, questions(count))
        yield shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """`fast` knows three of four answers, `strong` all of them."""
    with a_quiz(tmp_path, a_script(fast=knows(1, 2, 3), strong=knows_up_to(9))) as shell:
        yield shell


def called(shell: Shell) -> int:
    return len(shell.simulator.requests)


def last(ran: Ran) -> str:
    return ran.err.splitlines()[-1]


# ---- running


def test_run_prints_the_document_and_nothing_else(shell: Shell) -> None:
    ran = shell(*RUN, "--repeats", "2", "--json")
    assert (ran.status, ran.err) == (0, "")
    (profile,) = ran.json["profiles"]
    assert {name: profile[name] for name in ("id", "pass", "fail", "error", "unsupported", "cancelled", "rate")} == {
        "id": "fast",
        "pass": 6,
        "fail": 2,
        "error": 0,
        "unsupported": 0,
        "cancelled": 0,
        "rate": 0.75,
    }
    low, high = profile["interval"]
    assert 0 < low < 0.75 < high < 1
    assert profile["cost_usd"] > 0
    assert (ran.json["suites"], ran.json["threshold"], ran.json["passed_threshold"]) == (["quiz"], None, None)
    case = ran.json["cases"][0]
    assert (case["suite"], case["case"], case["profile"], case["repeat"], case["verdict"]) == (
        "quiz",
        "q1",
        "fast",
        1,
        "pass",
    )
    assert case["grades"][0]["grader"] == "equals"
    assert case["request_id"]


def test_for_people_it_is_a_table_a_matrix_and_why_what_failed_failed(shell: Shell) -> None:
    ran = shell(*RUN)
    assert ran.status == 0
    assert ran.err.startswith("4 cases, 4 calls at least, $")
    assert "\n4/4 ○ quiz/q4 fast fail " in ran.err
    assert "profile  rate  95 %      pass  fail  error  unsupported  cancelled" in ran.out
    assert "fast     75 %  30 to 95     3     1      0            0          0" in ran.out
    assert "quiz/q4  ○ 0/1" in ran.out
    assert "○ quiz/q4  fast  fail" in ran.out
    assert '"no"' in ran.out.splitlines()[-1]


def test_a_cell_says_how_many_of_its_repeats_were_not_graded(tmp_path: Path) -> None:
    flaky = knows_up_to(9, faults=(Fault(FaultKind.STATUS, status=500, every=2),))
    with a_quiz(tmp_path, a_script(fast=flaky), count=1) as shell:
        ran = shell(*RUN, "--repeats", "4", "--concurrency", "1")
        assert "quiz/q1  ● 2/2 +2 not graded" in ran.out
        run = shell("eval", "list", "--json").json["runs"][0]["run_id"]
        assert "2/2 +2 not graded" in shell("eval", "export", run, "--format", "md").out


def test_without_a_terminal_and_without_yes_it_says_what_it_would_cost_and_does_nothing(shell: Shell) -> None:
    ran = shell("eval", "run", *QUIZ, "-p", "fast", "--json", stdin="y\n")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("clawtui: not started: 4 cases, 4 calls at least, $")
    assert last(ran) == "say --yes to run it"
    assert called(shell) == 0


def test_on_a_terminal_nothing_but_yes_starts_it(shell: Shell) -> None:
    ran = shell("eval", "run", *QUIZ, "-p", "fast", terminal=True)  # the end of input is no yes
    assert ran.status == 2
    assert "Run it? [y/N]" in ran.err
    assert called(shell) == 0


def test_a_missed_threshold_is_exit_1_and_says_whose(shell: Shell) -> None:
    assert shell(*RUN, "--threshold", "0.75").status == 0
    ran = shell(*RUN, "-p", "strong", "--threshold", "0.8", "--json")
    assert ran.status == 1
    assert ran.json["passed_threshold"] is False
    assert last(ran) == "missed the threshold of 0.8: fast"


def test_a_sum_that_would_be_passed_is_exit_4_and_the_rest_can_be_run(shell: Shell) -> None:
    ran = shell(*RUN, "--max-usd", "0.00000001", "--json")
    assert ran.status == 4
    assert called(shell) == 0
    assert ran.json["stopped"].startswith("max_usd")
    assert last(ran).endswith(f"the rest: clawtui eval run --resume {ran.json['run_id']} --max-usd MORE")
    rest = shell("eval", "run", "--resume", ran.json["run_id"], "--max-usd", "1", "--yes", "--json")
    assert (rest.status, rest.json["run_id"], rest.json["profiles"][0]["pass"]) == (0, ran.json["run_id"], 3)


def test_errors_alone_make_no_rate_and_no_success(tmp_path: Path) -> None:
    with a_quiz(tmp_path, a_script(fast=knows(faults=(DOWN,))), count=3) as shell:
        ran = shell(*RUN, "--json")
        assert ran.status == 1
        assert (ran.json["profiles"][0]["rate"], ran.json["profiles"][0]["interval"]) == (None, [None, None])
        assert last(ran).startswith("no case passed or failed: ")
        assert shell(*RUN, "--threshold", "0").status == 1


@pytest.mark.parametrize(
    ("policy", "needs", "status"),
    [("thrifty", [], 4), ("private", [], 4), ("default", ["vision"], 3)],
)
def test_a_run_that_nobody_may_or_can_serve_exits_as_a_request_does(
    shell: Shell, policy: str, needs: list[str], status: int
) -> None:
    text = shell.config.read_text(encoding="utf-8")
    shell.write(text.replace('model = "alpha"', 'model = "alpha"\ncapabilities = { vision = false }'))
    write_suite(shell.config.parent, [{**each, "needs": needs, "max_tokens": 5000} for each in questions(2)])
    ran = shell(*RUN, "--policy", policy)
    assert ran.status == status, ran.err
    assert last(ran).startswith("no case passed or failed: ")
    assert called(shell) == 0


def test_cached_results_cost_no_call_and_are_marked(shell: Shell) -> None:
    shell(*RUN)
    before = called(shell)
    ran = shell(*RUN, "--cached")
    assert called(shell) == before
    assert ran.err.startswith("4 cases, 4 of them from earlier runs, 0 calls at least")
    assert "● quiz/q1 fast pass cached" in ran.err
    document = shell(*RUN, "--cached", "--json").json
    assert all(each["cached"] for each in document["cases"])
    assert document["profiles"][0]["rate"] == 0.75


def test_what_one_process_found_another_takes_over(shell: Shell) -> None:
    """Sets lie in another order in every process."""
    needs = ["tools", "streaming", "json_schema", "reasoning", "system_messages"]
    write_suite(shell.config.parent, [{**questions(1)[0], "needs": needs, "tags": ["a", "b", "c", "d"]}])
    environ = {**shell.environ, "CLAWTUI_CONFIG": str(shell.config), "CLAWTUI_DATA": str(shell.data)}
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "clawtui", *RUN, "--cached"]
        subprocess.run(command, env={**os.environ, **environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True)
    assert called(shell) == 1


def test_cached_says_so_where_the_policy_keeps_no_answers(shell: Shell) -> None:
    shell.write(shell.config.read_text(encoding="utf-8").replace('retention = "full"', 'retention = "metadata"'))
    shell(*RUN)
    ran = shell(*RUN, "--cached")
    assert "--cached finds nothing: the policy keeps no answers" in ran.err
    assert called(shell) == 8


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("run", "-s", "quizz", "--yes"), "there is no suite `quizz`; did you mean `quiz`?", "eval list"),
        (("run", *QUIZ, "--case", "q11", "--yes"), "there is no case `q11` in these suites", "did you mean `q1`?"),
        (("run", *QUIZ, "-p", "fats", "--yes"), "there is no profile `fats`", "did you mean `fast`?"),
        (("run", *QUIZ, "--policy", "thrift", "--yes"), "there is no policy `thrift`", "did you mean `thrifty`?"),
        (("run", *QUIZ, "--repeats", "0", "--yes"), "--repeats is 0, and goes from 1 to 1000", ""),
        (("run", *QUIZ, "--threshold", "90", "--yes"), "--threshold is 90, and goes from 0 to 1", "nine of ten"),
        (("run", *QUIZ, "--max-usd", "nan", "--yes"), "--max-usd is nan, and begins at 0", ""),
        (("run", "--resume", "abc", "--yes"), "there is no run `abc`", "eval list"),
        (("run", "--resume", "abc", "--repeats", "3"), "--repeats does not go here: a run goes on as it began", ""),
        (("compare", "-p", "fast,fast", "--yes"), "a comparison needs two profiles, or a fusion", "-p A,B"),
        (("compare", "--run", "a", "--run", "b", "--run", "c"), "two runs are compared", "--run OLD --run NEW"),
        (("compare", "--run", "a", "--run", "b", "-p", "fast"), "--profile does not go here", "leave it out"),
        (("list", "quizz"), "there is no suite `quizz`; did you mean `quiz`?", "eval list"),
        (("list", "-p", "fats"), "there is no run of `fats`", "did you mean `fast`?"),
        (("show", "abc"), "there is no run `abc`", "eval list"),
        (("export", "abc"), "there is no run `abc`", "eval list"),
    ],
)
def test_wrong_use_is_exit_2_with_what_is_wrong_and_what_to_do(
    shell: Shell, arguments: tuple[str, ...], message: str, hint: str
) -> None:
    ran = shell("eval", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err.splitlines()[0]
    assert hint in last(ran)
    assert called(shell) == 0


def test_a_broken_suite_is_told_with_file_line_and_field(shell: Shell) -> None:
    broken = shell.config.parent / "suites" / "mine.toml"
    broken.write_text('[[cases]]\nid = "a"\ninput = "hello"\nexpect = [{ contians = "x" }]\n', encoding="utf-8")
    ran = shell("eval", "run", "-s", "mine", "-p", "fast", "--yes")
    assert ran.status == 2
    assert ran.err.splitlines()[:2] == [
        f"error: {broken}:4 cases[0].expect[0].contians: there is no grader `contians`",
        "→ did you mean `contains`?",
    ]
    assert shell("eval", "list", "mine").status == 2
    listed = shell("eval", "list", "--json")
    assert (listed.status, [each["id"] for each in listed.json["suites"]][-1]) == (0, "quiz")
    assert listed.json["findings"][0]["line"] == 4


def test_where_nothing_can_be_saved_a_run_says_so_and_what_reads_runs_tells_why(shell: Shell) -> None:
    shell.data.write_text("a file where a folder should be", encoding="utf-8")
    ran = shell(*RUN, "--cached")
    assert "cannot be opened" in ran.err
    assert (ran.status, called(shell)) == (2, 0)
    ran = shell(*RUN)
    assert ran.status == 0
    assert last(ran).startswith("this run is not saved: ")
    for verb in (("list",), ("show", "abc"), ("list", "-p", "fast")):
        assert shell("eval", *verb).err.startswith("clawtui: runs cannot be read: ")


# ---- comparing


def test_compare_adds_pairs_a_ranking_and_a_sentence(shell: Shell) -> None:
    ran = shell("eval", "compare", *QUIZ, "-p", "fast,strong", "--yes", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.json["ranking"] == ["strong", "fast"]
    (pair,) = ran.json["pairs"]
    assert pair == {
        "a": "fast",
        "b": "strong",
        "wins": 0,
        "losses": 1,
        "ties": 3,
        "p_value": 1.0,
        "difference": pair["difference"],
        "verdict": "undecided",
        "sentence": "fast and strong cannot be told apart at n = 4",
        "changed_cases": [],
    }


def test_a_fusion_is_compared_with_its_controls(shell: Shell) -> None:
    ran = shell("eval", "compare", *QUIZ, "-p", "fusion/duo", "--yes")
    assert ran.status == 0
    for name in ("fusion/duo", "strong", "fusion/duo.itself"):
        assert name in ran.out
    assert ran.out.splitlines()[-1] == "fusion/duo is not shown to be better than strong or fusion/duo.itself"


def test_the_profiles_of_a_stored_run_are_compared_without_a_call(shell: Shell) -> None:
    """A comparison that was cut is resumed as a run; this shows it whole."""
    compared = shell("eval", "compare", *QUIZ, "-p", "fusion/duo,fast", "--yes", "--json").json
    before = called(shell)
    again = shell("eval", "compare", "--run", compared["run_id"], "--json")
    assert again.status == 0
    assert (again.json["pairs"], again.json["gains"]) == (compared["pairs"], compared["gains"])
    assert called(shell) == before
    alone = shell(*RUN, "--json").json["run_id"]
    ran = shell("eval", "compare", "--run", alone)
    assert (ran.status, ran.err.splitlines()[0]) == (2, f"clawtui: run {alone} is of one profile alone")


def test_fail_if_worse_fails_only_if_the_difference_can_be_told(tmp_path: Path) -> None:
    with a_quiz(tmp_path, a_script(fast=knows_up_to(9), strong=knows()), count=9) as shell:
        ran = shell("eval", "compare", *QUIZ, "-p", "fast,strong", "--yes", "--fail-if-worse")
        assert ran.status == 1
        assert last(ran) == "fast is better than strong: 9 cases to 0 of 9, p = 0.0039"
        assert shell("eval", "compare", *QUIZ, "-p", "strong,fast", "--yes", "--fail-if-worse").status == 0
        few = ("--case", "q1", "--case", "q2")
        assert shell("eval", "compare", *QUIZ, *few, "-p", "fast,strong", "--yes", "--fail-if-worse").status == 0


def test_a_run_is_held_against_an_earlier_one(tmp_path: Path) -> None:
    with a_quiz(tmp_path, a_script(fast=knows_up_to(9), strong=knows()), count=9) as shell:
        before = shell(*RUN, "--json").json["run_id"]
        # The same profile is another model now.
        text = shell.config.read_text(encoding="utf-8")
        shell.write(text.replace('provider = "one"\nmodel = "alpha"', 'provider = "two"\nmodel = "beta"'))
        after = shell(*RUN, "--json").json["run_id"]
        ran = shell("eval", "compare", "--run", before, "--run", after, "--fail-if-worse", "--json")
        assert ran.status == 1
        assert (ran.json["run_id"], ran.json["baseline"]["run_id"]) == (after, before)
        assert ran.json["pairs"][0]["verdict"] == "a"
        assert shell("eval", "compare", "--run", after, "--run", before, "--fail-if-worse").status == 0


# ---- reading


def test_runs_are_listed_shown_and_followed(shell: Shell) -> None:
    done = shell(*RUN, "--json").json
    listed = shell("eval", "list", "--json").json
    assert [each["id"] for each in listed["suites"]] == ["core", "smoke", "fusion", "reliability", "quiz"]
    (run,) = listed["runs"]
    assert (run["run_id"], run["profiles"], run["rate"], run["suites"]) == (done["run_id"], ["fast"], 0.75, ["quiz"])
    assert done["run_id"] in shell("eval", "list").out
    shown = shell("eval", "show", done["run_id"][:10], "--json").json
    assert {**shown, "cases": []} == {**done, "cases": []}
    assert [message["text"] for message in shown["cases"][0]["transcript"]] == ["question 1?", "yes"]
    cases = shell("eval", "list", "quiz", "--json").json["suites"][0]["case_list"]
    assert [case["id"] for case in cases] == ["q1", "q2", "q3", "q4"]
    trend = shell("eval", "list", "-p", "fast", "--json").json
    assert [(each["run_id"], each["rate"], each["cases"]) for each in trend["runs"]] == [(done["run_id"], 0.75, 4)]
    assert "75 %" in shell("eval", "list", "-p", "fast").out


def test_a_beginning_that_several_runs_have_names_them(shell: Shell) -> None:
    runs = [shell(*RUN, "--json").json["run_id"] for _ in range(7)]
    (beginning,) = {run[:3] for run in runs}
    ran = shell("eval", "show", beginning)
    assert ran.status == 2
    assert ran.err.startswith(f"clawtui: several runs begin with `{beginning}`: {runs[-1]}, ")
    assert ran.err.splitlines()[0].endswith(", …")
    assert last(ran) == "say more of the one that is meant"


def test_a_run_is_exported_in_every_format(shell: Shell, tmp_path: Path) -> None:
    run = shell(*RUN, "--json").json["run_id"]
    assert shell("eval", "export", run, "--format", "json").json["run_id"] == run
    rows = list(csv.DictReader(io.StringIO(shell("eval", "export", run, "--format", "csv").out)))
    assert [row["verdict"] for row in rows] == ["pass", "pass", "pass", "fail"]
    junit = ElementTree.fromstring(shell("eval", "export", run, "--format", "junit").out)
    assert len(list(junit.iter("failure"))) == 1
    assert shell("eval", "export", run, "--format", "md").out.startswith("# Evals: quiz\n")
    ran = shell("eval", "export", run, "--format", "html", "-o", str(tmp_path))
    assert (ran.status, ran.out) == (0, "")
    assert (tmp_path / f"eval-{run}.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    nowhere = shell("eval", "export", run, "-o", str(tmp_path / "nowhere" / "x.md"))
    assert (nowhere.status, last(nowhere)) == (2, "name another file with -o")
