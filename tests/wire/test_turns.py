"""Conversations that services would refuse are repaired, and the rest is left as it is."""

from __future__ import annotations

import string
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.request import Message, Role, Text, ToolCall, assistant, system, tool_result, user
from clawtui.engine.wire.turns import GO_ON, NO_RESULT, NOTHING_SAID, conversation, ended

IDS = st.sampled_from(["a", "b", "b", "call:1/é", ""])
CALLS = st.builds(ToolCall, IDS, st.sampled_from(["f", "g"]), st.just("{}"))
TEXTS = st.sampled_from(["", "  ", "hello", "more"])
MESSAGES = st.lists(
    st.one_of(
        st.builds(system, TEXTS),
        st.builds(user, TEXTS),
        st.builds(lambda text, calls: assistant(text, *calls), TEXTS, st.lists(CALLS, max_size=3)),
        st.builds(tool_result, IDS, TEXTS),
    ),
    max_size=10,
)


@settings(max_examples=100, deadline=None)
@given(messages=MESSAGES, prefill=st.booleans())
def test_every_conversation_alternates_and_answers_all_its_calls(messages, prefill):
    """It begins with the user, sides alternate, no turn is empty, every call has its result, no id occurs twice."""
    turns = conversation(messages, prefill=prefill).turns
    assert turns
    assert not turns[0].by_model
    assert all(one.by_model is not other.by_model for one, other in pairwise(turns))
    assert all(turn.parts or turn.calls or turn.results for turn in turns)
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        answered = [] if following is None else [result.call_id for result in following.results]
        assert [call.id for call in turn.calls] == answered
    ids = [call.id for turn in turns for call in turn.calls]
    assert len(set(ids)) == len(ids)
    assert all(id and set(id) <= set(string.ascii_letters + string.digits + "_-") for id in ids)
    assert prefill or not turns[-1].by_model


@settings(max_examples=100, deadline=None)
@given(messages=MESSAGES)
def test_nothing_that_was_said_is_lost(messages):
    """Every word of every message is somewhere: in the system text, a turn, or a result."""
    talk = conversation(messages, prefill=False)
    said = [part.text for turn in talk.turns for part in turn.parts if isinstance(part, Text)]
    said += [result.text for turn in talk.turns for result in turn.results]
    everything = " ".join([talk.system, *said])
    for word in ("hello", "more"):
        assert everything.count(word) == sum(message.text.count(word) for message in messages)


def test_results_with_one_id_go_to_the_calls_in_their_order():
    calls = (ToolCall("x", "f", "1"), ToolCall("x", "g", "2"))
    talk = conversation(
        [user("?"), assistant("", *calls), tool_result("x", "one"), tool_result("x", "two")], prefill=False
    )
    assert [(result.name, result.text) for result in talk.turns[-1].results] == [("f", "one"), ("g", "two")]


def test_a_result_that_answers_no_call_becomes_text():
    talk = conversation([user("?"), tool_result("gone", "42", "count")], prefill=False)
    assert [part.text for part in talk.turns[0].parts if isinstance(part, Text)] == ["?", "Result of count: 42"]


def test_a_call_that_was_never_answered_gets_an_answer_that_says_so():
    talk = conversation([user("?"), assistant("", ToolCall("x", "f", "{}"))], prefill=True)
    assert [(result.missing, result.text) for result in talk.turns[-1].results] == [(True, NO_RESULT)]


def test_system_messages_alone_are_said_by_the_user():
    talk = conversation([system("do it"), Message(Role.DEVELOPER, (Text("now"),))], prefill=False)
    assert (talk.system, talk.turns[0].parts) == ("", (Text("do it\n\nnow"),))
    assert conversation([], prefill=False).turns[0].parts == (Text(NOTHING_SAID),)


def test_who_speaks_last():
    talk = (user("a"), assistant("b"))
    assert conversation(talk, prefill=True).turns[-1].by_model
    assert conversation(talk, prefill=False).turns[-1].parts == (Text(GO_ON),)


def test_messages_that_go_out_as_they_are_end_with_the_user_or_a_call() -> None:
    talk = (user("a"), assistant("b"))
    assert ended(talk, prefill=True) == talk
    assert ended(talk, prefill=False) == (*talk, user(GO_ON))
    calling = (user("a"), assistant("", ToolCall("x", "f", "{}")))
    assert ended(calling, prefill=False) == calling
    assert ended((), prefill=False) == ()
