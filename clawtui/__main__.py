"""Where the program starts: a verb goes to the command line, no verb opens the screen."""

from __future__ import annotations

import sys


def main() -> None:
    from clawtui.cli.main import run

    raise SystemExit(run(sys.argv[1:], open_screen=_open_screen))


def _open_screen(options: object) -> int:
    from clawtui.cli.options import Options
    from clawtui.tui.start import open_screen

    assert isinstance(options, Options)
    return open_screen(options.paths, demo=options.demo)


if __name__ == "__main__":
    main()
