"""The line above the prompt: which images go with the question, or why one does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.content import Content
from textual.widgets import Static

from clawtui.engine.request import Media, Message, user
from clawtui.tui.playground.attachments import NoImage, named_in, read_image


class Attached(Static):
    def __init__(self) -> None:
        super().__init__("", id="attached", markup=False)
        self.display = False
        self.images: list[Media] = []

    async def add(self, path: Path) -> None:
        try:
            self.images.append(await asyncio.to_thread(read_image, path))
        except NoImage as error:
            self.complain(str(error))
            return
        self._tell()

    def clear(self) -> None:
        self.images.clear()
        self._tell()

    async def question(self, text: str) -> Message | None:
        """What is asked, with the images chosen before and those that the text names; None after a complaint."""
        words, paths = named_in(text)
        try:
            named = [await asyncio.to_thread(read_image, path) for path in paths]
        except NoImage as error:
            self.complain(str(error))
            return None
        return user(words, *self.images, *named)

    def complain(self, words: str) -> None:
        self.set_class(True, "state-bad")
        self.display = True
        self.update(Content(words))

    def _tell(self) -> None:
        self.set_class(False, "state-bad")
        self.display = bool(self.images)
        self.update(Content(", ".join(f"▣ {each.name}, {len(each.data) // 1024 + 1} kB" for each in self.images)))
