"""Scripts as TOML files."""

import contextlib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.simulator import (
    DialectKind,
    Exhausted,
    Fault,
    FaultKind,
    KeyScript,
    ModelScript,
    ProviderScript,
    Quota,
    Rule,
    Script,
    ScriptedCall,
    ScriptError,
    Source,
    load_script,
    parse_script,
)

WHOLE = """
seed = 7

[providers.cumulus]
dialect = "openai"
models = ["cumulus-4"]

[[providers.cumulus.keys]]
secret = "k1"
label = "first"
quota = { requests = 3, window_s = 60, exhausted = "billing" }

[[providers.cumulus.faults]]
kind = "status"
status = 503
headers = { "x-a" = "b" }
down_from = 5
down_for = 2

[models."cumulus/cumulus-4"]
text = "hello"
tokens_per_s = 50
chunk = 4
use_rules = ["shared"]

[[models."cumulus/cumulus-4".rules]]
match = "weather"
tool_calls = [{ name = "weather", arguments = { city = "Oslo" } }]

[[rules.shared.list]]
match = "json"
source = "json"

[default]
text = "who?"
"""


def test_a_file_says_what_python_can_say(tmp_path):
    path = tmp_path / "script.toml"
    path.write_text(WHOLE)
    key = KeyScript("k1", "first", Quota(3, 60, Exhausted.BILLING))
    fault = Fault(FaultKind.STATUS, status=503, headers=(("x-a", "b"),), down_from=5, down_for=2)
    rules = (
        Rule("weather", tool_calls=(ScriptedCall("weather", {"city": "Oslo"}),)),
        Rule("json", source=Source.JSON),
    )
    assert load_script(path) == Script(
        seed=7,
        providers={"cumulus": ProviderScript(DialectKind.OPENAI, ("cumulus-4",), (key,), (fault,))},
        models={"cumulus/cumulus-4": ModelScript(text="hello", tokens_per_s=50, chunk=4, rules=rules)},
        default=ModelScript(text="who?"),
    )


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("sed = 1", "sed", "did you mean seed?"),
        ('[providers.a]\ndialect = "french"', "providers.a.dialect", "must be one of openai"),
        ("[[providers.a.keys]]\nlabel = 'x'", "providers.a.keys[0].secret", "is missing"),
        ("[[models.m.faults]]\nstatus = 500", "models.m.faults[0].kind", "is missing"),
        ("[[models.m.faults]]\nkind = 'cut'\nafter = -1", "models.m.faults[0].after", "0 or more"),
        ("[[models.m.faults]]\nkind = 'cut'\nprobability = 2", "models.m.faults[0].probability", "between 0 and 1"),
        ("[[models.m.rules]]\nmatch = '('", "models.m.rules[0].match", "no regular expression"),
        ("[models.m]\nuse_rules = ['x']", "models.m.use_rules", "there is no [[rules.x.list]]"),
        ("[models.m]\ntext = 3", "models.m.text", "must be text, not a number"),
        ("[models.m]\nusage = 1", "models.m.usage", "must be true or false, not a number"),
        ("models = 3", "models", "must be a table"),
        ("[models]\nm = 3", "models.m", "must be a table"),
    ],
)
def test_a_mistake_names_its_field_and_what_was_expected(text, field, words):
    with pytest.raises(ScriptError) as raised:
        parse_script(text)
    assert raised.value.field == field
    assert words in raised.value.message


def test_a_file_that_cannot_be_read_or_is_no_toml_says_so(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("[")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, words in ((tmp_path / "none.toml", "cannot be read"), (broken, "no TOML"), (binary, "cannot be read")):
        with pytest.raises(ScriptError, match=words) as raised:
            load_script(path)
        assert raised.value.path == path


def test_secrets_do_not_show():
    assert "k1" not in repr(parse_script(WHOLE))


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["kind", "text", "faults", "rules", "keys", "chunk", "quota"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["seed", "providers", "models", "default", "rules"]), VALUES))
def test_any_document_is_a_script_or_a_named_mistake(document):
    """No document leads to another exception than ScriptError."""
    with contextlib.suppress(ScriptError):
        assert isinstance(parse_script(tomlkit.dumps(document)), Script)
