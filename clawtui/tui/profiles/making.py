"""New entries: asked for step by step, from a known provider, from a provider's own list of models, or from nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clawtui.config.catalogue import known_providers
from clawtui.config.schema import ID_PATTERN
from clawtui.engine.probing import Probe
from clawtui.runtime.config_draft import Examined, models_of
from clawtui.text import count
from clawtui.tui.dialogs.ask_line import AskLine
from clawtui.tui.profiles.model_picker import TYPED, ModelPicker
from clawtui.tui.state.profile_form import Section, entries_of
from clawtui.tui.widgets.picker import Option, Picker

if TYPE_CHECKING:
    from clawtui.tui.panes.profiles import ProfilesPane


class Making:
    """Each method ends with a section, a name and what stands in it; None where somebody gave up."""

    def __init__(self, pane: ProfilesPane, now: Examined, right: Examined, text: str) -> None:
        self._pane = pane
        self._now = now
        self._right = right
        self._text = text

    async def new(self) -> tuple[Section, str, dict[str, Any]] | None:
        options = [
            Option(Section.PROFILES, "profile", "a model by a name of yours"),
            Option(Section.PROVIDERS, "provider", "an endpoint: a server of yours, or a compatible one"),
            Option(Section.POLICIES, "policy", "what a caller may use, must have, may spend"),
            Option(Section.FUSION, "fusion", "profiles that advise, one that answers"),
        ]
        chosen = await self._pane.app.push_screen_wait(Picker("New what?", options))
        match chosen and chosen[0]:
            case Section.PROFILES:
                return await self._profile()
            case Section.PROVIDERS:
                return await self._provider()
            case Section.POLICIES:
                name = await self.free_name(Section.POLICIES, "")
                return (Section.POLICIES, name, {"retention": "metadata"}) if name else None
            case Section.FUSION:
                return await self._fusion()
            case _:
                return None

    async def _profile(self) -> tuple[Section, str, dict[str, Any]] | None:
        declared = entries_of(self._now.tree, Section.PROVIDERS)
        known = known_providers()
        options = [Option(name, name, "in this file") for name in declared]
        options += [
            Option(name, name, f"{each.name}{', on this machine' if each.local else ''}")
            for name, each in known.items()
            if name not in declared
        ]
        provider = await self._pane.app.push_screen_wait(Picker("At which provider?", options))
        if not provider:
            return None
        model = await self.model(provider[0])
        if not model:
            return None
        wish = re.sub(r"[^a-z0-9._-]+", "-", model.rpartition("/")[2].lower()).strip("-.") or "model"
        name = await self.free_name(Section.PROFILES, wish)
        return (Section.PROFILES, name, {"provider": provider[0], "model": model}) if name else None

    async def model(self, provider: str, now: str = "") -> str | None:
        """From the provider's own list where it answers; typed where it does not, or where it is none of them."""
        text = self._text
        if provider not in entries_of(self._now.tree, Section.PROVIDERS) or provider not in self._used():
            # The engine knows only providers that a profile uses: for its list, one does.
            text += f'\n[profiles."clawtui.list"]\nprovider = "{provider}"\nmodel = "x"\n'
        probe = await self._pane.desk.do(lambda runtime: models_of(runtime, text, provider))
        if not probe.models:
            words = f"{provider} gives no list: {probe.error or 'it is empty'}"
            return await self._pane.app.push_screen_wait(AskLine("Which model?", now, about=words))
        picker = ModelPicker(f"Which model of {provider}?", _model_options(probe), now)
        chosen = await self._pane.app.push_screen_wait(picker)
        if not chosen:
            return None
        if chosen[0] == TYPED:
            return picker.typed or await self._pane.app.push_screen_wait(AskLine("Which model?", now))
        return chosen[0]

    def _used(self) -> set[str]:
        profiles: Mapping[str, Any] = self._now.tree.get("profiles", {})
        return {str(entry.get("provider")) for entry in profiles.values() if isinstance(entry, Mapping)}

    async def _provider(self) -> tuple[Section, str, dict[str, Any]] | None:
        known = [
            Option(name, name, f"{each.name}: only what is to be another than usual")
            for name, each in known_providers().items()
            if name not in entries_of(self._now.tree, Section.PROVIDERS)
        ]
        chosen = await self._pane.app.push_screen_wait(
            Picker("Which provider?", [Option("", "an endpoint of your own", "OpenAI-compatible at first"), *known])
        )
        if not chosen:
            return None
        if chosen[0]:
            return Section.PROVIDERS, chosen[0], {"enabled": True}
        name = await self.free_name(Section.PROVIDERS, "")
        if not name:
            return None
        url = await self._pane.app.push_screen_wait(
            AskLine("Where does its API begin?", "http://localhost:8000/v1", about="an address up to and with /v1")
        )
        return (Section.PROVIDERS, name, {"kind": "openai", "base_url": url, "credentials": []}) if url else None

    async def _fusion(self) -> tuple[Section, str, dict[str, Any]] | None:
        """Switched off at first: the form shows what it would do and cost."""
        options = [
            Option(name, name, f"{row.provider}/{row.model}", why_not="" if row.ready else row.reason)
            for name, row in self._right.profiles.items()
        ]
        advisers = await self._pane.app.push_screen_wait(Picker("Who advises?", options, most=4))
        if not advisers:
            return None
        synthesizer = await self._pane.app.push_screen_wait(Picker("Who writes the answer?", options))
        if not synthesizer:
            return None
        name = await self.free_name(Section.FUSION, "council")
        values = {"enabled": False, "advisers": list(advisers), "synthesizer": synthesizer[0]}
        return (Section.FUSION, name, values) if name else None

    async def free_name(self, section: Section, wish: str) -> str | None:
        taken = entries_of(self._now.tree, section)
        about = "small letters, digits, . _ -"
        while True:
            name = await self._pane.app.push_screen_wait(AskLine("By which name?", wish, about=about))
            if name is None:
                return None
            name = name.strip()
            if name in taken:
                about = f"{name} is there already"
            elif re.fullmatch(ID_PATTERN, name):
                return name
            else:
                about = "a name is of small letters, digits, . _ - and begins with a letter or digit"
            wish = name


def _model_options(probe: Probe) -> list[Option]:
    return [
        Option(model.id, model.id, f"{count(model.context_tokens)} tokens" if model.context_tokens else "")
        for model in probe.models
    ]
