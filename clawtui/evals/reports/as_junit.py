"""JUnit's XML, for CI: a test suite for each suite and profile, a test case for each repeat."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from clawtui.evals.reports.words import Document, title, why
from clawtui.text import clean

# XML 1.0 has no way to write these, not even as references.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report(document: Document) -> str:
    root = ElementTree.Element("testsuites", name=_xml(title(document)))
    groups: dict[tuple[str, str], list[Document]] = {}
    for result in document["cases"]:
        groups.setdefault((result["suite"], result["profile"]), []).append(result)
    for (suite, profile), results in groups.items():
        count = {name: sum(each["verdict"] == name for each in results) for name in ("fail", "error")}
        element = ElementTree.SubElement(
            root,
            "testsuite",
            name=_xml(f"{suite}.{profile}"),
            tests=str(len(results)),
            failures=str(count["fail"]),
            errors=str(count["error"]),
            skipped=str(sum(each["verdict"] in ("unsupported", "cancelled") for each in results)),
            time=_seconds(sum(each.get("ms") or 0.0 for each in results)),
        )
        for result in results:
            _add(element, result)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(suite: ElementTree.Element, result: Document) -> None:
    repeat = f" #{result['repeat']}" if result["repeat"] > 1 else ""
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_xml(f"{result['suite']}.{result['profile']}"),
        name=_xml(f"{result['case']}{repeat}"),
        time=_seconds(result.get("ms") or 0.0),
    )
    kind = {"fail": "failure", "error": "error", "unsupported": "skipped", "cancelled": "skipped"}.get(
        result["verdict"]
    )
    if kind is not None:
        reasons = why(result) or [result["verdict"]]
        told = ElementTree.SubElement(case, kind, message=_xml(reasons[0]))
        told.text = _xml("\n".join(reasons))


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", clean(text))
