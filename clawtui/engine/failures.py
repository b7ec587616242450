"""The one table of failures: what kind of failure it was, and what happens next. No `except` elsewhere decides.

Reading a failure off a response or an exception is `classify.py`; this page says what each kind means.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    RATE_LIMIT = "rate_limit"
    UPSTREAM_RATE_LIMIT = "upstream_rate_limit"
    OVERLOADED = "overloaded"
    SERVER = "server"
    BILLING = "billing"
    AUTH = "auth"
    MODEL_NOT_FOUND = "model_not_found"
    NOT_FOUND = "not_found"
    CONTEXT = "context"
    LONG_CONTEXT_TIER = "long_context_tier"
    OUTPUT_CAP = "output_cap"
    BAD_PARAMETER = "bad_parameter"
    CONTENT_FILTER = "content_filter"
    BAD_REQUEST = "bad_request"
    CONNECT = "connect"
    DNS = "dns"
    TLS = "tls"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_TOTAL = "timeout_total"
    MALFORMED = "malformed"
    STREAM_CUT = "stream_cut"
    INTERRUPTED_TOOL = "interrupted_tool"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """What happened after an attempt failed. These words are public (`ask --json`)."""

    RETRY = "retry"
    NEXT_CREDENTIAL = "next_credential"
    NEXT_MODEL = "next_model"
    NEXT_PROFILE = "next_profile"
    REPAIR = "repair"
    WAIT = "wait"
    STOP = "stop"


class Cools(StrEnum):
    """What a failure takes out of use for a while."""

    NOTHING = "nothing"
    CREDENTIAL_MODEL = "credential_model"
    CREDENTIAL = "credential"
    ROUTE = "route"
    TIER = "tier"


@dataclass(frozen=True, slots=True)
class Failure:
    """One classified failure. `message` is the server's own words, cleaned and cut."""

    kind: FailureKind
    message: str = ""
    status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    limit: int | None = None  # a token limit the message states
    parameter: str | None = None  # a parameter the message refuses
    before_first_token: bool = True


class UpstreamFailed(Exception):
    """An attempt failed; carries the classified failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.message}")
        self.failure = failure
