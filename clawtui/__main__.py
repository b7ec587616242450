"""Where the program starts: a verb goes to the command line, no verb opens the screen."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clawtui.config.findings import KeyFinding


def main() -> None:
    # httpx loads a command line of its own where click is installed: 3 MB and 40 ms that nobody here asks for. Without it,
    # it is whole in all else.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from clawtui.cli.main import run
    from clawtui.cli.streams import complete_streams

    complete_streams()
    raise SystemExit(run(sys.argv[1:], open_screen=_open_screen, keys=_keys))


def _keys(written: Mapping[str, str], has_vim_keys: bool) -> Sequence[KeyFinding]:
    from clawtui.tui.keymap import key_findings

    return key_findings(written, has_vim_keys)


def _open_screen(options: object) -> int:
    from clawtui.cli.options import Options
    from clawtui.tui.start import open_screen

    assert isinstance(options, Options)
    if options.args.no_color:
        os.environ["NO_COLOR"] = "1"  # what Textual looks at
    return open_screen(options.paths, demo=options.demo)


if __name__ == "__main__":
    main()
