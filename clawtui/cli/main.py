"""Reads the command line, runs one verb, and turns whatever goes wrong into two lines and an exit status."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from clawtui.cli.options import HALF_PAIR, Options
from clawtui.cli.output import CannotWrite, Output
from clawtui.cli.stopping import Status, Stop
from clawtui.cli.streams import flush_errors, silence
from clawtui.cli.verbs import parser, spelled_out

if TYPE_CHECKING:
    from clawtui.config.key_checks import KeyCheck

# verb -> module; each has `run(options) -> int`, and is loaded only when its verb is asked for
MODULES = {
    "ask": "clawtui.cli.ask",
    "explain": "clawtui.cli.explain",
    "models": "clawtui.cli.models",
    "routes": "clawtui.cli.routes",
    "fusion": "clawtui.cli.fusion",
    "eval": "clawtui.cli.evals",
    "usage": "clawtui.cli.usage",
    "traces": "clawtui.cli.traces",
    "trace": "clawtui.cli.traces",
    "config": "clawtui.cli.config",
    "data": "clawtui.cli.data",
    "simulate": "clawtui.cli.simulate",
    "completion": "clawtui.cli.completion",
}


def run(
    arguments: Sequence[str],
    *,
    open_screen: Callable[[Options], int],
    keys: KeyCheck | None = None,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """The exit status. Never raises for what a user or a server did."""
    out, err = stdout or sys.stdout, stderr or sys.stderr
    environ = os.environ if environ is None else environ
    try:
        args = _parsed(arguments)
    except SystemExit as ended:  # argparse has said what is wrong, or what was asked for
        return ended.code if isinstance(ended.code, int) else Status.USAGE
    output = Output(out, err, environ, color=not args.no_color)
    options = Options(
        verb=args.verb,
        args=args,
        output=output,
        environ=environ,
        stdin=stdin or sys.stdin,
        config=args.config,
        data=args.data,
        demo=args.demo,
        json=args.json,
        verbose=args.verbose,
        keys=keys,
    )
    try:
        status = _ended(options, open_screen)
        output.flush()
    except BrokenPipeError:  # whoever read us has left
        silence(out)
        return Status.FAILED
    except CannotWrite as refused:
        silence(out)
        output.problem(str(refused), "see where it leads, and whether there is room")
        return Status.FAILED
    return status


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    try:
        return _as_text(parser().parse_args(spelled_out(arguments)))
    except SystemExit:
        flush_errors()
        try:
            sys.stdout.flush()
        except OSError as error:
            silence(sys.stdout)
            if not isinstance(error, BrokenPipeError):
                sys.stderr.write(f"clawtui: {CannotWrite(error)}\n")
            raise SystemExit(Status.FAILED) from None
        raise
    except OSError:  # what argparse had to say could not be said
        silence(sys.stdout)
        silence(sys.stderr)
        raise SystemExit(Status.USAGE) from None


def _as_text(args: argparse.Namespace) -> argparse.Namespace:
    """Bytes that are no text stand in arguments as half pairs, which nothing further on can write or send. Paths keep
    theirs: a file may be called so."""
    for option, value in vars(args).items():
        if isinstance(value, str):
            setattr(args, option, HALF_PAIR.sub("\ufffd", value))
        elif isinstance(value, list):
            setattr(args, option, [HALF_PAIR.sub("\ufffd", each) if isinstance(each, str) else each for each in value])
    return args


def _ended(options: Options, open_screen: Callable[[Options], int]) -> int:
    """The verb's status, or that of what ended it early, told in two lines."""
    output = options.output
    try:
        return _dispatch(options, open_screen)
    except Stop as stop:
        output.problem(stop.message, stop.hint)
        return stop.status
    except KeyboardInterrupt:
        output.problem("interrupted")
        return Status.INTERRUPTED
    except (BrokenPipeError, CannotWrite):
        raise
    except Exception as error:  # the last boundary: a sentence for people, the traceback only where asked for
        if options.verbose:
            raise
        output.problem(f"this should not have happened ({type(error).__name__})", "with -v the traceback is shown")
        return Status.FAILED


def _dispatch(options: Options, open_screen: Callable[[Options], int]) -> int:
    if options.verb is None:
        if options.json or not (options.output.is_terminal and options.stdin.isatty()):
            raise Stop(
                "the screen needs a terminal; without one, ask on the command line",
                "clawtui ask TEXT, or clawtui --help",
            )
        return open_screen(options)
    module = importlib.import_module(MODULES[options.verb])
    status: int = module.run(options)
    return status
