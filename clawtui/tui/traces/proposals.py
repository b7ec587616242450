"""A fusion's proposals: side by side where there is room, one at a time where there is not."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Static

from clawtui.text import clean
from clawtui.tui.state.fusion_view import Proposal

LEAST = 34  # cells of one column


class ProposalBox(VerticalScroll, can_focus=True):
    def __init__(self, proposal: Proposal) -> None:
        super().__init__(classes=f"panel proposal -{proposal.tone.value}")
        self.proposal = proposal
        self.border_title = Content(proposal.title)
        self.border_subtitle = Content(proposal.facts)

    def compose(self) -> ComposeResult:
        yield Static(Content(clean(self.proposal.text)), classes="" if self.proposal.is_kept else "muted")


class Proposals(Horizontal):
    """`step` goes to the one before or after; only the chosen one shows where it is narrow."""

    DEFAULT_CSS = """
    Proposals {
        height: 16;
        & > ProposalBox { width: 1fr; height: 1fr; min-width: 20; }
    }
    """

    def __init__(self, proposals: Sequence[Proposal]) -> None:
        super().__init__()
        self._proposals = tuple(proposals)
        self._chosen = 0

    def compose(self) -> ComposeResult:
        for proposal in self._proposals:
            yield ProposalBox(proposal)

    @property
    def chosen(self) -> Proposal | None:
        return self._proposals[self._chosen] if self._proposals else None

    def step(self, by: int) -> None:
        boxes = list(self.query(ProposalBox))
        if boxes:
            self._chosen = (self._chosen + by) % len(boxes)
            self._arrange()
            boxes[self._chosen].focus()

    def on_resize(self) -> None:
        self._arrange()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        for place, box in enumerate(self.query(ProposalBox)):
            if box is event.widget:
                self._chosen = place

    def _arrange(self) -> None:
        """As many columns as have room, the chosen one among them."""
        boxes = list(self.query(ProposalBox))
        most = max(1, self.size.width // LEAST)
        first = max(0, min(self._chosen - most + 1, len(boxes) - most)) if self._chosen >= most else 0
        for place, box in enumerate(boxes):
            box.display = first <= place < first + most
