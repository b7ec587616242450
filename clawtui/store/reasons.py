"""Why the data file cannot be used, in words for people."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from clawtui.store.database import NewerSchema, is_busy, is_damage, kind_of


def why(error: Exception, path: Path) -> str:
    """In words, and never by a class of Python's: people read it."""
    if isinstance(error, NewerSchema):
        return error.what
    number, kind = getattr(error, "errno", None), kind_of(error)
    if number in (errno.ENOSPC, errno.EDQUOT) or kind == sqlite3.SQLITE_FULL:
        return f"the disk with {path} is full"
    if is_busy(error):
        return f"{path} is locked by another program"
    if path.is_dir():
        return f"{path} cannot be opened: it is a folder"
    if number in (errno.EEXIST, errno.ENOTDIR):
        return f"{path} cannot be opened: {path.parent} is no folder"
    if number in (errno.EROFS, errno.EACCES, errno.EPERM) or kind in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return f"{path} cannot be written"
    if kind == sqlite3.SQLITE_IOERR:
        return f"the disk with {path} fails"
    if is_damage(error):
        return f"{path} is damaged"
    if not (os.access(path, os.W_OK) if path.exists() else os.access(path.parent, os.W_OK)):
        return f"{path} cannot be written"
    reason = getattr(error, "strerror", None)
    return f"{path} cannot be opened" + (f": {reason}" if reason else "")
