"""What goes wrong between a caller and a provider, before a dialect has put it into its own words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    BAD_REQUEST = "bad_request"
    UNSUPPORTED = "unsupported"
    OUTPUT_CAP = "output_cap"
    CONTEXT = "context"
    CONTENT_FILTER = "content_filter"
    INVALID_KEY = "invalid_key"
    PERMISSION = "permission"
    BILLING = "billing"
    MODEL_NOT_FOUND = "model_not_found"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER = "server"


_STATUS = {
    ProblemKind.BAD_REQUEST: 400,
    ProblemKind.UNSUPPORTED: 400,
    ProblemKind.OUTPUT_CAP: 400,
    ProblemKind.CONTEXT: 400,
    ProblemKind.CONTENT_FILTER: 400,
    ProblemKind.INVALID_KEY: 401,
    ProblemKind.PERMISSION: 403,
    ProblemKind.BILLING: 402,
    ProblemKind.MODEL_NOT_FOUND: 404,
    ProblemKind.NOT_FOUND: 404,
    ProblemKind.TOO_LARGE: 413,
    ProblemKind.RATE_LIMIT: 429,
    ProblemKind.OVERLOADED: 503,
    ProblemKind.SERVER: 500,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`status` and `message` of None leave the choice to the dialect, which knows what the real service says."""

    kind: ProblemKind
    message: str | None = None
    status: int | None = None
    code: str | None = None
    parameter: str | None = None
    model: str = ""
    given: int = 0
    limit: int = 0
    retry_after: float | None = None

    @property
    def usual_status(self) -> int:
        return self.status if self.status is not None else _STATUS[self.kind]


class Refused(Exception):
    """A request that this dialect's real service would turn down."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message or problem.kind)
        self.problem = problem


def bad_request(message: str, parameter: str | None = None) -> Refused:
    return Refused(Problem(ProblemKind.BAD_REQUEST, message, parameter=parameter))


def problem_for_status(status: int) -> ProblemKind:
    """The usual meaning of a status that came without an explanation."""
    known = {
        401: ProblemKind.INVALID_KEY,
        402: ProblemKind.BILLING,
        403: ProblemKind.PERMISSION,
        404: ProblemKind.NOT_FOUND,
        413: ProblemKind.TOO_LARGE,
        429: ProblemKind.RATE_LIMIT,
        503: ProblemKind.OVERLOADED,
        529: ProblemKind.OVERLOADED,
    }
    return known.get(status, ProblemKind.SERVER if status >= 500 else ProblemKind.BAD_REQUEST)
