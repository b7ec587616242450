"""What becomes of the file: saved after a look at the difference, brought back, opened in the editor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import work

from clawtui.config.disk import NotSaved
from clawtui.config.document import ChangedOnDisk, NothingToUndo
from clawtui.config.findings import Severity
from clawtui.runtime.config_draft import save_draft, undo_save
from clawtui.tui.dialogs.save_config import SaveConfig
from clawtui.tui.editor import NoEditor, edit_file
from clawtui.tui.messages import Say
from clawtui.tui.widgets.confirm import Confirm

if TYPE_CHECKING:
    from clawtui.tui.panes.profiles import ProfilesPane


class FileActions:
    """A part of ProfilesPane."""

    @work(group="dialog", exclusive=True, exit_on_error=False, description="save the config")
    async def action_save(self: ProfilesPane) -> None:
        draft = self._draft
        assert draft is not None
        while True:
            followed = await self._follow_file()
            if followed is None:
                return
            over = followed.fingerprint if followed.problem else None
            before = followed.text if followed.problem else draft.saved
            file, note = str(self.desk.paths.config_file), self._elsewhere
            if self.desk.is_demo and not note:
                note = "The demo's own file, gone with the demo: yours is not touched."
            chosen = await self.app.push_screen_wait(SaveConfig(file, before, draft.document.text, note=note))
            if chosen == "discard":
                draft.discard()
                await self._open_draft()
            if chosen != "save":
                return
            try:
                await self.desk.do(partial(save_draft, draft=draft, over=over))
            except ChangedOnDisk:
                continue  # changed again while it was looked at: the difference is shown as it is now
            except NotSaved as error:
                self.post_message(Say(f"not saved: {error.reason}", "error"))
                return
            self.post_message(Say("saved, and in force; u brings back what was there before"))
            self._elsewhere = ""
            await self._examine()
            return

    @work(group="dialog", exclusive=True, exit_on_error=False, description="undo a save")
    async def action_undo(self: ProfilesPane) -> None:
        draft = self._draft
        assert draft is not None
        words = "The file becomes what it was before the last save, and is in force at once."
        if not await self.app.push_screen_wait(Confirm("Bring back the file before?", words, yes="Bring back")):
            return
        try:
            await self.desk.do(lambda runtime: undo_save(runtime, draft))
        except NothingToUndo:
            self.post_message(Say("no earlier version is kept"))
        except ChangedOnDisk:
            self.post_message(Say("somebody else has changed the file: look at it first", "warning"))
        except NotSaved as error:
            self.post_message(Say(f"not undone: {error.reason}", "error"))
        else:
            self.post_message(Say("the file is as it was before the last save"))
        await self._examine()

    @work(group="dialog", exclusive=True, exit_on_error=False, description="the config in the editor")
    async def action_open_editor(self: ProfilesPane) -> None:
        try:
            await edit_file(self.app, self.desk.paths.config_file)
        except NoEditor as error:
            self.post_message(Say(str(error), "warning"))
            return
        await self.desk.do(lambda runtime: runtime.reload())
        await self._open_draft()
        errors = [each for each in self._now.findings if each.severity is Severity.ERROR]
        self.post_message(Say(f"{len(errors)} errors: f shows them" if errors else "the file is right, and in force"))
