"""Drafts of the config file: many changes become one, and each keeps its line, its comment and its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.config import disk
from clawtui.config.document import Document
from clawtui.config.editing import EditRefused
from clawtui.runtime.config_draft import ConfigDraft

FILE = """\
# Mine.
[providers.one]
kind = "openai"
description = "Twenty tokens a second"  # my note
retries = 2          # not more

[profiles.a]         # the usual
provider = "one"
model = "m"
"""
DESCRIPTION = ("providers", "one", "description")
RETRIES = ("providers", "one", "retries")


def draft_of(text: str = FILE) -> ConfigDraft:
    return ConfigDraft(Document(Path("config.toml"), text, disk.ABSENT), text)


def typed(draft: ConfigDraft, path: tuple[str, ...], text: str) -> None:
    """As a form does: emptied, then key by key."""
    draft.remove(path)
    for length in range(1, len(text) + 1):
        draft.set(path, text[:length])


def test_a_field_that_is_emptied_and_typed_again_keeps_its_line_and_comment() -> None:
    draft = draft_of()
    typed(draft, DESCRIPTION, "x new")
    assert draft.document.text == FILE.replace("Twenty tokens a second", "x new")


def test_a_field_that_is_as_it_was_leaves_the_file_as_it_was() -> None:
    draft = draft_of()
    typed(draft, DESCRIPTION, "Twenty tokens a second")
    draft.remove(RETRIES)
    draft.set(RETRIES, 2)
    draft.set(("profiles", "a", "enabled"), False)
    draft.remove(("profiles", "a", "enabled"))
    assert draft.document.text == FILE
    assert not draft.touched
    assert not draft.is_changed


def test_fields_of_a_new_entry_are_changed_within_it() -> None:
    draft = draft_of()
    draft.set(("profiles", "b"), {"provider": "one", "model": "n"})
    typed(draft, ("profiles", "b", "model"), "other")
    assert draft.document.text == FILE + '\n[profiles.b]\nprovider = "one"\nmodel = "other"\n'
    draft.remove(("profiles", "b"))
    assert draft.document.text == FILE


def test_an_entry_that_is_removed_and_made_again_keeps_its_comments() -> None:
    draft = draft_of()
    draft.remove(("profiles", "a"))
    draft.set(("profiles", "a"), {"provider": "one", "model": "n"})
    assert draft.document.text == FILE.replace('"m"', '"n"')


def test_what_cannot_be_changed_leaves_the_draft_as_it_was() -> None:
    draft = draft_of()
    draft.set(RETRIES, 3)
    with pytest.raises(EditRefused):
        draft.set(("profiles", "a", "model", "deeper"), "x")
    assert draft.document.text == FILE.replace("= 2", "= 3")


def test_a_file_that_somebody_else_changed_takes_the_same_changes() -> None:
    draft = draft_of()
    draft.set(RETRIES, 3)
    theirs = FILE.replace('model = "m"', 'model = "theirs"').replace("# Mine.", "# Mine and theirs.")
    assert draft.follow(Document(Path("config.toml"), theirs, disk.ABSENT)) == ()
    assert draft.document.text == theirs.replace("= 2", "= 3")
    assert draft.saved == theirs
    draft.discard()
    assert draft.document.text == theirs


def test_what_both_changed_is_told_and_what_both_want_is_no_change() -> None:
    draft = draft_of()
    draft.set(RETRIES, 3)
    draft.set(DESCRIPTION, "ours")
    theirs = FILE.replace("= 2", "= 3").replace("Twenty tokens a second", "theirs")
    assert draft.follow(Document(Path("config.toml"), theirs, disk.ABSENT)) == (DESCRIPTION,)
    assert [each.path for each in draft.touched] == [DESCRIPTION]
    assert draft.document.text == theirs.replace('"theirs"', '"ours"')


def test_a_file_that_was_broken_meanwhile_leaves_the_draft_as_it_was() -> None:
    draft = draft_of()
    draft.set(RETRIES, 3)
    with pytest.raises(EditRefused):
        draft.follow(Document(Path("config.toml"), "[broken", disk.ABSENT))
    assert draft.document.text == FILE.replace("= 2", "= 3")
