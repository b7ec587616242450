"""The one table of the app: paints only the lines that are seen and only those that changed.

Rows come as values by `show`, or window by window from a source by `use`. The cursor holds on to a key, not to a line.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual import work
from textual.events import Click, MouseDown
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from clawtui.text import ELLIPSIS, one_line
from clawtui.tui.widgets.columns import CellValue, Column, Fitted, fit
from clawtui.tui.widgets.list_keys import ListKeys
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.table_pages import Pages
from clawtui.tui.widgets.table_paint import header_strip, row_strip, text_strip
from clawtui.tui.widgets.table_rows import Filter, Rows, RowSource, Sort, read_filter

R = TypeVar("R")

HEADER = 1
KEPT_STRIPS = 2_000


class Table(ListKeys, ScrollView, Generic[R], can_focus=True):
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--cursor",
        "table--empty",
        *(f"table--{tone.value}" for tone in Tone),
    }
    DEFAULT_CSS = """
    Table {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        & > .table--header { color: $text-muted; text-style: bold; background: $panel; }
        & > .table--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .table--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        & > .table--empty { color: $text-muted; }
        & > .table--strong { text-style: bold; }
        & > .table--muted { color: $text-muted; }
        & > .table--accent { color: $text-accent; }
        & > .table--ok { color: $state-ok; }
        & > .table--warn { color: $state-warn; }
        & > .table--bad { color: $state-bad; }
        & > .table--idle { color: $state-idle; }
    }
    """

    class Highlighted(Message):
        """The cursor is on another key."""

        def __init__(self, table: Table[Any], key: Hashable, row: Any | None) -> None:
            super().__init__()
            self.table = table
            self.key = key
            self.row = row

        @property
        def control(self) -> Table[Any]:
            return self.table

    class Selected(Message):
        """Enter, or a double click, on a row."""

        def __init__(self, table: Table[Any], key: Hashable, row: Any) -> None:
            super().__init__()
            self.table = table
            self.key = key
            self.row = row

        @property
        def control(self) -> Table[Any]:
            return self.table

    class SortChanged(Message):
        def __init__(self, table: Table[Any], sort: Sort | None) -> None:
            super().__init__()
            self.table = table
            self.sort = sort

        @property
        def control(self) -> Table[Any]:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key: Callable[[R], Hashable],
        empty: str = "Nothing here yet.",
        sort: Sort | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self.follows_first = False  # the cursor stays on the first row, whatever comes in above
        self._key = key
        self._rows: Rows[R] = Rows(columns, key, sort)
        self._source: RowSource[R] | None = None
        self._pages: Pages[R] = Pages()
        self._to_first = False  # the filter is another: a cursor whose row it leaves out goes to the first
        self._has_answer = False  # the source has been counted
        self._is_fetching = False
        self._cursor = 0
        self._cursor_key: Hashable = None
        self._fitted: tuple[Fitted[R], ...] = ()
        self._fitted_width = -1
        self._styles_by_tone: dict[Tone, Style] = {}
        self._strips: dict[tuple[Hashable, bool], tuple[R, tuple[CellValue, ...], Strip]] = {}

    # ---- what is shown

    def show(self, rows: Sequence[R]) -> None:
        """New values. The cursor stays on its key, in its line of the screen; only changed lines are painted."""
        before = self._seen()
        self._rows.show(rows)
        self._settle(before)

    def use(self, source: RowSource[R]) -> None:
        """Rows come from `source`, and again whenever `reload` is called."""
        self._source = source
        self.reload(keep=False)

    def reload(self, *, keep: bool = True) -> None:
        """The source has changed."""
        if self._source is not None and self.is_attached:
            self._count_source(self._source, keep)

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        self.columns = tuple(columns)
        rows = Rows(columns, self._key, self._rows.sort)
        rows.filter = self._rows.filter
        rows.show(self._rows._all)
        self._rows = rows
        self._repaint()

    @property
    def row_count(self) -> int:
        """Rows that pass the filter."""
        return self._pages.count if self._source is not None else len(self._rows.shown)

    @property
    def total(self) -> int:
        """Rows before the filter; of a source only those that pass are known."""
        return self._pages.count if self._source is not None else self._rows.total

    @property
    def shown_columns(self) -> tuple[Column[R], ...]:
        return tuple(fitted.column for fitted in self._fit())

    def row_at(self, place: int) -> R | None:
        """None also where a source has not delivered that row yet."""
        if not 0 <= place < self.row_count:
            return None
        return self._pages.at(place) if self._source is not None else self._rows.shown[place]

    # ---- filter and order

    @property
    def filter(self) -> Filter:
        return self._rows.filter

    def set_filter(self, text: str) -> None:
        before = self._seen()
        self._rows.set_filter(read_filter(text, self.columns))
        if self._source is not None:
            self._to_first = True
            self.reload(keep=False)
        else:
            if self.filter and not self.follows_first and (best := self._rows.best(self._cursor_key)) is not None:
                self._cursor_key = self._key(self._rows.shown[best])
                self._settle(before)
                self._scroll_to_cursor()
                self.post_message(self.Highlighted(self, self._cursor_key, self.cursor_row))
            else:
                self._settle(before)

    @property
    def sort(self) -> Sort | None:
        return self._rows.sort

    def set_sort(self, sort: Sort | None) -> None:
        if sort == self._rows.sort:
            return
        before = self._seen()
        self._rows.set_sort(sort)
        self.post_message(self.SortChanged(self, sort))
        if self._source is not None:
            self.reload(keep=False)
        else:
            self._settle(before)
        self.refresh(Region(0, 0, self.size.width, HEADER))

    def sort_by(self, column: Column[R]) -> None:
        """By this column; once more turns the order around."""
        if column.is_sortable:
            turned = self.sort is not None and self.sort.column == column.key and not self.sort.descending
            self.set_sort(Sort(column.key, turned))

    # ---- cursor

    @property
    def cursor(self) -> int:
        return self._cursor

    @property
    def cursor_key(self) -> Hashable:
        return self._cursor_key

    @property
    def cursor_row(self) -> R | None:
        return self.row_at(self._cursor)

    def move_to(self, place: int) -> None:
        """The cursor on this row, scrolled into sight."""
        place = max(0, min(place, self.row_count - 1))
        if place != self._cursor:
            self._refresh_row(self._cursor)
            self._cursor = place
            self._refresh_row(place)
        self._scroll_to_cursor()
        self._take_key()

    def move_to_key(self, key: Hashable) -> bool:
        """Whether the key is among the rows shown. Not for sources: those know places only."""
        place = self._rows.place_of(key)
        if place is None:
            return False
        self.move_to(place)
        return True

    def _take_key(self) -> None:
        row = self.cursor_row
        if row is None:
            if self.row_count == 0 and self._cursor_key is not None:
                self._cursor_key = None
                self.post_message(self.Highlighted(self, None, None))
            return
        key = self._key(row)
        if key != self._cursor_key:
            self._cursor_key = key
            self.post_message(self.Highlighted(self, key, row))

    def _scroll_to_cursor(self) -> None:
        height = self.page_height
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif height > 0 and self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False)

    @property
    def page_height(self) -> int:
        """Rows that are in sight at once."""
        return max(0, self.scrollable_content_region.height - HEADER)

    # ---- mouse

    def action_select(self) -> None:
        row = self.cursor_row
        if row is not None:
            self.post_message(self.Selected(self, self._key(row), row))

    def on_mouse_down(self, event: MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and event.button == 1 and offset.y >= HEADER:
            place = self.scroll_offset.y + offset.y - HEADER
            if place < self.row_count:
                self.move_to(place)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or event.button != 1:
            return
        if offset.y < HEADER:
            for fitted in reversed(self._fit()):
                if offset.x >= fitted.x:
                    self.sort_by(fitted.column)
                    break
        elif event.chain == 2 and self.scroll_offset.y + offset.y - HEADER == self._cursor:
            self.action_select()

    # ---- rows of a source

    @work(group="count", exclusive=True, exit_on_error=False, description="count the rows of a table")
    async def _count_source(self, source: RowSource[R], keep: bool) -> None:
        filter, sort, key = self.filter, self.sort, self._cursor_key
        count = await source.count(filter, sort)
        place: int | None = None
        if key is not None and not self.follows_first and count:
            place = await source.index_of(filter, sort, key)
        before = self._cursor - self.scroll_offset.y
        if self._to_first and place is None:
            place = 0
        self._to_first = False
        self._pages.reset(count, keep_stale=keep)
        self._has_answer = True
        self._resize()
        if self.follows_first:
            self._cursor = 0
        elif place is not None:
            self._cursor = place
        self._cursor = max(0, min(self._cursor, count - 1))
        if self.follows_first or place is not None:
            self.scroll_to(y=max(0, self._cursor - max(0, before)), animate=False)
        self._scroll_to_cursor()
        self._fetch_missing()
        if not count:
            self._take_key()
            self.refresh()

    def _fetch_missing(self) -> None:
        """Fetches what is in sight and one screen around it; one fetch at a time."""
        if self._source is not None and not self._is_fetching and self._wanted() is not None:
            self._is_fetching = True
            self._fetch(self._source)

    def _wanted(self) -> tuple[int, int] | None:
        top, height = self.scroll_offset.y, max(1, self.page_height)
        return self._pages.missing(top, top + height - 1) or self._pages.missing(self._cursor, self._cursor)

    @work(group="fetch", exit_on_error=False, description="fetch the rows of a table")
    async def _fetch(self, source: RowSource[R]) -> None:
        try:
            while (wanted := self._wanted()) is not None:
                generation = self._pages.generation
                rows = await source.fetch(self.filter, self.sort, *wanted)
                if generation == self._pages.generation:
                    self._pages.put(wanted[0], rows)
                    self.refresh()
                    self._take_key()
                    if len(rows) < wanted[1]:
                        break  # the source has shrunk since it was counted; the next reload says so
        finally:
            self._is_fetching = False

    # ---- painting

    def on_mount(self) -> None:
        self.take_keys()
        self._resize()
        self.reload(keep=False)

    def _resize(self) -> None:
        self.virtual_size = Size(1, self.row_count + HEADER)

    def on_resize(self) -> None:
        self._scroll_to_cursor()
        self._fetch_missing()

    def notify_style_update(self) -> None:
        self._styles_by_tone.clear()
        self._strips.clear()
        super().notify_style_update()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._fetch_missing()

    def watch_has_focus(self, _has_focus: bool) -> None:
        self._strips.clear()
        self._styles_by_tone.clear()
        super().watch_has_focus(_has_focus)
        self._refresh_row(self._cursor)

    def tell_time(self) -> None:
        """Paints the rows anew whose ages read otherwise by now."""
        top = self.scroll_offset.y
        for place in range(top, min(top + self.page_height, self.row_count)):
            row = self.row_at(place)
            held = self._strips.get((self._key(row), place == self._cursor)) if row is not None else None
            if row is not None and held is not None and held[1] != self._dated(row):
                self._refresh_row(place)

    def _dated(self, row: R) -> tuple[CellValue, ...]:
        return tuple(column.show(row) for column in self.columns if column.is_dated)

    def forget_painted(self) -> None:
        """What columns show has changed though the rows have not: marks, units, a clock."""
        self._strips.clear()
        self.refresh()

    def _repaint(self) -> None:
        self._fitted_width = -1
        self._strips.clear()
        self.refresh()

    def _refresh_row(self, place: int) -> None:
        line = place - self.scroll_offset.y
        if 0 <= line < self.page_height:
            self.refresh(Region(0, line + HEADER, self.scrollable_content_region.width, 1))

    def _seen(self) -> list[R | None]:
        top = self.scroll_offset.y
        return [self.row_at(place) for place in range(top, top + self.page_height)]

    def _settle(self, before: list[R | None]) -> None:
        """After rows, filter or order changed: cursor back on its key, and only what differs is painted."""
        line = self._cursor - self.scroll_offset.y
        cursor, count = self._cursor, self.row_count
        place = self._rows.place_of(self._cursor_key) if self._cursor_key is not None else None
        self._cursor = 0 if self.follows_first else place if place is not None else max(0, min(cursor, count - 1))
        was_empty = all(row is None for row in before)
        if self.virtual_size.height != count + HEADER:
            self._resize()
        if self._cursor != cursor and 0 <= line < max(1, self.page_height):
            self.scroll_to(y=max(0, self._cursor - line), animate=False)
        if was_empty or not count:
            self.refresh()
        else:
            top = self.scroll_offset.y
            for offset, (old, new) in enumerate(zip(before, self._seen(), strict=False)):
                if old is not new and old != new:
                    self._refresh_row(top + offset)
            if self._cursor != cursor:
                self._refresh_row(cursor)
                self._refresh_row(self._cursor)
        self._take_key()

    def _fit(self) -> tuple[Fitted[R], ...]:
        width = self.scrollable_content_region.width
        if width != self._fitted_width:
            self._fitted_width = width
            self._fitted = fit(self.columns, width)
            self._strips.clear()
        return self._fitted

    def _style_of(self, tone: Tone) -> Style:
        style = self._styles_by_tone.get(tone)
        if style is None:
            style = self._styles_by_tone[tone] = self.get_visual_style(f"table--{tone.value}").rich_style
        return style

    def render_line(self, y: int) -> Strip:
        fitted = self._fit()
        width = self.scrollable_content_region.width
        if y == 0:
            return header_strip(fitted, width, self.sort, self.get_visual_style("table--header").rich_style)
        count = self.row_count
        if not count:
            return text_strip(self._empty_text(), y - HEADER, width, self.get_visual_style("table--empty").rich_style)
        place = self.scroll_offset.y + y - HEADER
        if place >= count:
            return Strip.blank(width, self._style_of(Tone.NORMAL))
        row = self.row_at(place)
        cursor = self.get_visual_style("table--cursor").rich_style if place == self._cursor else None
        if row is None:
            return text_strip(ELLIPSIS, 0, width, cursor or self._style_of(Tone.MUTED))
        key = (self._key(row), cursor is not None)
        held = self._strips.get(key)
        dated = self._dated(row)
        if held is not None and (held[0] is row or held[0] == row) and held[1] == dated:
            return held[2]
        strip = row_strip(row, fitted, width, self._style_of, cursor)
        if len(self._strips) > KEPT_STRIPS:
            self._strips.clear()
        self._strips[key] = (row, dated, strip)
        return strip

    def _empty_text(self) -> str:
        if self._source is not None and not self._has_answer:
            return ELLIPSIS
        if self.filter and (self._rows.total or self._source is not None):
            return f"No row matches {one_line(self.filter.text)}"
        return self.empty
