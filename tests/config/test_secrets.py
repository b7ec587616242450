"""References to secrets: where they lead, what is missing, and that no secret shows itself."""

from __future__ import annotations

import copy
import os
import pickle
import stat
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from clawtui.config.commands import CommandFailed, Commands
from clawtui.config.fingerprints import fingerprint_key
from clawtui.config.secrets import (
    BadReference,
    Reference,
    Resolved,
    Secret,
    looks_like_secret,
    parse_reference,
    resolve,
)
from tests.config.builders import SENTINEL, errors, findings, warnings

KEY = b"k" * 32


def labels(resolved: Resolved) -> list[str]:
    return [credential.label for credential in resolved.credentials]


def revealed(resolved: Resolved) -> list[str]:
    return [credential.secret.reveal() for credential in resolved.credentials]


def test_a_secret_shows_itself_to_nobody_who_did_not_ask() -> None:
    secret = Secret(SENTINEL)
    found = resolve(["env:K"], {"K": SENTINEL}, KEY)
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr(found),
        f"{secret:>40}",
    ):
        assert SENTINEL not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert copy.deepcopy(secret) == secret
    assert secret.reveal() == SENTINEL


def test_several_keys_in_one_variable_are_several_credentials() -> None:
    found = resolve(["env:K"], {"K": "one, two\nthree,\n"}, KEY)
    assert labels(found) == ["env:K", "env:K#2", "env:K#3"]
    assert revealed(found) == ["one", "two", "three"]


def test_a_star_gathers_numbered_variables_in_numeric_order() -> None:
    environ = {"K_10": "ten", "K_2": "two", "K": "one", "K_X": "no", "KK": "no", "K_3": " "}
    found = resolve(["env:K*"], environ, KEY)
    assert labels(found) == ["env:K", "env:K_2", "env:K_10"]
    assert revealed(found) == ["one", "two", "ten"]


def test_the_same_secret_twice_is_one_credential_under_its_first_label() -> None:
    found = resolve(["env:A", "env:B"], {"A": "same,other", "B": "same"}, KEY)
    assert labels(found) == ["env:A", "env:A#2"]


def test_fingerprints_depend_on_the_key_and_hold_nothing_of_the_secret() -> None:
    (one,) = resolve(["env:K"], {"K": SENTINEL}, KEY).credentials
    (other,) = resolve(["env:K"], {"K": SENTINEL}, b"x" * 32).credentials
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == resolve(["env:Z"], {"Z": SENTINEL}, KEY).credentials[0].fingerprint


def test_a_missing_secret_names_its_variable() -> None:
    found = resolve(["env:NOT_THERE"], {}, KEY)
    assert not found.is_ready
    assert found.missing[0].variable == "NOT_THERE"
    assert "NOT_THERE is not set" in found.missing[0].reason
    assert resolve(["env:E"], {"E": " "}, KEY).missing[0].reason == "E is empty"


def test_one_of_several_is_enough_to_be_ready_and_no_reference_needs_none() -> None:
    assert resolve(["env:A", "env:B"], {"B": "x"}, KEY).is_ready
    assert resolve([], {}, KEY).is_ready


def test_a_key_that_no_header_can_carry_is_missing_and_not_shown() -> None:
    found = resolve(["env:K"], {"K": f"{SENTINEL}\x00"}, KEY)
    assert not found.credentials
    assert SENTINEL not in repr(found)


def test_a_file_is_read_with_its_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text("\ufeffone\ntwo\n")
    found = resolve(["file:~/key"], {}, KEY)
    assert revealed(found) == ["one", "two"]
    assert labels(found)[0] == "file:~/key"


def test_files_that_are_no_secrets_are_missing_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").write_text("\n")
    os.mkfifo(tmp_path / "pipe")
    for name, reason in [
        ("large", "too large"),
        ("binary", "not text"),
        ("empty", "empty"),
        ("pipe", "no ordinary file"),
        ("absent", "No such file"),
        ("bad\0name", "no usable path"),
    ]:
        (missing,) = resolve(
            [Reference(parse(f"file:{tmp_path / name}").scheme, str(tmp_path / name))], {}, KEY
        ).missing
        assert reason in missing.reason


def parse(text: str) -> Reference:
    found = parse_reference(text)
    assert isinstance(found, Reference)
    return found


@pytest.mark.parametrize(
    "text",
    ["sk-abc", "", "env:", "env:A-B", "env:*", "keyring:only", "keyring:/u", "http://x", "ENV:A", "file:", "cmd: "],
)
def test_what_is_no_reference_is_refused_without_repeating_it(text: str) -> None:
    found = parse_reference(text)
    assert isinstance(found, BadReference)
    assert found.fix


def test_a_command_is_run_once_without_shell_or_input(tmp_path: Path) -> None:
    script = tmp_path / "store"
    script.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\ncat\necho '{SENTINEL}'\necho note\n")
    script.chmod(0o700)
    commands = Commands()
    for _ in range(3):
        assert revealed(resolve([f"cmd:{script} '$(touch {tmp_path}/owned)'"], {}, KEY, commands=commands)) == [
            SENTINEL
        ]
    assert (tmp_path / "runs").read_text() == "run\n"
    assert not (tmp_path / "owned").exists()
    assert SENTINEL not in repr(commands)


def test_commands_are_left_alone_until_somebody_asks(tmp_path: Path) -> None:
    found = resolve([f"cmd:touch {tmp_path}/ran"], {}, KEY, commands=Commands(), ask=False)
    assert found.is_ready
    assert [reference.label for reference in found.deferred] == [f"cmd:touch {tmp_path}/ran"]
    warnings(f'[providers.openai]\ncredentials = ["cmd:touch {tmp_path}/ran"]\n')
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("false", "status 1"),
        ("no-such-command-anywhere", "cannot be run"),
        ("sh -c 'sleep 60 & sleep 60'", "too long"),
        ("sh -c 'exec >&-; sleep 60'", "too long"),
        ("yes", "too much"),
        ("'unbalanced", "quotes"),
    ],
)
def test_a_command_that_fails_hangs_or_floods_is_missing_with_a_reason(command: str, reason: str) -> None:
    begun = time.monotonic()
    with pytest.raises(CommandFailed, match=reason):
        Commands(time_limit=0.3).output(command)
    assert time.monotonic() - begun < 5


def test_a_command_that_prints_nothing_is_missing() -> None:
    assert "printed nothing" in resolve(["cmd:true"], {}, KEY, commands=Commands()).missing[0].reason


def test_a_label_leaves_out_words_of_a_command_that_look_like_keys() -> None:
    assert SENTINEL not in parse(f"cmd:echo sk-{SENTINEL}").label
    assert parse("cmd:pass show openai").label == "cmd:pass show openai"


def keyring_with(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    module = ModuleType("keyring")

    def get_password(service: str, user: str) -> object:
        assert (service, user) == ("claw/tui", "openai")
        if isinstance(answer, Exception):
            raise answer
        return answer

    module.get_password = get_password  # type: ignore[attr-defined]  # a stand-in for a package that is not installed
    monkeypatch.setitem(sys.modules, "keyring", module)


def test_a_keyring_is_asked_by_service_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring_with(monkeypatch, "secret")
    assert revealed(resolve(["keyring:claw/tui/openai"], {}, KEY)) == ["secret"]


def test_a_keyring_that_refuses_is_missing_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring_with(monkeypatch, RuntimeError(SENTINEL))
    found = resolve(["keyring:claw/tui/openai"], {}, KEY)
    assert "refused" in found.missing[0].reason
    assert SENTINEL not in repr(found)


def test_a_keyring_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install" in resolve(["keyring:claw/tui/openai"], {}, KEY).missing[0].reason


@pytest.mark.parametrize("text", ["sk-x", "gsk_abc", "Bearer x", "AIzaX", "a1" * 16])
def test_keys_are_recognised(text: str) -> None:
    assert looks_like_secret(text)


def test_the_fingerprint_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "fingerprint.key"
    key = fingerprint_key(path)
    assert len(key) == 32
    assert fingerprint_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [item.name for item in path.parent.iterdir()] == ["fingerprint.key"]


def test_a_damaged_fingerprint_key_is_replaced_and_an_unwritable_folder_gives_one_for_the_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "fingerprint.key"
    path.write_bytes(b"short")
    assert fingerprint_key(path) == fingerprint_key(path)
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert len(fingerprint_key(blocked / "fingerprint.key")) == 32


def test_a_missing_secret_of_a_used_provider_is_a_warning_that_names_variable_and_profiles() -> None:
    text = '[profiles.a]\nprovider = "openai"\nmodel = "m"\n[profiles.b]\nprovider = "openai"\nmodel = "n"\n'
    (finding,) = warnings(text).values()
    assert "OPENAI_API_KEY is not set, so a, b are not ready" in finding.message
    assert errors(text) == {}
    assert warnings(text, {"OPENAI_API_KEY": "x"}) == {}


def test_a_keyless_provider_states_no_credentials() -> None:
    assert warnings('[profiles.a]\nprovider = "ollama"\nmodel = "m"\n') == {}


def test_a_secret_file_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0o644)
    text = f'[providers.openai]\ncredentials = ["file:{tmp_path}/key"]\n'
    assert "chmod 600" in warnings(text)["providers.openai.credentials[0]"].fix
    (tmp_path / "key").chmod(0o600)
    assert warnings(text) == {}


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("file:~nosuchuser/key", "no user of that name"),
        ("file:~\0/key", "no user of that name"),
        ("file:/proc/self/mem", "Input/output error"),
    ],
)
def test_a_file_that_cannot_be_found_or_read_is_missing_in_words(reference: str, reason: str) -> None:
    (missing,) = resolve([reference], {}, KEY).missing
    assert reason in missing.reason


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    text = """
[providers.one]
kind = "openai"
base_url = "http://127.0.0.1:1/v1"
credentials = ["file:~nosuchuser/key", "file:/proc/self/mem"]
[profiles.fast]
provider = "one"
model = "m"
"""
    told = [finding.message for finding in findings(text)]
    assert any("no user of that name" in each for each in told)
    assert any("Input/output error" in each for each in told)


@pytest.mark.parametrize("command", ['echo "unbalanced', 'echo x"', '""'])
def test_a_command_whose_quotes_do_not_match_is_a_finding(command: str) -> None:
    found = errors(f"[providers.openai]\ncredentials = ['cmd:{command}']\n")
    assert "quotes" in found["providers.openai.credentials[0]"].message
