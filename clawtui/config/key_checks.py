"""Checks [keys] by the rules of whoever knows the actions: the screen. What is wrong there keeps nothing else back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clawtui.config.findings import KeyFinding
from clawtui.config.report import Report
from clawtui.config.tree import Tree, table

# From what stands in [keys], and whether letters move in lists, to what is wrong with it.
KeyCheck = Callable[[Mapping[str, str], bool], Sequence[KeyFinding]]


def check_keys(tree: Tree, keys: KeyCheck | None, report: Report) -> None:
    written = {action: value for action, value in table(tree, "keys").items() if isinstance(value, str)}
    if keys is None or not written or not (report.is_whole(("keys",)) and report.is_whole(("ui",))):
        return
    has_vim_keys = table(tree, "ui").get("vim_keys", True) is not False
    for finding in keys(written, has_vim_keys):
        report.warning(("keys", finding.action), finding.message, finding.fix)
