"""What the screen remembers between two starts, in one small JSON file. A damaged file costs only itself."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

LARGEST = 1024 * 1024


@dataclass(slots=True)
class Remembered:
    pane: str = ""
    theme: str = ""
    conversation: str = ""
    policy: str = ""
    target: str = ""
    sorts: dict[str, str] = field(default_factory=dict)  # table id -> "column" or "-column"
    filters: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)  # conversation id -> text not sent yet
    range: str = ""  # of the usage pane
    grouping: str = ""
    seen_welcome: bool = False


def read(path: Path) -> tuple[Remembered, str | None]:
    """What the file holds, and a sentence where it was of no use. Wrong fields are left out one by one."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Remembered(), None
    except OSError as error:
        return Remembered(), f"{path.name} cannot be read ({error.strerror}); the screen starts afresh"
    try:
        if len(content) > LARGEST:
            raise ValueError
        stored = json.loads(content)
        if not isinstance(stored, dict):
            raise ValueError
    except (ValueError, RecursionError):
        return Remembered(), f"{path.name} is damaged; the screen starts afresh"
    return _from(stored), None


def _from(stored: dict[str, Any]) -> Remembered:
    remembered = Remembered()
    for item in fields(Remembered):
        value, usual = stored.get(item.name), getattr(remembered, item.name)
        if isinstance(value, dict) and isinstance(usual, dict):
            setattr(remembered, item.name, {str(k): v for k, v in value.items() if isinstance(v, str)})
        elif type(value) is type(usual):
            setattr(remembered, item.name, value)
    return remembered


def write(path: Path, remembered: Remembered) -> None:
    """Whole or not at all. Call it off the loop; OSError is the caller's to show."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(remembered), file, ensure_ascii=False, indent=1)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
