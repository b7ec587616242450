"""`config check` knows the screen's actions, so that a wrong key is found before the screen is opened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_unknown_actions_and_clashes_are_found_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\n"routes.probee" = "p"\n"app.zoom" = "ctrl+q"\n', encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "clawtui", "config", "check", "--json", "--config", str(file), "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = {each["path"]: each for each in json.loads(ended.stdout)["findings"] if each["path"].startswith("keys")}
    assert found['keys."routes.probee"']["fix"] == "did you mean `routes.probe`?"
    assert "already on `app.quit`" in found['keys."app.zoom"']["message"]
    assert {each["severity"] for each in found.values()} == {"warning"}
