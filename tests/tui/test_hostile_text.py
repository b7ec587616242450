"""What models, servers and files say is text: nothing of it reaches the terminal as an order, whatever it holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clawtui.simulator import Fault, FaultKind, ModelScript, Script, Simulator
from tests.tui.screen import KEYS, demo_like
from tests.tui.terminal import a_terminal

ORDERS = (
    "\x1b]0;OWNED\x07\x1b]52;c;T1dORUQ=\x07\x1b[2J\x1b[31mRED\x1b[0m\x9b31mC1\x90q\x9c"
    "\x1b]8;;http://evil.example\x07LINK\x1b]8;;\x07\x1bPq#0\x1b\\\x1b_Gf=32\x1b\\\x07\x08\x00\x7f"
)
MARKUP = "[bold red]BOLD[/] [@click=app.quit]CLICK[/] [link=http://evil.example]L[/] [/not closed] $primary"
MARKS = "\u202eturned\u202c \u2066iso\u2069 \u200fmark a\u200db zero\u200bwidth \ufeff"
SHAPES = "表示 👩‍👩‍👧‍👦 🇩🇪 é̂́ " + "a\u0301" * 50 + " " + "Z̸̢͎" * 30
MODEL = "[bold]m[/]\u202e"
HOSTILE = f"BEGIN {ORDERS} {MARKUP} {MARKS} {SHAPES} END"

# What the program itself may say to a terminal: colours, places, modes, questions of its own. No titles, no clipboard.
_CSI = re.compile(rb"\x1b\[([<=>?]?)([0-9;:]*)([ -/]*)([@-~])")
ALLOWED = {
    *((b"", final) for final in b"mHJKABCDGdrhlnucq"),
    *((b"?", final) for final in b"hlpuc"),
    *((mark, final) for mark in (b"<", b">", b"=") for final in b"uqcmn"),
}
_OTHER = re.compile(rb"\x1b(?!\[)(.)", re.DOTALL)


def orders_in(raw: bytes) -> list[bytes]:
    """Everything in the stream that is neither text nor one of the sequences above."""
    found = [
        match.group()
        for match in _CSI.finditer(raw)
        if (match.group(1), match.group(4)[0]) not in ALLOWED or (match.group(4) == b"q" and match.group(1) == b"")
    ]
    rest = _CSI.sub(b"", raw)
    # The only sequence of another kind: Textual asks a terminal about itself.
    found += [match.group() for match in _OTHER.finditer(rest) if match.group(1) not in (b"P", b"\\")]
    text = rest.decode("utf-8", "replace")
    found += [
        repr(mark).encode()
        for mark in re.findall(r"[\x00-\x06\x0b\x0c\x0e-\x1a\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    ]
    if b"\x07" in rest:
        found.append(b"a bell")
    return found


def config(simulator: Simulator) -> str:
    more = f"""
[profiles."loud"]
provider = "one"
model = {_toml(MODEL)}
description = {_toml(MARKUP + MARKS)}
"""
    return demo_like(simulator, more)


def _toml(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) > 126 or c in '"\\' else c for c in text) + '"'


async def test_nothing_that_is_said_reaches_the_terminal_as_an_order(tmp_path: Path) -> None:
    file, data = tmp_path / "config.toml", tmp_path / "data"
    error = Fault(FaultKind.STATUS, status=400, body={"error": {"message": HOSTILE, "type": HOSTILE}})
    models = {
        "one/alpha-mini": ModelScript(
            text=f"# {HOSTILE}\n\n```{ORDERS}\n{HOSTILE}\n```\n\n| a | {HOSTILE} |\n|--|--|\n"
        ),
        "two/beta-opus": ModelScript(faults=(error,)),
    }
    async with Simulator(Script(models=models)) as simulator:
        file.write_text(config(simulator), encoding="utf-8")
        arguments = ["--config", str(file), "--data", str(data)]
        async with a_terminal(arguments, {"HOME": str(tmp_path), **KEYS}) as terminal:
            await terminal.sees("Ask whoever")
            started = len(terminal.raw)
            terminal.type("\x1b[200~paste " + HOSTILE.replace("\x1b", "") + "\x1b[201~")
            await terminal.rests(0.3)
            terminal.type("\r")
            await simulator.wait_for_request(1)
            await terminal.rests(1.5)
            for keys in ("\x1bOQ", "\x1bOR", "\r", "\x1bOS", "\x1b[17~", "\x1bOP"):  # f2 f3 enter f4 f6 f1
                terminal.type(keys)
                await terminal.rests(0.6)
            assert "BEGIN" in terminal.words
            assert orders_in(bytes(terminal.raw[started:])) == []
            terminal.type("\x11")
            assert await terminal.ends() == 0


@pytest.mark.parametrize(
    "order",
    ["\x1b]0;t\x07", "\x1b]52;c;eA==\x07", "\x1b[3 q", "\x1b_G\x1b\\", "\x9b2J", "\u202e", "\x07", "\x00", "\x0b"],
)
def test_orders_are_seen_where_there_are_any(order: str) -> None:
    assert orders_in(f"text {order} text".encode())
