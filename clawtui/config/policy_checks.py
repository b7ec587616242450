"""Checks policies: profiles and globs that match nothing, boundaries that nobody can pass."""

from __future__ import annotations

from fnmatch import fnmatchcase

from clawtui.config.findings import quoted, suggestion
from clawtui.config.reference_checks import PROFILES, check_list, check_named, check_usable
from clawtui.config.report import Report
from clawtui.config.schema import DEFAULT_POLICY, FUSION_PREFIX
from clawtui.config.tree import Tree, tables, text, texts

GLOB_SIGNS = frozenset("*?[")


def check_policies(tree: Tree, report: Report) -> None:
    profiles = tables(tree, "profiles")
    policies = tables(tree, "policies")
    targets = [*profiles, *(f"{FUSION_PREFIX}/{name}" for name in tables(tree, "fusion"))]
    default = text(tree, "default_policy")
    is_unknown = default not in policies and default != DEFAULT_POLICY
    if default is not None and is_unknown and report.is_whole(("policies",)):
        report.error(
            ("default_policy",),
            f"there is no policy {quoted(default)}",
            suggestion(default, (*policies, DEFAULT_POLICY), "write a [policies.…] table for it"),
        )
    tags = {tag for profile in profiles.values() for _, tag in texts(profile, "tags")}
    targets_known = report.is_whole(PROFILES) and report.is_whole(("fusion",))
    tags_known = report.is_whole(PROFILES) and all(report.is_whole((*PROFILES, name)) for name in profiles)
    for policy_id, policy in policies.items():
        here = ("policies", policy_id)
        named = text(policy, "profile")
        if named is not None and check_named((*here, "profile"), named, profiles, report):
            check_usable((*here, "profile"), named, profiles, report)
        check_list((*here, "fallback_profiles"), policy, profiles, report)
        for field in ("allow", "deny"):
            for place, pattern in texts(policy, field) if targets_known else ():
                _check_pattern((*here, field, place), pattern, targets, report)
        for place, tag in texts(policy, "require_tags"):
            if profiles and tag not in tags and tags_known:
                report.warning(
                    (*here, "require_tags", place),
                    f"no profile has the tag {quoted(tag)}, so nothing may answer",
                    suggestion(tag, sorted(tags), "give it to the profiles that are meant"),
                )


def _check_pattern(path: tuple[str | int, ...], pattern: str, targets: list[str], report: Report) -> None:
    if GLOB_SIGNS.isdisjoint(pattern):
        if pattern not in targets:
            report.error(
                path,
                f"there is no profile {quoted(pattern)}",
                suggestion(pattern, targets, "remove it or write the profile"),
            )
    elif pattern != "*" and not any(fnmatchcase(target, pattern) for target in targets):
        report.warning(path, f"no profile matches {quoted(pattern)}", "correct the pattern or remove it")
