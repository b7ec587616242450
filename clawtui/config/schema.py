"""What the config file may say: one model a table, each field with its bounds and a description for docs and forms.

Bounds of single fields are here; what needs two fields or the outside (references, fusion nesting, secrets) is in
`checks`. Nothing here reads a file or fills in what a known provider brings along; that is `effective`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, Strict

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
# Ids become file names of exports and columns on the screen; without an end one id could fill both.
ID_LENGTH = 64
FUSION_PREFIX = "fusion"
MAX_ADVISERS = 4
# Far above all that is asked anywhere: beyond them sums would no longer be numbers.
MAX_PRICE = 1_000_000
MAX_TOKENS = 1_000_000_000
MAX_USD = 1_000_000_000

Id = Annotated[str, Field(pattern=ID_PATTERN, max_length=ID_LENGTH)]
# TOML has types of its own, so "5" is no number and 1 is no truth value: both are mistakes worth a finding.
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=512)]


class ProviderKind(StrEnum):
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"


class PoolStrategy(StrEnum):
    FILL_FIRST = "fill-first"
    ROUND_ROBIN = "round-robin"
    LEAST_USED = "least-used"
    RANDOM = "random"


class ProbeMode(StrEnum):
    WHEN_OPEN = "when-open"
    ALWAYS = "always"
    NEVER = "never"


class Retention(StrEnum):
    NONE = "none"
    METADATA = "metadata"
    FULL = "full"


class OnInterrupted(StrEnum):
    RESTART = "restart"
    STOP = "stop"


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Timeouts(Table):
    connect: Number = Field(default=5.0, gt=0, le=600, description="Seconds to reach the server.")
    first_token: Number = Field(default=60.0, gt=0, le=3600, description="Seconds of silence before the first token.")
    idle: Number = Field(default=30.0, gt=0, le=3600, description="Seconds of silence between two pieces of an answer.")
    total: Number = Field(default=600.0, gt=0, le=86400, description="Seconds for the whole call.")


class TimeoutOverrides(Table):
    """Time limits of one profile: what is left out is its provider's."""

    connect: Number | None = Field(default=None, gt=0, le=600, description="Seconds to reach the server.")
    first_token: Number | None = Field(default=None, gt=0, le=3600, description="Seconds before the first token.")
    idle: Number | None = Field(default=None, gt=0, le=3600, description="Seconds between two pieces of an answer.")
    total: Number | None = Field(default=None, gt=0, le=86400, description="Seconds for the whole call.")

    def over(self, base: Timeouts) -> Timeouts:
        """The provider's limits with these in place of theirs."""
        return base.model_copy(update=self.model_dump(exclude_none=True))


class CircuitSettings(Table):
    failures: Whole = Field(default=5, ge=1, le=1000, description="Failures in a row that open the circuit.")
    open_for: Number = Field(default=30.0, gt=0, le=86400, description="Seconds until the first probe.")
    open_for_max: Number = Field(default=300.0, gt=0, le=86400, description="Most seconds between probes.")


class Price(Table):
    """USD per million tokens."""

    input: Number = Field(ge=0, le=MAX_PRICE, description="USD per million input tokens.")
    output: Number = Field(ge=0, le=MAX_PRICE, description="USD per million output tokens.")
    cached_input: Number | None = Field(
        default=None,
        ge=0,
        le=MAX_PRICE,
        description="USD per million input tokens read from the provider's cache. Default: as input.",
    )


class Provider(Table):
    """An endpoint. What is left out of a known provider's table comes from the catalogue."""

    kind: ProviderKind | None = Field(
        default=None, description="Wire protocol: openai (any compatible endpoint), anthropic, gemini or ollama."
    )
    base_url: Name | None = Field(default=None, description="Where the API begins: an http(s) address or env:NAME.")
    credentials: tuple[Name, ...] | None = Field(
        default=None,
        description="References to secrets: env:NAME, env:NAME*, file:PATH, keyring:SERVICE/USER, cmd:COMMAND."
        " Left out: the known provider's variable; empty: no key is sent.",
    )
    pool: PoolStrategy = Field(default=PoolStrategy.FILL_FIRST, description="How a credential is chosen.")
    headers: dict[Name, str] = Field(
        default_factory=dict, description="Headers sent with every call; a value may be env:NAME."
    )
    query: dict[Name, str] = Field(
        default_factory=dict, description="Query parameters sent with every call, such as Azure's api-version."
    )
    timeouts: Timeouts = Field(default_factory=Timeouts, description="Time limits in seconds.")
    retries: Whole = Field(default=2, ge=0, le=10, description="Extra tries on one route, over all credentials.")
    max_concurrency: Whole = Field(default=32, ge=1, le=1024, description="Most calls at the same time.")
    circuit: CircuitSettings = Field(default_factory=CircuitSettings, description="When a route is left alone.")
    price: Price | None = Field(default=None, description="Holds for every model of the provider.")
    probe: ProbeMode = Field(
        default=ProbeMode.WHEN_OPEN, description="When the model list is asked for to see whether the server is back."
    )
    enabled: Flag = Field(default=True, description="False: no profile of this provider is used.")


class Capabilities(Table):
    """What a model can do. Left out means unknown, and unknown never rejects a profile."""

    tools: Flag | None = Field(default=None, description="Can call tools.")
    parallel_tools: Flag | None = Field(default=None, description="Can ask for several tool calls at once.")
    vision: Flag | None = Field(default=None, description="Reads images.")
    audio: Flag | None = Field(default=None, description="Hears sound.")
    json_schema: Flag | None = Field(default=None, description="Can be held to a JSON schema.")
    streaming: Flag | None = Field(default=None, description="Answers piece by piece.")
    reasoning: Flag | None = Field(default=None, description="Takes a reasoning effort.")
    system_messages: Flag | None = Field(default=None, description="Takes system messages.")
    prefill: Flag | None = Field(
        default=None, description="Continues where the last message is the start of its own answer."
    )
    max_context_tokens: Whole | None = Field(
        default=None, ge=1, le=MAX_TOKENS, description="Window: input and output together."
    )
    max_output_tokens: Whole | None = Field(default=None, ge=1, le=MAX_TOKENS, description="Most tokens of one answer.")


class Defaults(Table):
    """What is sent where the caller says nothing."""

    temperature: Number | None = Field(default=None, ge=0, le=2, description="Sampling temperature.")
    max_tokens: Whole | None = Field(default=None, ge=1, le=MAX_TOKENS, description="Most tokens of the answer.")
    system: str | None = Field(default=None, description="System message where the caller brings none.")
    reasoning_effort: Name | None = Field(
        default=None, description="Reasoning effort in the provider's words: none, minimal, low, medium, high, …"
    )


class LongContext(Table):
    fallback_context_tokens: Whole = Field(
        ge=1, le=MAX_TOKENS, description="Window to step down to while the larger tier is rate-limited."
    )


class Profile(Table):
    """A named model on a provider."""

    provider: Id = Field(description="Id of a known provider or of a [providers.ID] table.")
    model: Name = Field(description="The model as the provider calls it.")
    description: str = Field(default="", description="One line for lists and pickers.")
    tags: tuple[Name, ...] = Field(default=(), description="Words that policies ask for, forbid or prefer.")
    fallback_models: tuple[Name, ...] = Field(
        default=(), description="Models of the same provider, tried before the fallback profiles."
    )
    fallback_profiles: tuple[str, ...] = Field(default=(), description="Profiles tried in this order after the models.")
    price: Price | None = Field(default=None, description="Wins over the provider's and the catalogue's.")
    enabled: Flag = Field(default=True, description="False: listed, never used.")
    capabilities: Capabilities = Field(default_factory=Capabilities, description="What the model can do.")
    defaults: Defaults = Field(default_factory=Defaults, description="Sent where the caller says nothing.")
    long_context: LongContext | None = Field(default=None, description="A smaller tier to step down to.")
    timeouts: TimeoutOverrides = Field(
        default_factory=TimeoutOverrides, description="Time limits in seconds in place of the provider's."
    )
    extra: dict[Name, JsonValue] = Field(
        default_factory=dict, description="Fields put into the request body as they are."
    )
    query: dict[Name, str] = Field(default_factory=dict, description="Query parameters, over and above the provider's.")


class Require(Table):
    """What a model must be able to do to be used under a policy."""

    tools: Flag = Field(default=False, description="Must call tools.")
    parallel_tools: Flag = Field(default=False, description="Must ask for several tool calls at once.")
    vision: Flag = Field(default=False, description="Must read images.")
    audio: Flag = Field(default=False, description="Must hear sound.")
    json_schema: Flag = Field(default=False, description="Must be held to a JSON schema.")
    streaming: Flag = Field(default=False, description="Must answer piece by piece.")
    reasoning: Flag = Field(default=False, description="Must take a reasoning effort.")
    system_messages: Flag = Field(default=False, description="Must take system messages.")
    prefill: Flag = Field(default=False, description="Must continue a started answer.")
    min_context_tokens: Whole = Field(default=0, ge=0, le=MAX_TOKENS, description="Smallest window, in tokens.")


class Budget(Table):
    """What a policy may spend. Left out: no limit."""

    daily_usd: Number | None = Field(default=None, ge=0, le=MAX_USD, description="USD a day, in the local time zone.")
    monthly_usd: Number | None = Field(
        default=None, ge=0, le=MAX_USD, description="USD a calendar month, in the local time zone."
    )
    warn_at: Number = Field(default=0.8, ge=0, le=1, description="Share of a limit at which a warning shows once.")


class Policy(Table):
    """What a caller may use, prefers, must have, may spend, and what is kept."""

    profile: str | None = Field(default=None, description="What answers when the caller names nothing.")
    fallback_profiles: tuple[str, ...] = Field(default=(), description="Tried after the profile's own fallbacks.")
    allow: tuple[Name, ...] = Field(default=("*",), description="Profiles that may be used: ids and globs.")
    deny: tuple[Name, ...] = Field(default=(), description="Profiles that may not: ids and globs. Wins over allow.")
    require_tags: tuple[Name, ...] = Field(
        default=(), description="A boundary: only profiles with all of these tags, not even on failure another."
    )
    forbid_tags: tuple[Name, ...] = Field(default=(), description="No profile with one of these tags.")
    prefer_tags: tuple[Name, ...] = Field(default=(), description="Profiles with more of these tags come first.")
    require: Require = Field(default_factory=Require, description="What the model must be able to do.")
    budget: Budget = Field(default_factory=Budget, description="What may be spent.")
    retention: Retention = Field(
        default=Retention.METADATA, description="What traces keep: none, metadata, or full with prompts and answers."
    )
    on_interrupted: OnInterrupted = Field(
        default=OnInterrupted.RESTART, description="An answer cut half-way: restart it elsewhere, or stop and keep it."
    )
    patience: Number = Field(
        default=3.0, ge=0, le=600, description="Seconds worth waiting for the asked-for route before falling back."
    )
    fallback_on_content_filter: Flag = Field(
        default=False, description="True: a refusal for content lets the next candidate try."
    )


class Fusion(Table):
    """Advisers that answer at once and a synthesizer that writes the reply; asked for as fusion/NAME."""

    enabled: Flag = Field(default=True, description="False: not offered.")
    advisers: tuple[str, ...] = Field(
        min_length=1, max_length=MAX_ADVISERS, description="One to four profiles; the same may stand twice."
    )
    synthesizer: str = Field(description="Profile that writes the reply.")
    adviser_timeout: Number = Field(default=15.0, ge=1, le=120, description="Seconds for each adviser's whole answer.")
    adviser_max_tokens: Whole = Field(default=768, ge=64, le=4096, description="Most tokens of one proposal.")
    max_input_chars: Whole = Field(
        default=24_000, ge=1_000, le=200_000, description="Most characters of the conversation shown to an adviser."
    )
    max_proposal_chars: Whole = Field(
        default=6_000, ge=256, le=20_000, description="Most characters of a proposal shown to the synthesizer."
    )
    temperature: Number = Field(default=0.2, ge=0, le=2, description="Sampling temperature of the advisers.")
    quorum: Whole = Field(
        default=0, ge=0, le=MAX_ADVISERS, description="0: wait for all; k: synthesize once k proposals are in."
    )
    anonymous: Flag = Field(default=True, description="The synthesizer sees A, B, C in a drawn order, no model names.")
    best_draft: Flag = Field(
        default=False, description="If every synthesizer route is down, give the longest proposal, named as such."
    )


class Ui(Table):
    theme: Name = Field(default="lobster", description="Name of a built-in theme or of a file in the themes folder.")
    default_pane: Name = Field(default="playground", description="Pane that is open at the start.")
    vim_keys: Flag = Field(default=True, description="j k g G move in lists.")
    motion: Flag = Field(default=True, description="False: no animation.")
    keep_conversations: Flag = Field(
        default=True, description="Conversations and drafts are kept between starts, apart from any policy's retention."
    )


class DataSettings(Table):
    keep_days: Whole | None = Field(
        default=None, ge=1, le=36_500, description="Traces and usage older than this are pruned. Left out: kept."
    )


class Config(Table):
    """The whole file."""

    version: Whole = Field(default=1, ge=1, le=1, description="Version of this format.")
    default_profile: str | None = Field(default=None, description="What answers when nothing else is said.")
    default_policy: str | None = Field(default=None, description="Policy of callers that name none.")
    providers: dict[Id, Provider] = Field(default_factory=dict, description="Endpoints.")
    profiles: dict[Id, Profile] = Field(default_factory=dict, description="Models by your names.")
    policies: dict[Id, Policy] = Field(default_factory=dict, description="Rules for callers.")
    fusion: dict[Id, Fusion] = Field(default_factory=dict, description="Virtual profiles of several models.")
    ui: Ui = Field(default_factory=Ui, description="The screen.")
    data: DataSettings = Field(default_factory=DataSettings, description="What is kept on disk.")
    keys: dict[Name, str] = Field(default_factory=dict, description="Action id to keys, separated by commas.")

    @property
    def all_policies(self) -> Mapping[str, Policy]:
        """The policies, with the implicit `default` where none of that name is written."""
        return self.policies if DEFAULT_POLICY in self.policies else {DEFAULT_POLICY: Policy(), **self.policies}


DEFAULT_POLICY = "default"
