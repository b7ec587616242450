"""What a wire cannot say is asked once a kind, however many routes there are: it takes the whole conversation."""

from clawtui.config.schema import ProviderKind
from clawtui.engine.request import ChatRequest
from clawtui.engine.verdicts import Skip
from tests.engine.builders import a_plan, a_profile, entry, order


def test_what_a_wire_cannot_say_is_asked_once_and_holds_for_all_routes_of_its_kind() -> None:
    asked: list[ProviderKind] = []

    def inexpressible(kind: ProviderKind, request: ChatRequest) -> str | None:
        asked.append(kind)
        return "cannot say it" if kind is ProviderKind.OLLAMA else None

    plan = a_plan(
        {
            "first": a_profile("alpha"),
            "second": a_profile("beta"),
            "mute": a_profile("m1", provider="local"),
            "dumb": a_profile("m2", provider="local"),
        },
        inexpressible=inexpressible,
        providers={"local": {"kind": "ollama", "base_url": "http://127.0.0.1:9", "credentials": []}},
    )
    assert order(plan) == ["first", "second"]
    assert [entry(plan, name).skip for name in ("mute", "dumb")] == [Skip.INEXPRESSIBLE] * 2
    assert sorted(asked) == sorted([ProviderKind.OPENAI, ProviderKind.OLLAMA])
