"""The config file as bytes on a disk: read whole and safely, replaced whole or not at all, watched for change."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from clawtui.config.paths import FILE_MODE, make_private_folder

SIZE_LIMIT = 1024 * 1024
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file was like when it was read. `digest` is None where there was none."""

    digest: str | None
    stamp: tuple[int, ...] = ()  # of the file's stat: cheap to compare, changes with every write

    def same_content(self, other: Fingerprint) -> bool:
        return self.digest == other.digest


ABSENT = Fingerprint(None)


@dataclass(frozen=True, slots=True)
class Reading:
    """`text` is None where the file is absent, or where it cannot be used; then `problem` says why."""

    text: str | None
    fingerprint: Fingerprint
    problem: str | None = None
    fix: str = ""
    line: int | None = None
    has_bom: bool = False


class NotSaved(Exception):
    """The file could not be replaced; it is as it was."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def read(path: Path) -> Reading:
    """Never raises: what keeps the file from being used is a problem with a way out."""
    try:
        # Not blocking: a pipe in place of the file must not hold up the program.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return Reading(None, ABSENT)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no usable path"
        return Reading(None, ABSENT, f"the file cannot be read: {reason}", "check the path and its permissions")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) and str(path) != os.devnull:
        os.close(descriptor)
        if stat.S_ISDIR(status.st_mode):
            return Reading(None, ABSENT, "this is a folder, not a file", "name the file inside it")
        return Reading(None, ABSENT, "this is no ordinary file", "name a file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            content = file.read(SIZE_LIMIT + 1)
        except OSError as error:
            return Reading(None, ABSENT, f"the file cannot be read: {error.strerror}", "check the disk")
    fingerprint = Fingerprint(_digest(content), _stamp(status))
    if len(content) > SIZE_LIMIT:
        return Reading(None, fingerprint, "the file is larger than 1 MB, which no config is", "name the right file")
    return _decoded(content, fingerprint)


def _decoded(content: bytes, fingerprint: Fingerprint) -> Reading:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Reading(None, fingerprint, "the file is not UTF-8 text", "save it as UTF-8 in an editor", line)
    return Reading(text.removeprefix(BOM), fingerprint, has_bom=text.startswith(BOM))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def fingerprint(path: Path) -> Fingerprint:
    return read(path).fingerprint


def replace(path: Path, text: str, *, has_bom: bool = False) -> Fingerprint:
    """Writes beside the file, to the disk, then in its place: whoever reads sees the old text or the new.

    Where the path is a link, what it leads to is replaced and the link stays.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        content = ((BOM if has_bom else "") + text).encode("utf-8")
    except UnicodeEncodeError:
        raise NotSaved(path, "the text holds characters that UTF-8 cannot carry") from None
    try:
        make_private_folder(target.parent)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
        _sync_folder(target.parent)
        return Fingerprint(_digest(content), _stamp(target.stat()))
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise NotSaved(path, error.strerror or str(error)) from error


def create(path: Path, text: str) -> Fingerprint:
    """Writes a file that is not there yet; FileExistsError where one is, even one that leads nowhere."""
    make_private_folder(path.parent)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    return fingerprint(path)


def _sync_folder(folder: Path) -> None:
    # Some file systems do not let folders be synced; the file itself already is.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Watch:
    """Tells, when asked, whether the file changed since the last time. Has no timer: whoever has one asks."""

    def __init__(self, path: Path, seen: Fingerprint) -> None:
        self._path = path
        self._seen = seen
        self._was_empty = False

    def saw(self, fingerprint: Fingerprint) -> None:
        """Takes a version as known, such as one just saved."""
        self._seen = fingerprint

    def has_changed(self) -> bool:
        """True once for each new content. Costs one stat while nothing happens."""
        try:
            stamp = _stamp(self._path.stat())
        except (OSError, ValueError):
            stamp = ()
        if stamp == self._seen.stamp:
            return False
        now = fingerprint(self._path)
        if now.same_content(self._seen):
            self._seen = now
            return False
        # Some editors empty the file before they fill it: an empty one counts when it still is at the next look.
        if now.digest == EMPTY_DIGEST and not self._was_empty:
            self._was_empty = True
            return False
        self._was_empty = False
        self._seen = now
        return True


EMPTY_DIGEST = _digest(b"")
