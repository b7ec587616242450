"""The profiles pane as values: the tree with readiness and findings, the rows of a form, where a finding stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clawtui.config.findings import Finding, Severity
from clawtui.config.writing import dotted
from clawtui.engine.fusing.readiness import Preview
from clawtui.runtime.config_draft import Examined, Followed
from clawtui.runtime.models_view import ModelRow
from clawtui.text import money
from clawtui.tui.state.profile_form import (
    FormField,
    Kind,
    Names,
    Path,
    Section,
    entries_of,
    entry_of,
    fields_of,
    path_of,
    shown,
    value_at,
)
from clawtui.tui.widgets.columns import CellValue
from clawtui.tui.widgets.parts import Part, PartLine, Tone

TITLES: Mapping[Section, str] = {
    Section.GENERAL: "General",
    Section.PROVIDERS: "Providers",
    Section.PROFILES: "Profiles",
    Section.POLICIES: "Policies",
    Section.FUSION: "Fusions",
}
ONE: Mapping[Section, str] = {
    Section.PROVIDERS: "provider",
    Section.PROFILES: "profile",
    Section.POLICIES: "policy",
    Section.FUSION: "fusion",
}
READY: Part = ("●", Tone.OK)
NOT_READY: Part = ("⚠", Tone.WARN)
SWITCHED_OFF: Part = ("○", Tone.IDLE)
UNKNOWN: Part = ("·", Tone.MUTED)


# ---- the tree


@dataclass(frozen=True, slots=True)
class TreeRow:
    section: Section
    name: str  # empty: the heading of the section, and General itself
    mark: Part
    words: str  # why it is not ready, or what it is
    errors: int
    warnings: int

    @property
    def key(self) -> tuple[str, str]:
        return self.section.value, self.name

    @property
    def is_heading(self) -> bool:
        return not self.name and self.section is not Section.GENERAL


def tree_rows(now: Examined, right: Examined) -> list[TreeRow]:
    """`right` is the newest state without errors: what it knows of an entry is shown until there is a newer one."""
    rows: list[TreeRow] = []
    for section in Section:
        names = entries_of(now.tree, section)
        if section is not Section.GENERAL:
            rows.append(TreeRow(section, "", UNKNOWN, "", 0, 0))
        for name in names:
            mark, words = _state(now.tree, right, section, name)
            found = [each for each in now.findings if _stands_in(each, section, name)]
            errors = sum(each.severity is Severity.ERROR for each in found)
            rows.append(TreeRow(section, name, mark, words, errors, len(found) - errors))
    return rows


def _state(tree: Mapping[str, Any], right: Examined, section: Section, name: str) -> tuple[Part, str]:
    entry = entry_of(tree, section, name)
    if entry.get("enabled") is False:
        return SWITCHED_OFF, "disabled"
    match section:
        case Section.PROFILES:
            row = right.profiles.get(name)
            about = f"{entry.get('provider', '?')}/{entry.get('model', '?')}"
            return (UNKNOWN, about) if row is None else (READY, about) if row.ready else (NOT_READY, row.reason)
        case Section.FUSION:
            found = right.fusions.get(name)
            if found is None:
                return UNKNOWN, ""
            about = f"{len(found.state.advisers)} advise {found.state.synthesizer.profile}"
            return (READY, about) if found.state.ready else (NOT_READY, found.state.reason)
        case Section.PROVIDERS:
            reason = right.not_ready.get(name, "")
            return (NOT_READY, reason) if reason else (READY, str(entry.get("base_url") or entry.get("kind") or ""))
        case _:
            return UNKNOWN, ""


def name_cell(row: TreeRow) -> CellValue:
    if row.is_heading or row.section is Section.GENERAL:
        return ((TITLES[row.section], Tone.STRONG),)
    return ((" ", Tone.NORMAL), row.mark, (f" {row.name}", Tone.NORMAL))


def findings_cell(row: TreeRow) -> CellValue:
    parts: list[Part] = []
    if row.errors:
        parts.append((f"✗{row.errors}", Tone.BAD))
    if row.warnings:
        parts.append((f"{' ' if parts else ''}⚠{row.warnings}", Tone.WARN))
    return tuple(parts)


# ---- the form


@dataclass(frozen=True, slots=True)
class FormRow:
    field: FormField
    value: Any  # None: nothing is written
    instead: str  # what holds where nothing is written, and how we know
    note: str  # behind a value: where it comes from, whether it leads anywhere
    finding: Finding | None

    @property
    def key(self) -> Path:
        return self.field.path


def form_rows(now: Examined, right: Examined, section: Section, name: str) -> list[FormRow]:
    entry = entry_of(now.tree, section, name)
    known = right.profiles.get(name) if section is Section.PROFILES else None
    rows = []
    for field in fields_of(section):
        value = value_at(entry, field.path)
        where = dotted(path_of(section, name, field.path))
        found = [
            each for each in now.findings if each.path == where or each.path.startswith((f"{where}.", f"{where}["))
        ]
        found.sort(key=lambda each: list(Severity).index(each.severity))
        note = _note(field, right, section, name)
        rows.append(FormRow(field, value, _instead(field, known), note, found[0] if found else None))
    return rows


def _note(field: FormField, right: Examined, section: Section, name: str) -> str:
    if section is Section.PROFILES and field.path[0] == "capabilities":
        return ", by config"
    if section is Section.PROVIDERS and field.names is Names.SECRET and right.is_right:
        reason = right.not_ready.get(name)
        return f"  ⚠ {reason}" if reason else "  ● found"
    return ""


def _instead(field: FormField, known: ModelRow | None) -> str:
    if known is not None and field.path[0] == "capabilities":
        flag = getattr(known.capabilities, field.path[1])
        return "unknown" if flag.value is None else f"{shown(flag.value)}, by {flag.source.value}"
    if known is not None and field.path[0] == "price" and known.price is not None:
        figure = getattr(known.price, field.path[1], None)
        return "" if figure is None else f"{figure:g}, by the {known.price.source}"
    if field.is_required:
        return "must be there"
    if field.default is None or field.default == "" or field.default == ():
        return ""
    return shown(field.default)


def value_cell(row: FormRow) -> CellValue:
    """The value with its unit, and what it may be; what holds instead where there is none."""
    field = row.field
    if row.value is None:
        # A figure may say where it comes from: the unit stands behind the figure.
        figure, comma, source = row.instead.partition(",")
        has_unit = field.unit and any(map(str.isdigit, figure))
        instead = f"{figure} {field.unit}{comma}{source}" if has_unit else row.instead or field.unit
        return tuple(_spaced((instead, Tone.MUTED), (field.range, Tone.MUTED)))
    value = f"{shown(row.value)} {field.unit}" if field.unit else shown(row.value)
    return tuple(_spaced((value, Tone.NORMAL), (row.note, Tone.MUTED), (field.range, Tone.MUTED)))


def _spaced(value: Part, *behind: Part) -> Iterator[Part]:
    yield value
    for text, tone in behind:
        if text:
            yield (text if text.startswith((",", " ")) or not value[0] else f"  {text}", tone)


def label_cell(row: FormRow) -> CellValue:
    tone = Tone.BAD if row.finding is not None and row.finding.severity is Severity.ERROR else Tone.NORMAL
    return ((row.field.label, tone),)


def finding_cell(row: FormRow) -> CellValue:
    if row.finding is None:
        return ""
    is_error = row.finding.severity is Severity.ERROR
    return (("✗ " if is_error else "⚠ ", Tone.BAD if is_error else Tone.WARN), (row.finding.message, Tone.NORMAL))


def help_text(row: FormRow) -> str:
    """Below the form: what the field is, what it takes, what is wrong with it and what to do."""
    field = row.field
    takes = {Kind.CHOICE: " ".join(field.choices), Kind.FLAG: "yes or no: enter turns it"}.get(
        field.kind, field.kind.value
    )
    takes = {Names.NOTHING: takes, Names.SECRET: "a list of references to secrets"}.get(
        field.names, f"name of a {field.names.value}"
    )
    lines = [f"{field.help}  ({' '.join(filter(None, (takes, field.bounds)))})"]
    if row.finding is not None:
        lines.append(f"{row.finding.message} → {row.finding.fix}" if row.finding.fix else row.finding.message)
    return "\n".join(lines)


def followed_words(followed: Followed) -> str:
    """What somebody else did to the file while a draft of it was open."""
    if followed.problem:
        return (
            f"The file was changed elsewhere, and your changes do not fit it ({followed.problem}): saving replaces it."
        )
    words = "The file was changed elsewhere: your changes stand on the new one."
    if followed.both:
        words += f" Changed there too: {', '.join(map(dotted, followed.both))}; yours would replace it."
    return words


# ---- findings


def _stands_in(finding: Finding, section: Section, name: str) -> bool:
    if section is Section.GENERAL:
        return finding.path == "" or finding.path.split(".")[0].split("[")[0] not in {each.value for each in Section}
    where = dotted((section.value, name))
    return finding.path == where or finding.path.startswith((f"{where}.", f"{where}["))


def place_of(tree: Mapping[str, Any], finding: Finding) -> tuple[Section, str, Path]:
    """The entry and the field that a finding is about; the field is empty where it is about the whole entry."""
    for section in Section:
        for name in entries_of(tree, section):
            if section is not Section.GENERAL and not _stands_in(finding, section, name):
                continue
            for field in sorted(fields_of(section), key=lambda each: -len(each.path)):
                where = dotted(path_of(section, name, field.path))
                if finding.path == where or finding.path.startswith((f"{where}.", f"{where}[")):
                    return section, name, field.path
            if section is not Section.GENERAL:
                return section, name, ()
    return Section.GENERAL, "", ()


# ---- a fusion before it is switched on


def preview_lines(preview: Preview) -> list[PartLine]:
    state = preview.state
    worst = money(preview.worst_case_usd)
    lines: list[PartLine] = [
        ((f"{state.calls} calls for one answer, {worst} at most for the shortest question", Tone.ACCENT),)
    ]
    parts = [
        *((f"adviser {part.profile}", part) for part in state.advisers),
        (f"synthesizer {state.synthesizer.profile}", state.synthesizer),
    ]
    for label, part in parts:
        mark = READY if part.ready else NOT_READY
        about = f"{part.route.provider}/{part.route.model}" if part.route is not None else part.reason
        lines.append((mark, (f" {label}  ", Tone.NORMAL), (about, Tone.MUTED)))
    lines += [((f"⚠ {words}", Tone.WARN),) for words in preview.findings]
    return lines
