"""The words and codes of refusals: what services call things, the limit or parameter a message names, and the message
made fit to show. What it all means is decided in `classify`."""

from __future__ import annotations

import re

from clawtui.engine.failures import FailureKind

K = FailureKind
LONGEST_MESSAGE = 300
LONGEST_READ = 4_000  # of a message: what it means stands at its beginning

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
    "budget_exceeded": K.BILLING,
    "rate_limit_exceeded": K.RATE_LIMIT,
    "rate_limit_error": K.RATE_LIMIT,
    "rate_limited": K.RATE_LIMIT,
    "too_many_requests": K.RATE_LIMIT,
    "request_quota_exceeded": K.RATE_LIMIT,
    "token_quota_exceeded": K.RATE_LIMIT,
    "requests": K.RATE_LIMIT,
    "tokens": K.RATE_LIMIT,
    "resource_exhausted": K.RATE_LIMIT,
    "overloaded_error": K.OVERLOADED,
    "overloaded": K.OVERLOADED,
    "server_overloaded": K.OVERLOADED,
    "slow_down": K.OVERLOADED,
    "engine_overloaded": K.OVERLOADED,
    "capacity_exceeded": K.OVERLOADED,
    "queue_exceeded": K.OVERLOADED,
    "unavailable": K.OVERLOADED,
    "unavailable_error": K.OVERLOADED,
    "service_unavailable": K.OVERLOADED,
    "invalid_api_key": K.AUTH,
    "wrong_api_key": K.AUTH,
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
    "invalid_model": K.MODEL_NOT_FOUND,
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

# Input and answer together are too much for the window: no smaller answer limit is worth remembering for that.
TOGETHER = re.compile(
    r"exceeds? context limit|tokens`? ?\+ ?`?max_(?:new_)?tokens|maximum context length is \d+ tokens and your request",
    re.I,
)
CONTEXT = re.compile(
    r"context[ _](?:length|window|size)|maximum context|prompt is too long|too many (?:input )?tokens"
    r"|input is too long|input token count .{0,60}exceeds|reduce the length|exceeds? the (?:available |model'?s? )?context"
    r"|n_ctx|exceed(?:s|ed)? (?:max(?:imum)? )?(?:input |prompt )?(?:length|tokens)"
    r"|maximum (?:input|prompt) (?:length|tokens)|must have less than \d+ tokens",
    re.I,
)
OUTPUT = re.compile(
    r"max_(?:completion_|output_|new_)?tokens\b.{0,120}?"
    r"(?:too large|at most|less than|exceed|supports|larger than|<=|> \d|above|valid range)"
    r"|(?:at most|maximum of) \d[\d,]* (?:completion|output) tokens|maxOutputTokens.{0,80}(?:range|at most|exceed)",
    re.I | re.S,
)
PARAMETER = re.compile(
    r"unsupported|unrecognized|unknown|unexpected|extra inputs|not (?:supported|permitted)|does not support|deprecated"
    r"|isn'?t supported|cannot (?:both )?be (?:used|specified)",
    re.I,
)
BILLING = re.compile(
    r"insufficient (?:quota|credit|fund|balance)|credit balance|exceeded your current quota|\bbilling\b|\bpayments?\b"
    r"|past invoices|spend(?:ing)? limit|(?:any|out of|available|purchase|prepayment|more|enough) credits"
    r"|budget (?:has been |is |was )?(?:exceeded|exhausted|reached)|exceed\w* .{0,20}budget|key limit|monthly limit"
    r"|hard limit|regain access|top up",
    re.I,
)
FREE_TIER = re.compile(r"free[_ -]?tier", re.I)
NONE_OF_IT = re.compile(r"limit: 0\b|PerDay", re.I)
AUTH = re.compile(r"api[ _-]?key|unauthori[sz]ed|authentication|credentials? (?:is|are|not)|invalid token", re.I)
MODEL = re.compile(
    r"models?[:/ ]{1,2}[`'\"]?[\w./:@-]{0,100}[`'\"]?,? ?(?:is |was |has been |could )?"
    r"(?:not (?:found|exist|available|supported\b)|does not exist|no longer|deprecated|decommissioned)"
    r"|not a valid model|(?:invalid|unknown|no such) model\b(?! param)|no endpoints found|try pulling it|not a chat model"
    r"|^model: \S+$",
    re.I,
)
FILTERED = re.compile(
    r"content (?:management |filter\w* )?(?:policy|filter)|\bflagged\b|moderation|safety (?:system|reason|filter|setting)"
    r"|prohibited (?:content|use)|violat\w* .{0,40}(?:polic|terms|guideline)|content exists risk"
    r"|(?:prompt|request|response|content|output|input) (?:was |is |has been )?blocked",
    re.I,
)
TIER = (re.compile(r"extra usage", re.I), re.compile(r"long[ -]context", re.I))
OVERLOADED = re.compile(
    r"overloaded|over ?capacity|at capacity|high (?:demand|traffic)|\bbusy\b|temporarily unavailable", re.I
)
RATE = re.compile(r"rate.?limit|too many requests|quota|requests per|tokens per", re.I)
ADDRESS = re.compile(r"https?://\S+")

NUMBER = r"(\d[\d,_]*\d)"
ABOVE = re.compile(rf"> ?{NUMBER}")
EXCLUSIVE = re.compile(rf"to {NUMBER} \(exclusive\)")
RANGE = re.compile(rf"\[ ?\d+ ?, ?{NUMBER} ?\]")
LIMIT = re.compile(
    r"(?:(?:maximum )?context (?:length|window|size|limit)|at most|up to|maximum(?: of| is|[\w ]{0,30}allowed)?|limit(?: of| is|:)"
    rf"|<=|n_ctx|less than(?: or equal to)?)[^\d]{{0,24}}{NUMBER}|{NUMBER} maximum context",
    re.I,
)
LEAST_LIMIT = 16

PLAIN_NAME = r"([A-Za-z_]\w{1,60}(?:\.\w+)*)"
CALLED = re.compile(rf"(?:parameter|argument|field|name)s?(?: supplied)?:? [`'\"]?{PLAIN_NAME}", re.I)
QUOTED = re.compile(rf"[`'\"]{PLAIN_NAME}[`'\"]|^{PLAIN_NAME}: ")
UNSUPPORTED = re.compile(r"does not support (thinking|reasoning)", re.I)
# What a request may go without and still be the same request. The rest is never dropped to please a server.
DROPPABLE = frozenset(
    ["temperature", "top_p", "top_k", "min_p", "stop", "stop_sequences", "seed", "n", "user", "metadata", "store",
     "max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "reasoning", "reasoning_effort",
     "reasoningEffort", "thinking", "think", "thinkingConfig", "thinkingLevel", "thinkingBudget", "parallel_tool_calls",
     "parallel_tools", "stream_options", "frequency_penalty", "presence_penalty", "repetition_penalty", "logprobs",
     "top_logprobs", "logit_bias", "service_tier", "topP", "topK", "stopSequences", "frequencyPenalty",
     "presencePenalty", "output_config", "verbosity", "cache_control"]
)  # fmt: skip
NEEDED = frozenset(
    ["model", "messages", "input", "contents", "content", "prompt", "system", "system_instruction", "stream", "tools",
     "tool_choice", "tool_config", "functions", "response_format", "responseSchema", "format", "schema", "images",
     "role", "type", "vision", "audio"]
)  # fmt: skip

SECRETS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|csk|fw|r8|tgp|ghp|gho)[-_][\w*.-]{4,}|AIza[\w*-]{6,}"
    r"|\b(?:Bearer|Basic)\s+[^\s,;]+|\beyJ[\w-]{4,}(?:\.[\w-]+)*|\w*\*{3,}\w*"
    r"|(?<=[=:])\s?(?<=key=|key:|ken=|ken:|ret=|ret:|ord=|ord:|ey: |en: |et: |rd: )[\"']?[^\s\"',;&]{6,}",
    re.I,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


def cleaned(text: str) -> str:
    """The server's words: no control characters, nothing that looks like a key, not too long. The key that was sent,
    whatever it looks like, is masked where it is known."""
    text = SECRETS.sub("…", CONTROL.sub(" ", text[:LONGEST_READ])).strip()
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def limit_in(words: str) -> int | None:
    """The token limit that a message states, as the largest number allowed."""
    if (found := EXCLUSIVE.search(words)) is not None:
        return _number(found[1]) - 1
    for pattern in (ABOVE, RANGE):
        if (found := pattern.search(words)) is not None:
            return _number(found[1])
    numbers = (_number(found[1] or found[2]) for found in LIMIT.finditer(words))
    return min((number for number in numbers if number >= LEAST_LIMIT), default=None)


def _number(text: str) -> int:
    return int(text.replace(",", "").replace("_", "")[:12])


def parameter_in(words: str) -> str | None:
    """The parameter that a message refuses; may be one that a request cannot go without."""
    if UNSUPPORTED.search(words) is not None:
        return "reasoning_effort"
    quoted = [name for found in QUOTED.finditer(words) for name in found.groups() if name]
    known = next((name for name in quoted if bare(name) in DROPPABLE), None)
    if known is not None:
        return known
    if (called := CALLED.search(words)) is not None and called[1].lower() not in ("is", "of", "for", "not", "must"):
        return called[1]
    return next((name for name in quoted if bare(name) in NEEDED), None)


def bare(name: str) -> str:
    """`messages` of `messages[0].role`."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]
