"""Nothing of the developer's own surroundings decides what is painted."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def a_quiet_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "EDITOR", "VISUAL", "TEXTUAL_FILTERS", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
