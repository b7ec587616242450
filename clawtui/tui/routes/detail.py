"""The detail of the selected route: facts, the provider's credentials, recent calls, limits and history."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from clawtui.engine.credentials import CredentialView
from clawtui.runtime.route_detail import RouteDetail
from clawtui.tui.routes.columns import attempt_columns, credential_columns
from clawtui.tui.routes.facts import Facts
from clawtui.tui.routes.walked_table import WalkedTable
from clawtui.tui.state.route_detail import (
    AttemptLine,
    CredentialLine,
    Probed,
    attempt_lines,
    credential_lines,
    facts,
    more_facts,
    no_credentials,
)
from clawtui.tui.state.routes import Line
from clawtui.tui.widgets.table import Table


class RoutePanel(VerticalScroll, can_focus=False):
    """Shows what it is given; the pane reads it and does what is asked."""

    def on_mount(self) -> None:
        self.border_title = "Route"

    def compose(self) -> ComposeResult:
        yield Facts(id="route-facts")
        yield WalkedTable(credential_columns(), key=lambda line: line.label, id="route-credentials")
        yield WalkedTable(
            attempt_columns(),
            key=lambda line: (line.row.request_id, line.row.number),
            empty="No call of it is on record",
            id="route-attempts",
        )
        yield Facts(id="route-more")

    @property
    def credentials(self) -> Table[CredentialLine]:
        return self.query_one("#route-credentials", Table)

    @property
    def attempts(self) -> Table[AttemptLine]:
        return self.query_one("#route-attempts", Table)

    @property
    def credential(self) -> CredentialView | None:
        """The one that the cursor is on."""
        line = self.credentials.cursor_row
        return line.view if line is not None else None

    def show(self, line: Line | None, detail: RouteDetail | None, probed: Probed | None, now: float) -> None:
        """`detail` None: it is being read, and what is in the list stands meanwhile."""
        self.set_class(line is None, "-empty")
        if line is None:
            self.query_one("#route-facts", Facts).show(())
            self.query_one("#route-more", Facts).show(())
            self._show_tables([], [])
            return
        bars = (line.row.buckets, line.row.failed_buckets)
        self.query_one("#route-facts", Facts).show(facts(line, detail, probed, now), bars)
        if detail is None:
            self.query_one("#route-more", Facts).show(())
            self._show_tables([], [])
            return
        self.query_one("#route-more", Facts).show(more_facts(line, detail, now))
        self.credentials.empty = no_credentials(line, detail)
        self._show_tables(credential_lines(detail), attempt_lines(detail, now))

    def _show_tables(self, credentials: list[CredentialLine], attempts: list[AttemptLine]) -> None:
        # The newest call stays in sight until somebody walks through them.
        self.attempts.follows_first = not self.attempts.has_focus
        self.credentials.show(credentials)
        self.attempts.show(attempts)
        for table in (self.credentials, self.attempts):
            table.styles.height = 1 + max(1, table.row_count)
