"""What an adviser reads."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.fusing.adviser_prompt import CUT, LEFT_OUT, adviser_messages, adviser_system, cut_in_middle
from clawtui.engine.request import (
    Media,
    MediaKind,
    Message,
    Role,
    Text,
    ToolCall,
    assistant,
    system,
    tool_result,
    user,
)

LIMIT = 24_000
IMAGE = Media(MediaKind.IMAGE, b"\x89PNG", "image/png", "cat.png")


def read(*messages: Message, limit: int = LIMIT) -> tuple[Message, ...]:
    return adviser_messages(messages, 0, limit)[1:]


def test_every_index_has_a_role_of_its_own_and_is_told_to_stay_private() -> None:
    roles = {adviser_system(index) for index in range(4)}
    assert len(roles) == 4
    assert all("private adviser" in role and "no tools" in role for role in roles)


def test_an_image_leaves_a_placeholder_and_nothing_of_its_bytes() -> None:
    (message,) = read(user("What is this?", IMAGE))
    assert message.parts == (Text("What is this?\n[image]"),)


def test_a_tool_result_becomes_a_users_text_marked_as_such() -> None:
    messages = read(
        user("Weather?"),
        assistant("", ToolCall("1", "weather", '{"city": "Oslo"}')),
        tool_result("1", "rain", "weather"),
    )
    assert [message.role for message in messages] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert messages[1].text == '[called weather with {"city": "Oslo"}]'
    assert messages[1].tool_calls == ()
    assert messages[2].text == "[tool result of weather]\nrain"


def test_a_developer_message_becomes_a_system_message() -> None:
    (message,) = read(Message(Role.DEVELOPER, (Text("Be brief."),)))
    assert message == system("Be brief.")


def test_what_fits_is_left_as_it_is() -> None:
    conversation = (system("Rules"), user("One"), assistant("Two"), user("Three"))
    assert read(*conversation) == conversation


def test_too_long_a_history_keeps_system_first_and_last_user_message_and_the_newest_turns() -> None:
    middle = [turn for n in range(50) for turn in (user(f"question {n} " + "x" * 200), assistant(f"answer {n}"))]
    messages = read(system("Rules"), user("The first"), *middle, user("The last"), limit=2_000)
    texts = [message.text for message in messages]
    assert texts[:2] == ["Rules", "The first"]
    assert texts[2] == LEFT_OUT
    assert texts[-1] == "The last"
    assert "answer 49" in texts
    assert "answer 0" not in texts


def test_a_pinned_message_that_is_too_long_alone_is_cut_in_its_middle() -> None:
    (message,) = read(user("begin " + "x" * 10_000 + " end"), limit=1_000)
    assert message.text.startswith("begin")
    assert message.text.endswith(" end")
    assert CUT in message.text


def test_the_question_is_pinned_and_not_the_tool_results_behind_it() -> None:
    question = "THE QUESTION " + "x" * 900
    messages = read(
        system("Rules"),
        user("The first " + "y" * 150),
        assistant("An answer"),
        user(question),
        assistant("", ToolCall("1", "search", "{}")),
        tool_result("1", "found " * 100, "search"),
        tool_result("1", "end", "search"),
        limit=1_300,
    )
    assert [message.text[:12] for message in messages] == [
        "Rules",
        "The first yy",
        LEFT_OUT[:12],
        question[:12],
        LEFT_OUT[:12],
        "[tool result",
    ]
    assert messages[3].text == question
    assert messages[-1].text == "[tool result of search]\nend"


def test_of_a_long_tool_result_behind_the_question_both_ends_are_kept() -> None:
    messages = read(
        user("What does the log say?"),
        assistant("", ToolCall("1", "read", "{}")),
        tool_result("1", "begin " + "x" * 50_000 + " end", "read"),
        limit=1_000,
    )
    assert [message.text for message in messages[:2]] == ["What does the log say?", LEFT_OUT]
    assert messages[2].text.startswith("[tool result of read]\nbegin")
    assert CUT in messages[2].text
    assert messages[2].text.endswith(" end")


def test_a_developers_message_is_pinned_as_the_system_prompt_that_it_becomes() -> None:
    turns = [turn for n in range(9) for turn in (user("q" * 200), assistant("a" * 200))]
    messages = read(Message(Role.DEVELOPER, (Text("Be brief."),)), *turns, limit=1_000)
    assert messages[0] == system("Be brief.")


messages_strategy = st.lists(
    st.tuples(st.sampled_from([Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL]), st.text(max_size=3_000)).map(
        lambda pair: Message(pair[0], (Text(pair[1]),))
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(messages_strategy, st.integers(1_000, 6_000))
def test_the_limit_holds_and_the_last_user_message_is_there(messages: list[Message], limit: int) -> None:
    """Whatever the conversation, an adviser reads at most the limit, and something of the last question."""
    fitted = read(*messages, limit=limit)
    assert sum(len(message.text) for message in fitted) <= limit
    users = [message for message in messages if message.role is Role.USER]
    if users and users[-1].text:
        assert any(message.text and message.text[:1] == users[-1].text[:1] for message in fitted)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=400), st.integers(1, 300))
def test_a_cut_never_exceeds_its_limit_and_keeps_both_ends(text: str, limit: int) -> None:
    """Beginning and end of the text survive a cut, and no surrogate pair is parted."""
    cut = cut_in_middle(text, limit)
    assert len(cut) <= max(limit, 0)
    if cut != text and CUT in cut:
        head, tail = cut.split(CUT, 1) if cut.count(CUT) == 1 else (cut[:1], cut[-1:])
        assert text.startswith(head)
        assert text.endswith(tail)


def test_a_surrogate_pair_is_never_parted() -> None:
    pair = "\ud83d\ude00"
    for limit in range(15, 60):
        cut = cut_in_middle(pair * 40, limit)
        head, tail = cut.split(CUT) if CUT in cut else (cut, "")
        assert not head.endswith("\ud83d")
        assert not tail.startswith("\ude00")
