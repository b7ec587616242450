"""Checks what profiles say of each other and of their providers: names that lead nowhere, circles, lesser stand-ins."""

from __future__ import annotations

from collections.abc import Mapping

from clawtui.config.catalogue import known_providers
from clawtui.config.findings import quoted, suggestion
from clawtui.config.layout import Key
from clawtui.config.report import Report
from clawtui.config.schema import FUSION_PREFIX
from clawtui.config.tree import Tree, flag, is_enabled, table, tables, text, texts, whole

PROFILES: Key = ("profiles",)
FLAGS = (
    "tools",
    "parallel_tools",
    "vision",
    "audio",
    "json_schema",
    "streaming",
    "reasoning",
    "system_messages",
    "prefill",
)


def check_profiles(tree: Tree, report: Report) -> None:
    profiles = tables(tree, "profiles")
    for profile_id, profile in profiles.items():
        _check_provider(tree, profile_id, profile, report)
        _check_models(profile_id, profile, report)
        check_list(("profiles", profile_id, "fallback_profiles"), profile, profiles, report, own=profile_id)
        _check_lesser(profile_id, profile, profiles, report)
    _check_circles(profiles, report)
    default = text(tree, "default_profile")
    if default is not None and check_named(("default_profile",), default, profiles, report):
        check_usable(("default_profile",), default, profiles, report)


def check_named(path: Key, name: str, profiles: Mapping[str, Tree], report: Report) -> bool:
    """A field that names one profile."""
    if name in profiles:
        return True
    if name.startswith(f"{FUSION_PREFIX}/"):
        report.error(path, "a fusion runs only when it is asked for by name", "name a profile here")
    elif report.is_whole(PROFILES):
        report.error(path, f"there is no profile {quoted(name)}", _fix(name, profiles))
    return False


def check_list(path: Key, holder: Tree, profiles: Mapping[str, Tree], report: Report, own: str | None = None) -> None:
    """A list of profiles to fall back to."""
    seen: set[str] = set()
    for place, name in texts(holder, str(path[-1])):
        here = (*path, place)
        if name == own:
            report.error(here, f"{quoted(name)} falls back to itself", "remove it")
        elif name in seen:
            report.error(here, f"{quoted(name)} stands here twice", "remove one of them")
        else:
            check_named(here, name, profiles, report)
        seen.add(name)


def _fix(name: str, profiles: Mapping[str, Tree]) -> str:
    return suggestion(name, profiles, "write a [profiles.…] table for it")


def check_usable(path: Key, name: str, profiles: Mapping[str, Tree], report: Report) -> None:
    if not is_enabled(profiles[name]):
        report.warning(path, f"profile {quoted(name)} is disabled", "enable it or name another")


def _check_provider(tree: Tree, profile_id: str, profile: Tree, report: Report) -> None:
    name = text(profile, "provider")
    path = ("profiles", profile_id, "provider")
    if name is None:
        return
    declared = tables(tree, "providers")
    if name == FUSION_PREFIX:
        report.error(path, "`fusion` is a reserved name", "name a provider; fusions stand under [fusion.NAME]")
    elif name not in declared and name not in known_providers():
        if not report.is_whole(("providers",)):
            return
        report.error(
            path,
            f"provider {quoted(name)} is neither known nor declared",
            suggestion(name, (*declared, *known_providers()), "write a [providers.…] table for it"),
        )
    elif name in declared and not is_enabled(declared[name]) and is_enabled(profile):
        report.warning(path, f"provider {quoted(name)} is disabled, so this profile is not used", "enable one of them")


def _check_models(profile_id: str, profile: Tree, report: Report) -> None:
    seen = {text(profile, "model")}
    for place, model in texts(profile, "fallback_models"):
        if model in seen:
            own = model == text(profile, "model")
            told = "is the profile's own model" if own else "stands here twice"
            report.error(("profiles", profile_id, "fallback_models", place), f"{quoted(model)} {told}", "remove it")
        seen.add(model)


def _check_lesser(profile_id: str, profile: Tree, profiles: Mapping[str, Tree], report: Report) -> None:
    mine = table(profile, "capabilities")
    for place, name in texts(profile, "fallback_profiles"):
        if name == profile_id or name not in profiles:
            continue
        theirs = table(profiles[name], "capabilities")
        # Only what both state: unknown is not no.
        lacking = [item for item in FLAGS if flag(mine, item, False) and not flag(theirs, item, True)]
        for size in ("max_context_tokens", "max_output_tokens"):
            ours, others = whole(mine, size), whole(theirs, size)
            if ours is not None and others is not None and others < ours:
                lacking.append(f"{size} ({others} instead of {ours})")
        if lacking:
            report.warning(
                ("profiles", profile_id, "fallback_profiles", place),
                f"{quoted(name)} can do less: {', '.join(lacking)}",
                "requests that need it will pass over this fallback",
            )


def _check_circles(profiles: Mapping[str, Tree], report: Report) -> None:
    """Each circle is told once, at the fallback that closes it."""
    done: set[str] = set()
    told: set[frozenset[str]] = set()
    for start in profiles:
        trail: list[str] = []
        # Each step: the profile and which of its fallbacks come next. Not recursive: files may hold long chains.
        steps = [(start, iter(texts(profiles[start], "fallback_profiles")))] if start not in done else []
        if steps:
            trail.append(start)
        while steps:
            name, following = steps[-1]
            for place, other in following:
                if other == name or other not in profiles:
                    continue
                if other in trail:
                    circle = [*trail[trail.index(other) :], other]
                    if frozenset(circle) not in told:
                        told.add(frozenset(circle))
                        report.error(
                            ("profiles", name, "fallback_profiles", place),
                            f"the fallbacks go in a circle: {' → '.join(circle)}",
                            f"remove {quoted(other)} here",
                        )
                elif other not in done:
                    trail.append(other)
                    steps.append((other, iter(texts(profiles[other], "fallback_profiles"))))
                    break
            else:
                done.add(name)
                trail.pop()
                steps.pop()
