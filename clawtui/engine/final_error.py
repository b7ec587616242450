"""Why there is no answer, in words a person can act on: made from the plan, the attempts and the refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clawtui.config.effective import EffectiveProvider
from clawtui.engine.admission import PassedOver
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.outcome import Attempt, RequestError
from clawtui.engine.plan import HealthView
from clawtui.engine.ports import Refusal
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Plan, PlanEntry, Skip, Verdict

UNREACHABLE = frozenset({FailureKind.CONNECT, FailureKind.DNS, FailureKind.TIMEOUT_CONNECT})


def seems_offline(
    failures: Sequence[tuple[Route, Failure]], providers: Mapping[str, EffectiveProvider], ahead: Sequence[Route]
) -> bool:
    """At least two remote providers were asked, none could be reached, and nobody else's is left to ask."""
    remote = {route.provider for route, _ in failures if not providers[route.provider].local}
    if len(remote) < 2 or any(failure.kind not in UNREACHABLE for _, failure in failures):
        return False
    asked = {route.provider for route, _ in failures}
    return all(route.provider in asked for route in ahead)


def first_back(plan: Plan, health: HealthView) -> float | None:
    """When the first of the plan's routes can be asked again, if any of them is resting; None where nothing rests."""
    waits: list[float] = []
    for candidate in (*plan.candidates, *plan.waits):
        route = candidate.route
        blocked = (health.circuit_wait(route), health.credential_wait(route.provider, route.model))
        seconds = [each.seconds for each in blocked if each is not None]
        if not seconds:
            return None
        waits.append(max(seconds))
    return min(waits, default=None)


def too_many_hops(hops: int) -> RequestError:
    return RequestError(
        "policy",
        f"this request already passed through this program {hops} times: a provider seems to lead back here",
        "point the provider's base_url at a model server, not at this program's own gateway",
    )


def interrupted(failure: Failure, route: Route) -> RequestError:
    return RequestError(
        "interrupted",
        f"the answer was cut: {failure.message or failure.kind} ({route})",
        "what came is kept; ask again for a whole answer",
    )


def after_attempts(
    attempts: Sequence[Attempt], failures: Sequence[tuple[Route, Failure]], back_in_s: float | None, offline: bool
) -> RequestError:
    """Every attempt in one sentence each; the kind is that of the first failure, which named the trouble."""
    tried = "; ".join(_attempt_line(each) for each in attempts)
    first = failures[0][1]
    if offline:
        return RequestError(
            "connect", f"you seem to be offline: no provider could be reached. Tried: {tried}", "check the network"
        )
    hint = _hint(failures[-1][1])
    if back_in_s is not None:
        hint = f"the first route is back in {_seconds(back_in_s)}" + (f"; {hint}" if hint else "")
    count = "1 attempt" if len(attempts) == 1 else f"{len(attempts)} attempts"
    return RequestError(_told_kind(first), f"no answer after {count}. {tried}", hint, back_in_s)


def passed_over(routes: Sequence[PassedOver]) -> RequestError:
    """Nobody was called, though the plan knew somebody who could."""
    why = "; ".join(f"{each.route.profile or each.route}: {each.reason}" for each in routes)
    if all(each.kind == "not_ready" for each in routes):
        return RequestError("not_ready", f"no profile is ready. {why}", "`clawtui models doctor` says what is missing")
    kind = next(each.kind for each in routes if each.kind != "not_ready")
    return RequestError(kind, f"no profile could be asked. {why}", "ask again, or raise `max_concurrency`")


def without_attempts(plan: Plan, refusals: Sequence[tuple[Route, Refusal]], back_in_s: float | None) -> RequestError:
    """No call was made: an unknown name, no money, a rule, or nobody who can."""
    if plan.error is not None:
        return RequestError("unknown_target", plan.error, "`clawtui models list` shows what there is")
    if refusals:
        return over_budget(plan.policy, refusals[0][1])
    chain = [entry for entry in plan.entries if entry.skip is not Skip.NOT_ASKED and entry.verdict is Verdict.SKIPPED]
    why = "; ".join(f"{entry.route.profile or entry.route}: {entry.reason}" for entry in chain)
    if _any(chain, Skip.BUDGET) or _any(chain, Skip.PRICE_UNKNOWN):
        return RequestError(
            "budget",
            f"refused by the budget of policy {plan.policy}. {why}",
            "raise the budget, or ask a profile that fits",
        )
    if _any(chain, Skip.POLICY):
        return RequestError(
            "policy", f"refused by policy {plan.policy}. {why}", "ask under another policy, or change its rules"
        )
    if chain and all(entry.skip in (Skip.NOT_READY, Skip.DISABLED, Skip.DUPLICATE) for entry in chain):
        return RequestError("not_ready", f"no profile is ready. {why}", "`clawtui models doctor` says what is missing")
    if not plan.entries:
        return RequestError(
            "no_route", "there is no profile to ask", "`clawtui config init` writes a config; --demo needs none"
        )
    return RequestError(
        "no_route", f"no profile can serve this request. {why}", "`clawtui explain` shows the plan", back_in_s
    )


def over_budget(policy: str, refusal: Refusal) -> RequestError:
    if refusal.store_down is not None:
        return RequestError(
            "budget",
            f"policy {policy} has a budget, and spending cannot be recorded now: {refusal.store_down}",
            "free the data folder, or ask under a policy without a budget",
        )
    left = max(0.0, refusal.limit_usd - refusal.spent_usd - refusal.reserved_usd)
    return RequestError(
        "budget",
        f"policy {policy}: this request may cost ${refusal.asked_usd:.4f}, and ${left:.4f} of the"
        f" ${refusal.limit_usd:.2f} for this {refusal.period} are left",
        "ask for fewer tokens (--max-tokens), a cheaper profile, or raise the budget",
    )


def _told_kind(failure: Failure) -> str:
    """To callers a total limit that ended a call without a token is silence."""
    return FailureKind.TIMEOUT_FIRST_TOKEN if failure.kind is FailureKind.TIMEOUT_TOTAL else failure.kind


def _any(entries: Sequence[PlanEntry], skip: Skip) -> bool:
    return any(entry.skip is skip for entry in entries)


def _attempt_line(each: Attempt) -> str:
    status = f" {each.status}" if each.status and each.status >= 300 else ""
    label = f" with {each.credential}" if each.credential else ""
    words = f": {each.message}" if each.message else ""
    return f"{each.route}{label} → {each.failure or each.outcome}{status}{words}"


def _hint(failure: Failure) -> str:
    match failure.kind:
        case FailureKind.AUTH:
            return "check the key that the credential names"
        case FailureKind.BILLING:
            return "the account has no credit left, or its limit is reached"
        case FailureKind.NOT_FOUND:
            return "check the base URL"
        case FailureKind.MODEL_NOT_FOUND:
            return "check the model's name; `clawtui models doctor --probe` lists what the provider has"
        case FailureKind.CONTEXT:
            return "shorten the conversation, or ask a model with a larger window"
        case FailureKind.CONNECT | FailureKind.DNS | FailureKind.TIMEOUT_CONNECT:
            return "is the server running, and the base URL right?"
        case FailureKind.TLS:
            return "the server's certificate is not trusted"
        case _:
            return ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
