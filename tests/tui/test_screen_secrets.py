"""Secrets on the screen: what providers blurt out is masked before anybody sees it, keeps it or exports it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.simulator import Fault, FaultKind
from clawtui.tui.switcher import areas
from tests.tui.screen import FULL, KEYS, a_screen, until

SECRETS = [part for value in KEYS.values() for part in value.split(",")]


async def test_secrets_are_on_no_screen_in_no_export_and_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with a_screen(tmp_path, size=FULL) as shown:
        for provider, secret in (("one", "wombat-one-zz"), ("three", "wombat-three-zz"), ("home", "no-key-here")):
            words = f"the key {secret} is wrong, and so is {secret[2:-1]}"
            body = {"error": {"message": words, "code": "invalid_api_key"}}
            shown.simulator.set_fault(Fault(FaultKind.STATUS, status=401, body=body), provider=provider)
        await shown.type("hello")
        await shown.press("enter")
        await shown.sees("no answer after")
        seen = [shown.text, shown.app.export_screenshot()]
        for area in areas():
            await shown.app.open_in(area.value)
            await until(shown.pilot, lambda area=area: area.value == shown.app.panes.shown.AREA)
            await shown.press("enter")
            await shown.pilot.pause(0.2)
            seen += [shown.text, shown.app.export_screenshot()]
    seen += [file.read_bytes().decode("utf-8", "replace") for file in (tmp_path / "data").rglob("*") if file.is_file()]
    seen += [record.getMessage() for record in caplog.records]
    for secret in SECRETS:
        for start in range(len(secret) - 5):
            part = secret[start : start + 6]
            assert not [text for text in seen if part in text], part
