"""The whole run as one JSON document. Characters that a terminal would obey are written as escapes."""

from __future__ import annotations

import json
import re

from clawtui.evals.reports.words import Document

# Controls of the second range, bidi marks and line separators: legal in JSON, harmful in a terminal.
_HARMFUL = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def report(document: Document) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return _HARMFUL.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"
