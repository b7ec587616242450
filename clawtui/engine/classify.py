"""Reads one failure kind off a response or an exception: status, then structured code, then provider, then text. Once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clawtui.config.schema import ProviderKind
from clawtui.engine import error_words as words_of
from clawtui.engine import retry_after
from clawtui.engine.error_words import CODES, LONGEST_READ, NEEDED, bare, cleaned, limit_in, parameter_in
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.wire.dialect import WireError
from clawtui.engine.wire.http import TransportFailed

K = FailureKind
RESET_IS_RATE_LIMIT = 3_600.0  # a reset further away than an hour is about money, not about pace
NO_STATUS = 0  # the error came inside an answer that began as a success
PLAIN_CODES = frozenset({K.CONTEXT, K.CONTENT_FILTER, K.MODEL_NOT_FOUND, K.AUTH, K.OVERLOADED, K.SERVER, K.RATE_LIMIT})
API_KEY = re.compile(r"api[ _-]?key", re.I)

__all__ = ["classify_exception", "classify_response", "cleaned"]


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
    said = error.message[:LONGEST_READ]
    wait = retry_after.from_headers(headers, now_wall)
    if wait is None:
        wait = error.retry_after_s if error.retry_after_s is not None else retry_after.from_text(said, now_wall)
    effective = error.status if error.status is not None and error.status >= 400 else status
    if in_stream and effective < 300:
        effective = NO_STATUS
    # Addresses name billing pages and rate limits where neither is meant.
    found = _kind(effective, error, words_of.ADDRESS.sub(" ", said), wait, kind, prompt_tokens)
    if found is K.BILLING and wait is not None and wait <= RESET_IS_RATE_LIMIT:
        wait = None  # money does not come back within the hour, whatever a hint meant for pace says
    limit = limit_in(said) if found in (K.CONTEXT, K.OUTPUT_CAP) else None
    parameter = _parameter(error, said) if found in (K.BAD_PARAMETER, K.OUTPUT_CAP) else None
    if parameter is not None and bare(parameter) in NEEDED:
        parameter = None
    return Failure(found, _message(found, cleaned(said), status), status or None, error.code, wait, limit, parameter)


def classify_exception(error: BaseException) -> Failure:
    """The failure that an exception means, looking through its causes."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            break
        if isinstance(seen, TransportFailed):
            return Failure(seen.kind, cleaned(seen.message))
        if isinstance(seen, TimeoutError):
            return Failure(K.TIMEOUT_FIRST_TOKEN, "no answer within the time limit")
        seen = seen.__cause__ or seen.__context__
    return Failure(K.UNKNOWN, type(error).__name__)


def _kind(
    status: int, error: WireError, words: str, wait: float | None, kind: ProviderKind, prompt_tokens: int
) -> FailureKind:
    code = CODES.get((error.code or "").lower()) or CODES.get((error.type or "").lower())
    if status == 429 or (status == NO_STATUS and code in (K.RATE_LIMIT, K.BILLING)):
        return _too_many(error, words, wait, code, kind, prompt_tokens)
    if status == 402:
        return K.RATE_LIMIT if wait is not None and wait <= RESET_IS_RATE_LIMIT else K.BILLING
    if status in (498, 503, 529):  # 498: Groq's flex tier is full
        return K.OVERLOADED
    if status in (408, 409) or status >= 500:
        return _server(words, code)
    if status == 401:
        return K.AUTH
    if status == 403:
        return _forbidden(words, code)
    if status == 404:
        return K.MODEL_NOT_FOUND if code is K.MODEL_NOT_FOUND or words_of.MODEL.search(words) else K.NOT_FOUND
    if status == 405 or 300 <= status < 400:
        return K.BAD_REQUEST
    if 400 <= status < 500 or status == NO_STATUS:
        return _refused(status, error, words, code)
    return K.UNKNOWN


def _too_many(
    error: WireError, words: str, wait: float | None, code: FailureKind | None, kind: ProviderKind, prompt_tokens: int
) -> FailureKind:
    if prompt_tokens > 0 and all(pattern.search(words) for pattern in words_of.TIER):
        return K.LONG_CONTEXT_TIER
    if error.upstream:
        return K.UPSTREAM_RATE_LIMIT
    if kind is ProviderKind.GEMINI and words_of.FREE_TIER.search(words) and words_of.NONE_OF_IT.search(words):
        return K.BILLING  # its hint is a minute's even where the day's quota is gone, or there is none at all
    if code is K.OVERLOADED:
        return K.OVERLOADED
    if wait is not None:
        return K.RATE_LIMIT if wait <= RESET_IS_RATE_LIMIT else K.BILLING
    if code is K.BILLING:
        return K.BILLING
    if words_of.BILLING.search(words) and not (code is K.RATE_LIMIT and kind is not ProviderKind.GEMINI):
        return K.BILLING  # Gemini has one code for both
    if code is None and words_of.OVERLOADED.search(words) and not words_of.RATE.search(words):
        return K.OVERLOADED
    return K.RATE_LIMIT


def _server(words: str, code: FailureKind | None) -> FailureKind:
    """Some servers word a caller's fault as their own."""
    if code in (K.OVERLOADED, K.BILLING, K.CONTEXT):
        return code
    if words_of.CONTEXT.search(words):
        return K.CONTEXT
    return K.OVERLOADED if words_of.OVERLOADED.search(words) else K.SERVER


def _forbidden(words: str, code: FailureKind | None) -> FailureKind:
    if code in (K.BILLING, K.CONTENT_FILTER, K.MODEL_NOT_FOUND):
        return code
    if words_of.FILTERED.search(words) and not words_of.AUTH.search(words):
        return K.CONTENT_FILTER
    return K.BILLING if words_of.BILLING.search(words) else K.AUTH


def _refused(status: int, error: WireError, words: str, code: FailureKind | None) -> FailureKind:
    """A 4xx that speaks of the request, or an error inside an answer."""
    if code is not None and code in PLAIN_CODES:
        return _server(words, None) if code is K.SERVER else code
    if words_of.TOGETHER.search(words):
        return K.CONTEXT
    refuses = words_of.PARAMETER.search(words) is not None
    named = _parameter(error, words)
    if words_of.OUTPUT.search(words) and (limit_in(words) is not None or named is not None):
        # "Use max_completion_tokens instead" names a parameter to drop, not a cap.
        return K.BAD_PARAMETER if refuses and limit_in(words) is None else K.OUTPUT_CAP
    if words_of.CONTEXT.search(words):
        return K.CONTEXT
    if words_of.MODEL.search(words) and error.parameter in (None, "model"):
        return K.MODEL_NOT_FOUND
    if code is K.BAD_PARAMETER or (refuses and (named is not None or " does not support " in words)):
        return K.BAD_PARAMETER if "prefill" not in words else K.BAD_REQUEST
    if code is K.BILLING or words_of.BILLING.search(words) or words_of.FREE_TIER.search(words):
        return K.BILLING
    if words_of.FILTERED.search(words):
        return K.CONTENT_FILTER
    if API_KEY.search(words):
        return K.AUTH
    if status != NO_STATUS:
        return K.BAD_REQUEST
    if words_of.OVERLOADED.search(words):
        return K.OVERLOADED
    return K.RATE_LIMIT if words_of.RATE.search(words) else K.SERVER


def _parameter(error: WireError, words: str) -> str | None:
    return error.parameter or parameter_in(words)


def _message(kind: FailureKind, words: str, status: int) -> str:
    if kind is K.NOT_FOUND:
        return f"nothing answers at this address: check the base URL{f' ({words[:200]})' if words else ''}"
    return words or kind.value.replace("_", " ") + (f" (status {status})" if status else "")
