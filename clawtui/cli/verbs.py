"""The verbs and their options, described without loading what they do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TypeAlias

from clawtui import __version__
from clawtui.cli.options import add_common, name, user_path

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

DESCRIPTION = "Talk to language models through a router that you can see and steer. Without a verb: the screen."
STATUSES = (
    "Exit status: 0 done, 1 failed, 2 wrong usage or config, 3 nobody can serve it, 4 refused by budget or policy."
)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="clawtui", description=DESCRIPTION, epilog=STATUSES)
    top.add_argument("--version", action="version", version=f"clawtui {__version__}")
    add_common(top, top=True)
    verbs = top.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    _ask(verbs)
    _explain(verbs)
    _models(verbs)
    _routes(verbs)
    _fusion(verbs)
    _eval(verbs)
    _usage(verbs)
    _traces(verbs)
    _config(verbs)
    _data(verbs)
    _simulate(verbs)
    _completion(verbs)
    return top


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """The arguments as argparse can read them: a dynamic route, `-@PROVIDER/MODEL`, is a name and no option."""
    routes = [argument for argument in arguments if argument.startswith("-@")]
    if not routes or "--" in arguments or not {"routes", "reset"} <= set(arguments):
        return list(arguments)
    return [*(argument for argument in arguments if argument not in routes), "--", *routes]


def _verb(verbs: Verbs, word: str, text: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(word, help=text, description=text[0].upper() + text[1:] + ".")
    add_common(verb, top=False)
    return verb


def _request_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("text", nargs="?", metavar="TEXT", help="the question; - or left out: standard input")
    verb.add_argument("-p", "--profile", type=name, metavar="ID", help="who is asked: a profile or fusion/NAME")
    verb.add_argument(
        "--model", type=name, metavar="MODEL", help="another model of that profile, or PROVIDER/MODEL alone"
    )
    verb.add_argument("--policy", type=name, metavar="ID", help="the rules that hold")
    verb.add_argument("--system", metavar="TEXT", help="system message")
    verb.add_argument("--image", metavar="FILE", action="append", type=user_path, default=[], help="attach an image")
    verb.add_argument("--schema", metavar="FILE", type=user_path, help="the answer is JSON that fits this JSON schema")
    verb.add_argument("--temperature", type=float, metavar="T", help="0 to 2")
    verb.add_argument("--max-tokens", type=int, metavar="N", help="most tokens of the answer")
    verb.add_argument("--reasoning-effort", type=name, metavar="EFFORT", help="none, minimal, low, medium, high")
    verb.add_argument(
        "--tag", type=name, action="append", default=[], metavar="TAG", help="only profiles with this tag"
    )
    verb.add_argument(
        "--require",
        type=name,
        action="append",
        default=[],
        metavar="NEED",
        help="tools, vision, …, min_context_tokens=N",
    )
    verb.add_argument("--no-stream", action="store_true", help="ask for the answer in one piece")
    verb.add_argument("--strict", action="store_true", help="no fallback: the asked-for profile or nobody")
    verb.add_argument(
        "--on-interrupted", choices=("restart", "stop"), help="what becomes of an answer that is cut half-way"
    )


def _ask(verbs: Verbs) -> None:
    verb = _verb(verbs, "ask", "one request, and its answer")
    _request_options(verb)
    verb.add_argument("--events", action="store_true", help="one JSON object a line as things happen")
    verb.add_argument("--stream", action="store_true", help="into a pipe too, write text as it comes")


def _explain(verbs: Verbs) -> None:
    _request_options(
        _verb(verbs, "explain", "who would answer such a request, and why not the others; no call is made")
    )


def _models(verbs: Verbs) -> None:
    verb = _verb(verbs, "models", "profiles, and what is wrong with them")
    inner = verb.add_subparsers(dest="what", metavar="list|doctor")
    _verb(inner, "list", "profiles with readiness, capabilities and prices")
    doctor = _verb(inner, "doctor", "every finding, with its fix")
    doctor.add_argument("--probe", action="store_true", help="ask each provider for its model list")


def _routes(verbs: Verbs) -> None:
    verb = _verb(verbs, "routes", "routes with circuits and counters, and credentials")
    inner = verb.add_subparsers(dest="what", metavar="reset")
    reset = _verb(inner, "reset", "close circuits by hand")
    reset.add_argument(
        "name", nargs="?", metavar="ROUTE|PROVIDER", help="PROFILE@PROVIDER/MODEL, -@PROVIDER/MODEL, or a provider"
    )
    reset.add_argument("--all", action="store_true", help="every route")


def _fusion(verbs: Verbs) -> None:
    verb = _verb(verbs, "fusion", "fusions: who takes part, and what one would cost")
    inner = verb.add_subparsers(dest="what", metavar="list|preview")
    _verb(inner, "list", "readiness of every adviser and the synthesizer")
    preview = _verb(inner, "preview", "calls and worst-case cost of one; no call is made")
    preview.add_argument("name", metavar="NAME")
    preview.add_argument("--policy", type=name, metavar="ID")


def _eval(verbs: Verbs) -> None:
    verb = _verb(verbs, "eval", "run suites of cases, and compare the results")
    inner = verb.add_subparsers(dest="what", metavar="list|run|compare|show|export", required=True)
    listing = _verb(inner, "list", "suites and past runs")
    listing.add_argument("suite", nargs="?", metavar="SUITE|FILE", help="the cases of one")
    listing.add_argument("-p", "--profile", type=name, metavar="ID", help="how a profile did from run to run")
    run = _verb(inner, "run", "run cases against profiles")
    _run_options(run)
    run.add_argument(
        "-p",
        "--profile",
        type=name,
        action="append",
        default=[],
        metavar="ID",
        help="profile or fusion/NAME; may repeat",
    )
    run.add_argument("--resume", type=name, metavar="RUN", help="finish a run that was cut")
    compare = _verb(inner, "compare", "two or more profiles, or two runs, case by case")
    _run_options(compare)
    compare.add_argument(
        "-p", "--profile", type=name, action="append", default=[], metavar="A,B", help="profiles to compare"
    )
    compare.add_argument(
        "--run",
        type=name,
        action="append",
        default=[],
        metavar="RUN",
        help="compare two runs that are stored, or the profiles of one",
    )
    compare.add_argument(
        "--fail-if-worse", action="store_true", help="exit 1 if a later one is distinguishably worse than an earlier"
    )
    show = _verb(inner, "show", "one run, whole")
    show.add_argument("run", metavar="RUN")
    export = _verb(inner, "export", "one run as a file")
    export.add_argument("run", metavar="RUN")
    export.add_argument("--format", choices=("json", "md", "csv", "junit", "html"), default="md")
    export.add_argument("-o", "--output", metavar="FILE", type=user_path, help="standard output where left out")


def _run_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "-s", "--suite", type=name, action="append", default=[], metavar="SUITE|FILE", help="suite or file; may repeat"
    )
    verb.add_argument("--case", type=name, action="append", default=[], metavar="ID", help="only this case; may repeat")
    verb.add_argument("--repeats", type=int, default=1, metavar="N", help="every case N times")
    verb.add_argument("--threshold", type=float, metavar="RATE", help="exit 1 if a profile's pass rate is lower")
    verb.add_argument("--max-usd", type=float, metavar="USD", help="stop before this sum is passed")
    verb.add_argument("--cached", action="store_true", help="take same case, model and settings from earlier runs")
    verb.add_argument("--with-fallbacks", action="store_true", help="measure the chain instead of the profile alone")
    verb.add_argument("--policy", type=name, metavar="ID", help="the rules that hold")
    verb.add_argument("--time-limit", type=float, default=120.0, metavar="S", help="seconds for a case (default 120)")
    verb.add_argument(
        "--concurrency", type=int, default=4, metavar="N", help="calls at once for each provider (default 4)"
    )
    verb.add_argument("--yes", action="store_true", help="do not ask before spending")


def _usage(verbs: Verbs) -> None:
    verb = _verb(verbs, "usage", "spend, tokens, requests and errors")
    verb.add_argument("--since", default="7d", metavar="WHEN", help="24h, 7d, 4w, today, all, or a date (default 7d)")
    verb.add_argument(
        "--by", choices=("profile", "provider", "model", "policy", "caller", "day"), default="profile", help="rows by"
    )
    verb.add_argument("--csv", action="store_true", help="print CSV")


def _traces(verbs: Verbs) -> None:
    verb = _verb(verbs, "traces", "recent requests")
    verb.add_argument("--limit", type=int, default=20, metavar="N")
    verb.add_argument("--before", type=name, metavar="ID|TIME", help="only older ones")
    verb.add_argument("--outcome", choices=("ok", "failed", "interrupted", "cancelled", "refused"))
    verb.add_argument("--profile", type=name, metavar="ID", help="asked or answered")
    one = _verb(verbs, "trace", "one request, whole")
    one.add_argument("id", metavar="ID")


def _config(verbs: Verbs) -> None:
    verb = _verb(verbs, "config", "the config file")
    inner = verb.add_subparsers(dest="what", metavar="path|check|show|init", required=True)
    _verb(inner, "path", "where it lies")
    _verb(inner, "check", "every finding, with its fix")
    _verb(inner, "show", "what is in force")
    _verb(inner, "init", "write one from what is found; never overwrites")


def _data(verbs: Verbs) -> None:
    verb = _verb(verbs, "data", "what is kept on disk")
    inner = verb.add_subparsers(dest="what", metavar="size|prune|rebuild", required=True)
    _verb(inner, "size", "how much there is")
    prune = _verb(inner, "prune", "delete old traces and usage")
    prune.add_argument("--keep-days", type=int, metavar="N", help="days to keep (default: [data] keep_days)")
    prune.add_argument("--yes", action="store_true", help="do not ask")
    _verb(inner, "rebuild", "count usage and route figures anew from the rows")


def _simulate(verbs: Verbs) -> None:
    verb = _verb(verbs, "simulate", "the simulator alone, on this machine, until interrupted")
    verb.add_argument("--port", type=int, default=0, help="0: a free one")
    verb.add_argument("--script", metavar="FILE", type=user_path, help="who plays what (TOML)")


def _completion(verbs: Verbs) -> None:
    verb = _verb(verbs, "completion", "a completion script for a shell")
    verb.add_argument("shell", choices=("bash", "zsh", "fish"))
