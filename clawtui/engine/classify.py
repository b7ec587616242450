"""Reads one failure kind off a response or an exception: status, then structured code, then provider, then text. Once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clawtui.config.schema import ProviderKind
from clawtui.engine import retry_after
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.wire.dialect import WireError
from clawtui.engine.wire.http import TransportFailed

K = FailureKind
LONGEST_MESSAGE = 300
RESET_IS_RATE_LIMIT = 3_600.0  # a reset further away than an hour is about money, not about pace

CODES: dict[str, FailureKind] = {
    "context_length_exceeded": K.CONTEXT,
    "string_above_max_length": K.CONTEXT,
    "exceed_context_size_error": K.CONTEXT,
    "model_max_prompt_tokens_exceeded": K.CONTEXT,
    "insufficient_quota": K.BILLING,
    "insufficient_credits": K.BILLING,
    "billing_hard_limit_reached": K.BILLING,
    "billing_not_active": K.BILLING,
    "spend_limit_exceeded": K.BILLING,
    "spending_limit_reached": K.BILLING,
    "credit_balance_too_low": K.BILLING,
    "billing_error": K.BILLING,
    "payment_required": K.BILLING,
    "rate_limit_exceeded": K.RATE_LIMIT,
    "rate_limit_error": K.RATE_LIMIT,
    "rate_limited": K.RATE_LIMIT,
    "too_many_requests": K.RATE_LIMIT,
    "requests": K.RATE_LIMIT,
    "tokens": K.RATE_LIMIT,
    "resource_exhausted": K.RATE_LIMIT,
    "overloaded_error": K.OVERLOADED,
    "overloaded": K.OVERLOADED,
    "slow_down": K.OVERLOADED,
    "engine_overloaded": K.OVERLOADED,
    "unavailable": K.OVERLOADED,
    "service_unavailable": K.OVERLOADED,
    "invalid_api_key": K.AUTH,
    "api_key_invalid": K.AUTH,
    "authentication_error": K.AUTH,
    "unauthenticated": K.AUTH,
    "permission_denied": K.AUTH,
    "permission_error": K.AUTH,
    "account_deactivated": K.AUTH,
    "model_not_found": K.MODEL_NOT_FOUND,
    "model_not_available": K.MODEL_NOT_FOUND,
    "deploymentnotfound": K.MODEL_NOT_FOUND,
    "model_decommissioned": K.MODEL_NOT_FOUND,
    "unsupported_parameter": K.BAD_PARAMETER,
    "unsupported_value": K.BAD_PARAMETER,
    "unknown_parameter": K.BAD_PARAMETER,
    "content_filter": K.CONTENT_FILTER,
    "content_policy_violation": K.CONTENT_FILTER,
    "moderation_blocked": K.CONTENT_FILTER,
    "invalid_prompt": K.CONTENT_FILTER,
    "responsibleaipolicyviolation": K.CONTENT_FILTER,
    "api_error": K.SERVER,
    "server_error": K.SERVER,
    "internal_server_error": K.SERVER,
    "internal": K.SERVER,
    "timeout_error": K.SERVER,
    "deadline_exceeded": K.SERVER,
}

CONTEXT = re.compile(
    r"context[ _](?:length|window|size)|maximum context|prompt is too long|too many (?:input )?tokens|input is too long"
    r"|input token count .{0,60}exceeds|reduce the length|exceeds? the (?:available |model'?s? )?context|n_ctx"
    r"|exceed(?:s|ed)? (?:max(?:imum)? )?(?:input |prompt )?(?:length|tokens)|maximum (?:input|prompt) (?:length|tokens)",
    re.I,
)
OUTPUT = re.compile(
    r"max_(?:completion_|output_|new_)?tokens\b.{0,120}"
    r"(?:too large|at most|less than|exceed|maximum|supports|larger|<=|must be|above)"
    r"|(?:at most|maximum of|supports? at most) \d[\d,]* (?:completion|output) tokens|max_?output_?tokens",
    re.I | re.S,
)
PARAMETER = re.compile(
    r"(?:unsupported|unrecognized|unknown|unexpected|extra|not (?:supported|permitted|allowed)|does not support|deprecated"
    r"|isn'?t supported|cannot be used|extra inputs)",
    re.I,
)
BILLING = re.compile(
    r"insufficient (?:quota|credit|fund|balance)|credit balance|exceeded your current quota|billing|payment|spend(?:ing)? limit"
    r"|out of credits|budget|key limit|monthly limit|hard limit|add (?:more )?credits|top up",
    re.I,
)
FREE_TIER = re.compile(r"free[_ ]tier|limit: 0\b|free quota tier", re.I)
AUTH = re.compile(
    r"api[ _-]?key|unauthori[sz]ed|authentication|credential|invalid token|permission|forbidden|not allowed", re.I
)
MODEL = re.compile(
    r"model .{0,120}?(?:not (?:found|exist|available|supported)|does not exist|no longer|is not a valid|unknown)"
    r"|no such model|not a valid model"
    r"|unknown model|(?:not found|unsupported).{0,30}model|no endpoints found|try pulling it|models/\S+ is not found",
    re.I | re.S,
)
FILTERED = re.compile(
    r"content (?:management )?(?:policy|filter)|flagged|moderation|safety|prohibited|violat|blocked", re.I
)
TIER_WORDS = (re.compile(r"extra usage", re.I), re.compile(r"long[ -]context", re.I))
OVERLOADED = re.compile(r"overloaded|over ?capacity|at capacity|high demand|busy|temporarily unavailable", re.I)
RATE = re.compile(r"rate.?limit|too many requests|quota|requests per|tokens per", re.I)
LIMIT = re.compile(
    r"(?:maximum context (?:length|window)(?: of| is)?|context (?:length|window|size)(?: of| is|:)?|> |at most|up to|maximum"
    r"(?: of| is| allowed.{0,30}?)?|limit(?: of| is|:)|<=|n_ctx[^\d]{0,6}|less than or equal to|supports(?: at most)?|allowed)"
    r"[^\d]{0,24}(\d[\d,_]{2,})",
    re.I,
)
OVER = re.compile(r"\d > (\d[\d,]+)|\d tokens > (\d[\d,]+)")
BELOW = re.compile(r"to (\d{2,}) \(exclusive\)")
WHOLE_WINDOW = re.compile(r"context limit|input length and", re.I)
NAMED = re.compile(
    r"[`'\"]([a-z_][\w.]{1,60})[`'\"]|(?:parameter|argument)(?: supplied)?:? ([a-z_][\w.]{1,60})"
    r"|for ([a-z_]\w{2,60})\b",
    re.I,
)
SECRETS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|csk|fw|r8|tgp)[-_][\w*.-]{4,}|AIza[\w*-]{6,}|(?:Bearer|Basic)\s+\S+|\b\w{4,}\*{3,}\w*",
    re.I,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


def classify_response(
    status: int,
    headers: Mapping[str, str],
    error: WireError,
    kind: ProviderKind,
    *,
    in_stream: bool,
    prompt_tokens: int,
    now_wall: float,
) -> Failure:
    """The failure that a response means. `in_stream`: it came inside a 200 answer."""
    words = error.message
    wait = retry_after.from_headers(headers, now_wall)
    if wait is None:
        wait = error.retry_after_s if error.retry_after_s is not None else retry_after.from_text(words)
    effective = error.status or status
    if in_stream and 200 <= effective < 300:
        effective = 0
    found = _kind(effective, error, words, wait, prompt_tokens)
    limit = _limit(words) if found in (K.CONTEXT, K.OUTPUT_CAP) else None
    parameter = (error.parameter or _parameter(words)) if found in (K.BAD_PARAMETER, K.OUTPUT_CAP) else None
    if found is K.BAD_PARAMETER and parameter is None:
        found = K.BAD_REQUEST
    message = "check the base URL: nothing answers at this address" if found is K.NOT_FOUND else cleaned(words)
    return Failure(found, message or _plain(found, status), status or None, error.code, wait, limit, parameter)


def classify_exception(error: BaseException) -> Failure:
    """The failure that an exception means, looking through its causes."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TransportFailed):
            return Failure(seen.kind, cleaned(seen.message))
        if isinstance(seen, TimeoutError):
            return Failure(K.TIMEOUT_FIRST_TOKEN, "no answer within the time limit")
        seen = seen.__cause__ or seen.__context__
    return Failure(K.UNKNOWN, type(error).__name__)


def cleaned(text: str) -> str:
    """The server's words: no control characters, nothing that looks like a key, not too long."""
    text = SECRETS.sub("…", CONTROL.sub(" ", text)).strip()
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def _kind(status: int, error: WireError, words: str, wait: float | None, prompt_tokens: int) -> FailureKind:
    code = CODES.get((error.code or "").lower()) or CODES.get((error.type or "").lower())
    if status == 429 or (status == 0 and code in (K.RATE_LIMIT, K.BILLING)):
        return _too_many(error, words, wait, code, prompt_tokens)
    if status == 402:
        return K.RATE_LIMIT if wait is not None and wait <= RESET_IS_RATE_LIMIT else K.BILLING
    if status in (503, 529):
        return K.OVERLOADED
    if status in (408, 409) or status >= 500:
        return code if code in (K.OVERLOADED, K.BILLING) or (code is K.CONTEXT) else _server(words)
    if status == 401:
        return K.AUTH
    if status == 403:
        if code is K.BILLING or BILLING.search(words):
            return K.BILLING
        return (
            code
            if code in (K.CONTENT_FILTER, K.MODEL_NOT_FOUND)
            else K.CONTENT_FILTER
            if FILTERED.search(words) and not AUTH.search(words)
            else K.AUTH
        )
    if status == 404:
        return K.MODEL_NOT_FOUND if code is K.MODEL_NOT_FOUND or MODEL.search(words) else K.NOT_FOUND
    if status in (400, 413, 422) or status == 0:
        return _refused(status, error, words, code)
    if 300 <= status < 400 or 400 <= status < 500:
        return K.BAD_REQUEST
    return K.UNKNOWN


def _too_many(
    error: WireError, words: str, wait: float | None, code: FailureKind | None, prompt_tokens: int
) -> FailureKind:
    if all(pattern.search(words) for pattern in TIER_WORDS) and prompt_tokens > 0:
        return K.LONG_CONTEXT_TIER
    if error.upstream:
        return K.UPSTREAM_RATE_LIMIT
    if FREE_TIER.search(words) and (wait is None or wait > RESET_IS_RATE_LIMIT or "limit: 0" in words.lower()):
        return K.BILLING
    if wait is not None:
        return K.RATE_LIMIT if wait <= RESET_IS_RATE_LIMIT else K.BILLING
    if code is K.OVERLOADED:
        return K.OVERLOADED
    if code is K.BILLING or (code is not K.RATE_LIMIT and BILLING.search(words)):
        return K.BILLING
    return K.RATE_LIMIT


def _refused(status: int, error: WireError, words: str, code: FailureKind | None) -> FailureKind:
    if code is K.SERVER:
        return _server(words)
    if code in (K.CONTEXT, K.CONTENT_FILTER, K.MODEL_NOT_FOUND, K.AUTH, K.OVERLOADED):
        return code
    if WHOLE_WINDOW.search(words) or (CONTEXT.search(words) and not OUTPUT.search(words)):
        return K.CONTEXT
    if OUTPUT.search(words) and (
        _limit(words) is not None or error.parameter is not None or _parameter(words) is not None
    ):
        # "use max_completion_tokens instead" names a parameter to drop, not a cap.
        return K.BAD_PARAMETER if _limit(words) is None and PARAMETER.search(words) else K.OUTPUT_CAP
    if code is K.BAD_PARAMETER or (PARAMETER.search(words) and (error.parameter or _parameter(words))):
        return K.MODEL_NOT_FOUND if MODEL.search(words) and not error.parameter else K.BAD_PARAMETER
    if MODEL.search(words):
        return K.MODEL_NOT_FOUND
    if code is K.BILLING or BILLING.search(words):
        return K.BILLING
    if FILTERED.search(words):
        return K.CONTENT_FILTER
    if re.search(r"api[ _-]?key", words, re.I):
        return K.AUTH
    if status == 0:
        return code or (K.OVERLOADED if OVERLOADED.search(words) else K.RATE_LIMIT if RATE.search(words) else K.SERVER)
    return K.BAD_REQUEST


def _server(words: str) -> FailureKind:
    """Some servers word a caller's fault as their own."""
    if CONTEXT.search(words):
        return K.CONTEXT
    return K.OVERLOADED if OVERLOADED.search(words) else K.SERVER


def _limit(words: str) -> int | None:
    """The token limit that a message states: the smallest that it names as one."""
    if over := OVER.search(words):
        return int((over[1] or over[2]).replace(",", ""))
    if below := BELOW.search(words):
        return int(below[1]) - 1
    numbers = [int(found.replace(",", "").replace("_", "")) for found in LIMIT.findall(words)]
    return min((number for number in numbers if number >= 16), default=None)


def _parameter(words: str) -> str | None:
    for found in NAMED.finditer(words):
        name = next(group for group in found.groups() if group)
        if name.lower() not in NOT_PARAMETERS:
            return name.split(".")[0]
    return None


NOT_PARAMETERS = frozenset(
    {"this", "the", "your", "model", "value", "error", "request", "true", "false", "null", "none"}
)


def _plain(kind: FailureKind, status: int) -> str:
    return f"{kind.value.replace('_', ' ')}" + (f" (status {status})" if status else "")
