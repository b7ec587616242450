"""The demo's throw-away folder: gone with the demo, and where that could not be, with the next one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

PREFIX = "clawtui-demo-"
LOCK = "in-use"
# A folder is made, then locked: one that was made a moment ago may not be locked yet.
YOUNG_SECONDS = 60.0


class DemoFolder:
    """Locked as long as its process lives. A lock rather than a process id: ids are given again, and other containers
    that share the folder for temporary files have ids of their own."""

    def __init__(self, within: Path | None = None) -> None:
        clear_abandoned(within or Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=within))
        self._lock = os.open(self.path / LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def clear(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)


def clear_abandoned(within: Path) -> None:
    """Folders of this user whose process has ended without clearing them, as after kill -9. What cannot be told is left
    alone."""
    for folder in within.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            about = folder.lstat()
            if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    lock = os.open(folder / LOCK, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if time.time() - os.fstat(lock).st_mtime < YOUNG_SECONDS:
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    finally:
        os.close(lock)
