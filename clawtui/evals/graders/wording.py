"""How grades quote an answer, and how text is made comparable: the rules for case and white space."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from clawtui.text import cut, one_line

SHOWN = 80


def said(text: str) -> str:
    """`"READY"`, cut where it is long; words where there is nothing."""
    return f'"{cut(one_line(text), SHOWN)}"' if text.strip() else "nothing"


def as_json(value: object) -> str:
    return cut(one_line(json.dumps(value, ensure_ascii=False, sort_keys=True)), SHOWN)


def comparable(text: str, arguments: Mapping[str, Any]) -> str:
    """`whitespace`: trim (what stands around is left out, the usual), collapse (runs are one blank), exact.
    `ignore_case` folds case. Composed and decomposed characters are the same."""
    text = unicodedata.normalize("NFC", text)
    match arguments.get("whitespace", "trim"):
        case "collapse":
            text = " ".join(text.split())
        case "trim":
            text = text.strip()
        case _:
            pass
    return text.casefold() if arguments.get("ignore_case") else text
