"""How Gemini words its errors: a status in capitals, and details with a type."""

from __future__ import annotations

from typing import Any

from clawtui.simulator.problem import Problem, ProblemKind

STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def worded(problem: Problem) -> tuple[int, str, list[dict[str, Any]]]:
    status, said = problem.usual_status, problem.message
    match problem.kind:
        case ProblemKind.INVALID_KEY:
            reason = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            }
            return problem.status or 400, said or "API key not valid. Please pass a valid API key.", [reason]
        case ProblemKind.PERMISSION:
            message = said or "Method doesn't allow unregistered callers (callers without established identity)."
            return status, message, []
        case ProblemKind.BILLING:
            message = said or "You exceeded your current quota, please check your plan and billing details."
            violation = {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                        "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                    }
                ],
            }
            return problem.status or 429, message, [violation]
        case ProblemKind.MODEL_NOT_FOUND:
            message = said or (
                f"models/{problem.model} is not found for API version v1beta, or is not supported for "
                "generateContent. Call ListModels to see the list of available models and their supported methods."
            )
            return status, message, []
        case ProblemKind.RATE_LIMIT:
            return status, said or "Resource has been exhausted (e.g. check quota).", []
        case ProblemKind.OVERLOADED:
            return status, said or "The model is overloaded. Please try again later.", []
        case ProblemKind.SERVER:
            return status, said or "An internal error has occurred. Please retry.", []
        case ProblemKind.CONTEXT:
            message = said or (
                f"The input token count ({problem.given}) exceeds the maximum number of tokens allowed "
                f"({problem.limit})."
            )
            return status, message, []
        case ProblemKind.OUTPUT_CAP:
            message = said or (
                f"Unable to submit request because it has a maxOutputTokens value of {problem.given} but the supported "
                f"range is from 1 (inclusive) to {problem.limit + 1} (exclusive). Update the value and try again."
            )
            return status, message, []
        case ProblemKind.UNSUPPORTED:
            message = f'Invalid JSON payload received. Unknown name "{problem.parameter}": Cannot find field.'
            return status, said or message, []
        case ProblemKind.CONTENT_FILTER:
            return status, said or "The prompt was blocked for safety reasons.", []
        case ProblemKind.NOT_FOUND | ProblemKind.TOO_LARGE | ProblemKind.BAD_REQUEST:
            return status, said or "Request contains an invalid argument.", []
