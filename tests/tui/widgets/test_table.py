from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pytest
from textual.app import App, ComposeResult

from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.table_rows import Filter, Sort


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    provider: str
    ms: float | None = 100.0


COLUMNS = (
    Column[Model]("name", "Name", lambda row: row.name, least=8, priority=0, order=lambda row: row.name),
    Column[Model]("provider", "Provider", lambda row: ((row.provider, Tone.MUTED),), width=10, order=lambda r: r.provider),
    Column[Model](
        "ms", "Time", lambda row: f"{row.ms or 0:.0f} ms", width=8, align=Align.RIGHT, priority=2, order=lambda r: r.ms
    ),
)  # fmt: skip


class Shown(App[None]):
    CSS = "Table { height: 1fr; }"

    def __init__(self, rows: Sequence[Model] = ()) -> None:
        super().__init__()
        self.table = Table(COLUMNS, key=lambda row: row.name, empty="No models.", id="models")
        self.rows = rows
        self.heard: list[object] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict.fromkeys(("state-ok", "state-warn", "state-bad", "state-idle"), "#888888")

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self.table.show(self.rows)

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        self.heard.append(("highlighted", event.key))

    def on_table_selected(self, event: Table.Selected) -> None:
        self.heard.append(("selected", event.key))

    def on_table_sort_changed(self, event: Table.SortChanged) -> None:
        self.heard.append(("sorted", str(event.sort)))


def models(count: int) -> list[Model]:
    return [Model(f"model-{number:03}", "openai" if number % 2 else "local", float(number)) for number in range(count)]


def lines(table: Table[Model]) -> list[str]:
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def test_header_and_rows_stand_in_columns():
    app = Shown(models(2))
    async with app.run_test(size=(40, 6)):
        assert lines(app.table)[:3] == [
            "Name                Provider        Time",
            "model-000           local           0 ms",
            "model-001           openai          1 ms",
        ]


async def test_a_narrow_table_drops_columns_by_priority_and_cuts_with_an_ellipsis():
    app = Shown([Model("a-name-that-is-much-too-long-for-it", "openai")])
    async with app.run_test(size=(20, 6)):
        assert [column.key for column in app.table.shown_columns] == ["name", "provider"]
        assert lines(app.table)[1] == "a-name-t… openai"
    async with Shown([]).run_test(size=(1, 1)):
        pass


async def test_keys_move_and_select():
    app = Shown(models(50))
    async with app.run_test(size=(40, 11)) as pilot:
        await pilot.press("down", "j", "enter")
        assert app.heard[-1] == ("selected", "model-002")
        await pilot.press("end")
        assert app.table.cursor_key == "model-049"
        assert lines(app.table)[-1].startswith("model-049")
        await pilot.press("g")
        assert app.table.cursor_key == "model-000"
        await pilot.press("pagedown")
        assert app.table.cursor == 9


async def test_without_vim_keys_the_letters_do_nothing():
    from clawtui.tui.keymap import default_keymap

    app = Shown(models(5))
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.take_keys(default_keymap(vim_keys=False))
        await pilot.press("j")
        assert app.table.cursor == 0


async def test_the_cursor_holds_on_to_its_key_and_its_line_when_rows_come_in_above():
    app = Shown(models(50))
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.move_to(30)
        await pilot.pause()
        line = app.table.cursor - app.table.scroll_offset.y
        app.table.show([Model(f"new-{number}", "openai") for number in range(5)] + models(50))
        await pilot.pause()
        assert app.table.cursor_key == "model-030"
        assert app.table.cursor == 35
        assert app.table.cursor - app.table.scroll_offset.y == line


async def test_when_its_row_goes_the_cursor_stays_in_its_place():
    app = Shown(models(5))
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.move_to(4)
        app.table.show(models(3))
        await pilot.pause()
        assert app.table.cursor_key == "model-002"
        app.table.show([])
        await pilot.pause()
        assert app.table.cursor_key is None
        assert app.heard[-1] == ("highlighted", None)


async def test_a_follower_stays_on_the_first_row():
    app = Shown(models(5))
    async with app.run_test(size=(40, 11)) as pilot:
        app.table.follows_first = True
        app.table.show([Model("new", "openai"), *models(5)])
        await pilot.pause()
        assert app.table.cursor_key == "new"


async def test_the_filter_looks_everywhere_or_in_one_column():
    app = Shown(models(10))
    async with app.run_test(size=(40, 12)):
        app.table.set_filter("OPENAI 3")
        assert [row.split()[0] for row in lines(app.table)[1:] if row] == ["model-003"]
        app.table.set_filter("prov:local")
        assert app.table.row_count == 5
        app.table.set_filter("provider:3")
        assert lines(app.table)[1] == "No row matches provider:3"
        app.table.set_filter("")
        assert app.table.row_count == 10


async def test_the_header_sorts_by_a_click_and_turns_around_by_another():
    app = Shown([Model("b", "x", 1.0), Model("a", "y", None), Model("c", "z", 3.0)])
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.click("#models", offset=(38, 0))
        assert [line[0] for line in lines(app.table)[1:4]] == ["b", "c", "a"]
        assert "Time▲" in lines(app.table)[0]
        await pilot.click("#models", offset=(38, 0))
        assert [line[0] for line in lines(app.table)[1:4]] == ["c", "b", "a"], "what is unknown stays last"
        assert ("sorted", "-ms") in app.heard


async def test_the_sort_column_moves_by_keys():
    app = Shown(models(3))
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press(">")
        assert app.table.sort == Sort("name")
        await pilot.press("o")
        assert app.table.sort == Sort("name", descending=True)
        await pilot.press("<")
        assert app.table.sort == Sort("ms", descending=True)


async def test_a_click_moves_and_a_double_click_selects():
    app = Shown(models(8))
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.click("#models", offset=(3, 4))
        assert app.table.cursor == 3
        assert ("selected", "model-003") not in app.heard
        await pilot.click("#models", offset=(3, 4), times=2)
        assert ("selected", "model-003") in app.heard


async def test_outside_text_stays_in_its_cell():
    app = Shown([Model("\x1b[31mred\nline \u202e[bold]x[/]", "語語語語語語語語", 1.0)])
    async with app.run_test(size=(60, 4)):
        line = app.table.render_line(1)
        assert line.cell_length == 60
        assert sum(segment.cell_length for segment in line) == 60
        assert "red line [bold]x[/]" in line.text
        assert "語語語語…" in line.text


async def test_an_empty_table_says_so():
    app = Shown([])
    async with app.run_test(size=(40, 4)):
        assert lines(app.table)[1] == "No models."


async def test_only_changed_lines_are_painted():
    app = Shown(models(30))
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        painted: list[int] = []
        render = app.table.render_line
        app.table.render_line = lambda y: painted.append(y) or render(y)  # type: ignore[func-returns-value, method-assign]  # counts the painted lines
        rows = models(30)
        rows[4] = Model("model-004", "changed")
        app.table.show(rows)
        await pilot.pause()
        assert painted == [5]


class ManyRows:
    """A hundred thousand rows that exist only when asked for."""

    def __init__(self, count: int = 100_000) -> None:
        self.size = count
        self.first = 0
        self.asked: list[tuple[int, int]] = []

    async def count(self, filter: Filter, sort: Sort | None) -> int:
        return 3 if filter else self.size

    async def fetch(self, filter: Filter, sort: Sort | None, start: int, count: int) -> Sequence[Model]:
        self.asked.append((start, count))
        return [Model(f"row-{self.first + number}", "db") for number in range(start, start + count)]

    async def index_of(self, filter: Filter, sort: Sort | None, key: Hashable) -> int | None:
        return int(str(key).removeprefix("row-")) - self.first


async def settled(pilot: object) -> None:
    for _ in range(5):
        await pilot.pause()  # type: ignore[attr-defined]  # any pilot


async def test_a_source_is_asked_only_for_what_is_seen():
    source = ManyRows()
    app = Shown()
    async with app.run_test(size=(40, 21)) as pilot:
        app.table.use(source)
        await settled(pilot)
        assert lines(app.table)[1].startswith("row-0 ")
        await pilot.press("end")
        await settled(pilot)
        assert lines(app.table)[-1].startswith("row-99999")
        assert app.table.cursor_key == "row-99999"
        assert sum(count for _, count in source.asked) <= 400


async def test_a_source_that_grew_above_keeps_the_cursor_on_its_row():
    source = ManyRows(1_000)
    app = Shown()
    async with app.run_test(size=(40, 21)) as pilot:
        app.table.use(source)
        await settled(pilot)
        app.table.move_to(500)
        await settled(pilot)
        line = app.table.cursor - app.table.scroll_offset.y
        source.first, source.size = -7, 1_007
        app.table.reload()
        await settled(pilot)
        assert (app.table.cursor_key, app.table.cursor) == ("row-500", 507)
        assert app.table.cursor - app.table.scroll_offset.y == line


async def test_a_filter_takes_the_cursor_to_what_is_called_so():
    rows = [
        Model("anth", "echo"),
        Model("zed", "one"),
        Model("re-echo", "two"),
        Model("echo-2", "x"),
        Model("echo", "y"),
    ]
    app = Shown(rows)
    async with app.run_test() as pilot:
        app.table.set_filter("echo")
        await pilot.pause()
        assert app.table.cursor_key == "echo"
        assert app.heard[-1] == ("highlighted", "echo")
        app.table.set_filter("")
        assert app.table.cursor_key == "echo"
        app.table.set_filter("one")
        assert app.table.cursor_key == "zed"
        app.table.set_filter("provider:two")
        assert app.table.cursor_key == "re-echo"


async def test_a_cursor_whose_row_a_source_leaves_out_goes_to_the_first():
    app = Shown()
    async with app.run_test() as pilot:
        app.table.use(LeftOut(100))
        await pilot.pause(0.1)
        app.table.move_to(50)
        await pilot.pause(0.1)
        app.table.set_filter("x")
        await pilot.pause(0.1)
        assert app.table.cursor == 0
        assert app.table.cursor_key == "row-0"


class LeftOut(ManyRows):
    async def index_of(self, filter: Filter, sort: Sort | None, key: Hashable) -> int | None:
        return None if filter else await super().index_of(filter, sort, key)


async def test_a_filter_goes_to_the_source():
    app = Shown()
    async with app.run_test(size=(40, 21)) as pilot:
        app.table.use(ManyRows())
        await settled(pilot)
        app.table.set_filter("x")
        await settled(pilot)
        assert app.table.row_count == 3


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 1), (200, 60)])
async def test_any_size_paints(size: tuple[int, int]):
    app = Shown(models(20))
    async with app.run_test(size=size) as pilot:
        await pilot.press("down", "end", "pageup", ">")
        for y in range(app.table.size.height):
            strip = app.table.render_line(y)
            assert sum(segment.cell_length for segment in strip) == app.table.scrollable_content_region.width
