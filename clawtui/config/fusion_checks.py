"""Checks fusions: one layer only, profiles that exist, a quorum that can be met, a synthesizer that judges others."""

from __future__ import annotations

from collections.abc import Mapping

from clawtui.config.families import model_family
from clawtui.config.findings import listed, quoted, suggestion
from clawtui.config.layout import Key
from clawtui.config.reference_checks import PROFILES, check_usable
from clawtui.config.report import Report
from clawtui.config.schema import FUSION_PREFIX
from clawtui.config.tree import Tree, flag, is_enabled, tables, text, texts, whole


def check_fusions(tree: Tree, report: Report) -> None:
    profiles = tables(tree, "profiles")
    for fusion_id, fusion in tables(tree, "fusion").items():
        here = ("fusion", fusion_id)
        advisers = texts(fusion, "advisers")
        for place, name in advisers:
            _check_member((*here, "advisers", place), fusion_id, name, profiles, report)
        synthesizer = text(fusion, "synthesizer")
        if synthesizer is not None:
            _check_member((*here, "synthesizer"), fusion_id, synthesizer, profiles, report)
        quorum = whole(fusion, "quorum")
        if quorum is not None and advisers and quorum > len(advisers) and report.is_whole(here):
            report.error(
                (*here, "quorum"),
                f"a quorum of {quorum} can never be met by {len(advisers)} adviser{'s' if len(advisers) > 1 else ''}",
                "at most as many as there are advisers; 0 waits for all",
            )
        if synthesizer is not None and flag(fusion, "anonymous", True) and is_enabled(fusion):
            _check_family((*here, "synthesizer"), synthesizer, [name for _, name in advisers], profiles, report)


def _check_member(path: Key, fusion_id: str, name: str, profiles: Mapping[str, Tree], report: Report) -> None:
    if name in profiles:
        check_usable(path, name, profiles, report)
    elif name == f"{FUSION_PREFIX}/{fusion_id}":
        report.error(path, "a fusion cannot be part of itself", "name a profile")
    elif name.startswith(f"{FUSION_PREFIX}/"):
        report.error(path, "a fusion cannot be part of a fusion", "name a profile")
    elif report.is_whole(PROFILES):
        report.error(
            path,
            f"there is no profile {quoted(name)}",
            suggestion(name, profiles, "write a [profiles.…] table for it"),
        )


def _check_family(
    path: Key, synthesizer: str, advisers: list[str], profiles: Mapping[str, Tree], report: Report
) -> None:
    families = {name: model_family(text(profiles.get(name, {}), "model") or "") for name in (synthesizer, *advisers)}
    own = families[synthesizer]
    kin = [name for name in dict.fromkeys(advisers) if own and families[name] == own]
    if kin:
        report.warning(
            path,
            f"the synthesizer is of the same model family ({own}) as {listed(kin)}, and may know its own kind's words",
            "choose a synthesizer of another family, or leave it so knowingly",
        )
