"""Checks providers: names, addresses, credentials and headers. Looks at variables and files, runs and opens nothing."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import stat
from collections.abc import Mapping

from clawtui.config.addresses import Address, BadAddress, parse_address
from clawtui.config.catalogue import KnownProvider, known_providers
from clawtui.config.effective import Unset, keeps_home, value_of
from clawtui.config.findings import listed, quoted
from clawtui.config.layout import Key
from clawtui.config.paths import expanded
from clawtui.config.report import Report
from clawtui.config.schema import FUSION_PREFIX
from clawtui.config.secrets import (
    HOW_TO_STORE,
    BadReference,
    Reference,
    Scheme,
    looks_like_secret,
    parse_reference,
    resolve,
)
from clawtui.config.tree import NOTHING, Tree, is_enabled, number, table, tables, text, texts

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
SECRET_NAMES = re.compile(r"(?i)auth|cookie|(^|[-_])(key|token|secret|password)|api-?key")
# Narrower than for headers: bodies have fields such as prompt_cache_key and stop_token.
SECRET_FIELDS = re.compile(
    r"(?i)(.*[-_])?(api[-_]?key|secret([-_]?key)?|password|passwd|authorization|(access|auth|bearer|api)[-_]?token|private[-_]?key)"
    r"|key|token|auth|bearer"
)
OTHERS_CAN_READ = stat.S_IRGRP | stat.S_IROTH


def check_providers(tree: Tree, environ: Mapping[str, str], report: Report) -> None:
    written = tables(tree, "providers")
    users: dict[str, list[str]] = {provider_id: [] for provider_id in written}
    for profile_id, profile in tables(tree, "profiles").items():
        provider_id = text(profile, "provider")
        if provider_id is not None and is_enabled(profile):
            users.setdefault(provider_id, []).append(profile_id)
    for provider_id, profiles in users.items():
        known = known_providers().get(provider_id)
        provider = written.get(provider_id, NOTHING)
        if known is None and provider_id not in written:
            continue  # told where the profile names it
        if provider_id in written:
            _check_table(provider_id, provider, known, environ, report)
        if is_enabled(provider):
            place = ("providers", provider_id) if provider_id in written else ("profiles", profiles[0], "provider")
            _check_secrets(place, provider_id, provider, known, profiles, environ, report)
    for profile_id, profile in tables(tree, "profiles").items():
        _check_pairs(("profiles", profile_id, "query"), table(profile, "query"), environ, report)
        _check_extra(("profiles", profile_id, "extra"), table(profile, "extra"), report)


def _check_table(
    provider_id: str, provider: Tree, known: KnownProvider | None, environ: Mapping[str, str], report: Report
) -> None:
    here = ("providers", provider_id)
    if provider_id == FUSION_PREFIX:
        report.error(here, "`fusion` is a reserved name", "call the provider something else")
    if known is None and report.is_whole(here):
        for field, example in (("kind", '"openai"'), ("base_url", '"https://HOST/v1"')):
            if field not in provider:
                report.error(
                    here, f"{quoted(provider_id)} is no known provider, so it needs {field}", f"add {field} = {example}"
                )
    _check_address((*here, "base_url"), provider, environ, report)
    headers = table(provider, "headers")
    for name in headers:
        if not HEADER_NAME.fullmatch(name):
            report.error((*here, "headers", name), f"{quoted(name)} is no header name", "use letters, digits and -")
    _check_pairs((*here, "headers"), headers, environ, report)
    _check_pairs((*here, "query"), table(provider, "query"), environ, report)
    if not (report.is_whole(here) and report.is_whole((*here, "circuit"))):
        return
    circuit = table(provider, "circuit")
    first, longest = number(circuit, "open_for"), number(circuit, "open_for_max")
    if (30.0 if first is None else first) > (300.0 if longest is None else longest):
        report.error((*here, "circuit"), "open_for is longer than open_for_max", "raise open_for_max")


def _check_address(path: Key, provider: Tree, environ: Mapping[str, str], report: Report) -> None:
    given = text(provider, "base_url")
    if not given:
        return
    value = value_of(given, environ)
    if isinstance(value, Unset):
        report.warning(path, f"{value.variable} is not set, so there is no address", f"export {value.variable}=…")
        return
    address = parse_address(value)
    if isinstance(address, BadAddress):
        report.error(path, address.reason, address.fix)
    elif address.scheme == "http" and not address.is_loopback and texts(provider, "credentials"):
        report.warning(path, "keys would travel unencrypted over http", "use https:// where the server has it")


def _check_pairs(path: Key, pairs: Tree, environ: Mapping[str, str], report: Report) -> None:
    """Headers or query parameters."""
    for name, value in pairs.items():
        if not isinstance(value, str):
            continue
        here = (*path, name)
        found = value_of(value, environ)
        if isinstance(found, Unset):
            report.warning(here, f"{found.variable} is not set", f"export {found.variable}=…")
        elif found == value and (looks_like_secret(value) or (SECRET_NAMES.search(name) and value)):
            report.error(here, "this looks like a key; keys do not belong into the config file", 'write "env:NAME"')
        elif not found.isprintable():
            report.error(here, "the value holds control characters", "remove them")


def _check_extra(here: Key, fields: Tree, report: Report) -> None:
    """Fields of the request body, at any depth: sent as they stand, so no variable can fill them in."""
    pending: list[tuple[Key, object]] = [((*here, name), value) for name, value in fields.items()]
    while pending:
        path, value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend(((*path, name), inner) for name, inner in value.items())
        elif isinstance(value, list):
            pending.extend(((*path, place), inner) for place, inner in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            report.error(path, f"found {value}, which JSON cannot carry", "write a finite number")
        elif isinstance(value, str) and _is_secret_field(str(path[-1]), value):
            report.error(
                path,
                "this looks like a key; keys do not belong into the config file",
                "name it under the provider's `credentials` or, as env:NAME, under its `headers`",
            )


def _is_secret_field(name: str, value: str) -> bool:
    return looks_like_secret(value) or bool(value and SECRET_FIELDS.fullmatch(name))


def _check_secrets(
    here: Key,
    provider_id: str,
    provider: Tree,
    known: KnownProvider | None,
    profiles: list[str],
    environ: Mapping[str, str],
    report: Report,
) -> None:
    if "credentials" not in provider:
        if not report.is_whole(("providers", provider_id)):
            return
        _check_usual_key(here, provider_id, provider, known, profiles, environ, report)
        return
    seen: set[str] = set()
    for place, entry in texts(provider, "credentials"):
        path = ("providers", provider_id, "credentials", place)
        reference = parse_reference(entry)
        if isinstance(reference, BadReference):
            report.error(path, reference.reason, reference.fix)
            continue
        if entry.strip() in seen:
            report.error(path, f"{quoted(reference.label)} stands here twice", "remove one of them")
        seen.add(entry.strip())
        _check_reference(path, reference, profiles, environ, report)


def _check_reference(
    path: Key, reference: Reference, profiles: list[str], environ: Mapping[str, str], report: Report
) -> None:
    for missing in resolve((reference,), environ, b"", ask=False).missing:
        subject = "" if missing.variable else f"{quoted(missing.reference)}: "
        fix = f"export {missing.variable}=…" if missing.variable else "see that the secret is there"
        report.warning(path, f"{subject}{missing.reason}{_concerned(profiles)}", fix)
    if reference.scheme is Scheme.KEYRING and importlib.util.find_spec("keyring") is None:
        report.warning(path, "keyring support is not installed", "pip install 'clawtui[keyring]'")
    if reference.scheme is Scheme.FILE and _is_open_to_others(reference.body):
        report.warning(path, "others can read this file", f"chmod 600 {reference.body}")


def _check_usual_key(
    here: Key,
    provider_id: str,
    provider: Tree,
    known: KnownProvider | None,
    profiles: list[str],
    environ: Mapping[str, str],
    report: Report,
) -> None:
    if known is None or known.keyless:
        return
    given = text(provider, "base_url")
    value = value_of(given, environ) if given else known.base_url
    address = None if isinstance(value, Unset) else parse_address(value)
    if isinstance(address, Address) and not keeps_home(known, address):
        report.warning(
            (*here, "base_url"),
            f"this is not {known.name}'s own address, so {known.keys[0]} is not sent there{_concerned(profiles)}",
            f'add credentials = ["env:{known.keys[0]}"] if it should be, or credentials = [] if no key is needed',
        )
    elif not any(environ.get(name, "").strip() for name in known.keys):
        report.warning(
            here,
            f"{' or '.join(known.keys)} is not set{_concerned(profiles)}",
            f"export {known.keys[0]}=…, or name another source in [providers.{provider_id}]: {HOW_TO_STORE}",
        )


def _concerned(profiles: list[str]) -> str:
    if not profiles:
        return ""
    return f", so {listed(profiles, 4)} {'is' if len(profiles) == 1 else 'are'} not ready"


def _is_open_to_others(body: str) -> bool:
    try:
        return bool(os.stat(expanded(body)).st_mode & OTHERS_CAN_READ)
    except (OSError, ValueError):
        return False
