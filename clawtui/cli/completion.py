"""`clawtui completion`: a completion script for a shell, made from the verbs' own description."""

from __future__ import annotations

import shtab

from clawtui.cli.options import Options
from clawtui.cli.stopping import Status
from clawtui.cli.verbs import parser

# shtab speaks bash, zsh and tcsh; fish is written from the same parser below.
FISH_HEAD = "complete -c clawtui -f\n"


def run(options: Options) -> int:
    shell = options.args.shell
    options.output.raw(_fish() if shell == "fish" else shtab.complete(parser(), shell) + "\n")
    return Status.DONE


def _fish() -> str:
    lines = [FISH_HEAD]
    top = parser()
    for action in top._actions:
        if hasattr(action, "choices") and isinstance(action.choices, dict):
            for verb, sub in action.choices.items():
                lines.append(
                    f"complete -c clawtui -n __fish_use_subcommand -a {verb} -d {_quoted(sub.description or '')}\n"
                )
                for option in sub._actions:
                    lines.extend(_fish_option(verb, option))
    return "".join(lines)


def _fish_option(verb: str, option: object) -> list[str]:
    strings = getattr(option, "option_strings", [])
    parts = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in strings]
    if not parts:
        return []
    takes = " -r" if getattr(option, "nargs", None) != 0 else ""
    choices = getattr(option, "choices", None)
    values = f" -a '{' '.join(map(str, choices))}'" if choices else ""
    text = _quoted(str(getattr(option, "help", "") or ""))
    return [f"complete -c clawtui -n '__fish_seen_subcommand_from {verb}' {' '.join(parts)}{takes}{values} -d {text}\n"]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
