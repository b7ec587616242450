"""A synthesizer's money: reserved before an adviser costs anything, then handed to its own walk, or given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clawtui.engine.outcome import Outcome, RequestError
from clawtui.engine.ports import Intent, Ledger, Prepaid, Refusal
from clawtui.engine.registry import PolicySpec
from clawtui.engine.request import ChatRequest, RequestId, Stage
from clawtui.engine.run import Run
from clawtui.engine.verdicts import Candidate


class Reservation:
    """Under the id that the synthesizer will have, as a child of the whole fused request."""

    def __init__(self, ledger: Ledger, whole: Run, synthesizer_id: RequestId) -> None:
        self._ledger = ledger
        self._whole = whole
        self._id = synthesizer_id
        self._policy: PolicySpec | None = None  # of the reservation that is ours to close
        self.parent = Prepaid(whole.request_id, Stage.SYNTHESIZER)  # for the child: tells its plan what is held for it
        self.refusal: Refusal | None = None

    async def take(self, candidates: Sequence[Candidate], synthesizer: str, policy: PolicySpec) -> bool:
        """The worst case of the first that can be paid. False: none can, and `refusal` says why not."""
        whole = self._whole
        for candidate in candidates:
            intent = Intent(
                request_id=self._id,
                at=whole.at,
                caller=whole.request.caller,
                policy=policy.id,
                requested=synthesizer,
                route=candidate.route,
                reserve_usd=candidate.reserve_usd,
                limits=policy.limits,
                parent=whole.request_id,
                stage=Stage.SYNTHESIZER,
            )
            self._policy = policy  # already: who is cancelled while it is being written must close it all the same
            refusal = await self._ledger.reserve(intent)
            if refusal is None:
                held_usd, max_tokens = candidate.reserve_usd or 0.0, candidate.max_tokens
                self.parent = replace(self.parent, held_usd=held_usd, max_tokens=max_tokens)
                return True
            self._policy = None
            self.refusal = self.refusal or refusal
        return False

    def hand_over(self) -> None:
        """From here on the child's own walk holds it, under the same id."""
        self._policy = None

    def drop(self, request: ChatRequest, t_ms: float) -> None:
        """The synthesizer never ran: its row is closed with nothing used. `request`: what it would have been asked."""
        if self._policy is None:
            return
        policy, self._policy = self._policy, None
        run = Run(request, self._id, self._whole.plan, self._whole.at, self._whole.began)
        trace = run.trace(Outcome.CANCELLED, t_ms, RequestError("cancelled", "it was not started"))
        # Not by `Engine.settle`: observers were never told that it began.
        self._ledger.settle(trace, policy.retention)
