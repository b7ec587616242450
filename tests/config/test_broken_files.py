"""Whatever lies where the config should be, loading ends with findings and never with an exception."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.checks import examine
from clawtui.config.document import load
from clawtui.config.findings import Severity
from tests.config.builders import FAST


def loaded(tmp_path: Path, content: bytes) -> tuple[list[str], bool]:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    found = load(path, {})
    assert (found.config is None) == bool(found.errors)
    return [finding.message for finding in found.findings], found.config is not None


def test_no_file_is_neither_a_config_nor_a_finding(tmp_path: Path) -> None:
    found = load(tmp_path / "absent" / "config.toml", {})
    assert (found.config, found.findings, found.exists) == (None, (), False)


def test_a_folder_a_pipe_and_a_forbidden_file_are_findings(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, message in [
        (tmp_path, "folder"),
        (tmp_path / "pipe", "no ordinary file"),
        (Path("/dev/zero"), "ordinary"),
    ]:
        found = load(path, {})
        assert message in found.errors[0].message
        assert found.exists


def test_the_null_device_is_an_empty_config() -> None:
    assert load(Path(os.devnull), {}).config is not None


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    assert loaded(tmp_path, b"\xef\xbb\xbf" + FAST.replace("\n", "\r\n").encode()) == ([], True)


def test_lines_are_counted_alike_with_either_line_end(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"version = 1\r\n\r\nvim = 1\r\n")
    assert load(path, {}).findings[0].line == 3


def test_what_is_not_utf8_is_a_finding_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"version = 1\n# caf\xe9\n")
    (finding,) = load(path, {}).findings
    assert finding.line == 2
    assert "UTF-8" in finding.message


def test_ten_megabytes_are_refused_at_once_with_a_sentence(tmp_path: Path) -> None:
    begun = time.perf_counter()
    messages, _ = loaded(tmp_path, b"# x\n" * 2_500_000)
    assert "larger than 1 MB" in messages[0]
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000,
        "a = " + "[" * 2_000 + "]" * 2_000,
        "a = " + "{a=" * 2_000 + "1" + "}" * 2_000,
        "[" + ".".join("a" * 1 for _ in range(100_000)) + "]\n",
        "a" + ".a" * 30_000 + " = 1\n",
        "".join(f"[a{n}\n" for n in range(20_000)),
        "\n".join(f"[profiles.p{n}]" for n in range(5_000)),
        "a = 1\n" * 20_000,
        '"' * 100_000,
        "[profiles.fast.extra]\nx = " + "[" * 150 + "]" * 150,
    ],
    ids=["open", "lists", "tables", "header", "dotted", "broken", "many", "twice", "quotes", "extra"],
)
def test_deep_and_wide_texts_end_soon_and_with_findings(text: str) -> None:
    begun = time.perf_counter()
    config, found = examine(text, {})
    assert config is None
    assert any(finding.severity is Severity.ERROR for finding in found)
    assert time.perf_counter() - begun < 5


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_lead_to_a_config_or_to_findings(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """load never raises, and gives a config exactly when no finding is an error."""
    loaded(tmp_path_factory.mktemp("any"), content)


WORDS = st.sampled_from(
    [
        "[profiles.a]",
        "[profiles",
        "]",
        "a",
        "=",
        '"x"',
        "{",
        "}",
        "[",
        "\n",
        "# c",
        ".",
        ",",
        "'",
        '"""',
        "1",
        "model",
        "provider",
        "\\",
        "fusion",
        "true",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_any_almost_toml_leads_to_a_config_or_to_findings(text: str) -> None:
    config, found = examine(text, {})
    assert (config is None) == any(finding.severity is Severity.ERROR for finding in found)
    for finding in found:
        assert finding.line is None or 1 <= finding.line <= text.count("\n") + 1


VALUES = st.recursive(
    st.one_of(st.text(max_size=5), st.integers(), st.floats(), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(["fast", "provider", "fallback_profiles", "advisers", "allow", "credentials", "kind"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["profiles", "providers", "policies", "fusion", "keys", "ui", "default_profile"]),
        VALUES.filter(lambda v: v is not None),
        max_size=4,
    )
)
def test_values_of_any_shape_are_findings(tree: dict[str, object]) -> None:
    from clawtui.config.writing import written

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items() if inner is not None}
        if isinstance(value, list):
            return [plain(inner) for inner in value if inner is not None]
        return value

    text = "".join(f"{name} = {written(plain(value))}\n" for name, value in tree.items())
    config, found = examine(text, {})
    assert (config is None) == any(finding.severity is Severity.ERROR for finding in found)
