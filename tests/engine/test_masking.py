"""No part of a secret leaves with a server's words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.masking import SHORTEST_PART, masked

SECRETS = st.text(alphabet="qxz789_-", min_size=SHORTEST_PART, max_size=40)


def test_words_around_a_secret_stay() -> None:
    assert masked("key quokka-12345 is wrong", "quokka-12345") == "key … is wrong"


@settings(max_examples=100, deadline=None)
@given(SECRETS, st.lists(st.text(max_size=12), max_size=4), st.data())
def test_no_part_of_six_characters_is_left(secret: str, words: list[str], data: st.DataObject) -> None:
    """Whatever pieces of the secret a message quotes, none of six characters or more survives."""
    pieces = []
    for word in words:
        start = data.draw(st.integers(0, len(secret) - 1))
        pieces += [word, secret[start : data.draw(st.integers(start, len(secret)))]]
    left = masked("".join(pieces), secret)
    for start in range(len(secret) - SHORTEST_PART + 1):
        assert secret[start : start + SHORTEST_PART] not in left
