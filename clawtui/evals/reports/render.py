"""Which module makes which format; each is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

FORMATS = ("json", "md", "csv", "junit", "html")
EXTENSIONS = {"json": "json", "md": "md", "csv": "csv", "junit": "xml", "html": "html"}


def render(document: Mapping[str, Any], format: str) -> str:
    """`document` is what `eval show --json` prints, with `pairs` and `gains` where several profiles took part."""
    if format not in FORMATS:
        raise ValueError(f"no report format {format!r}; there are {', '.join(FORMATS)}")
    report: Callable[[Mapping[str, Any]], str] = importlib.import_module(f"clawtui.evals.reports.as_{format}").report
    return report(document)
