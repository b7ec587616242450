"""The random key under which credentials are told apart. Kept beside the data, for its owner alone."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

KEY_LENGTH = 32


def fingerprint_key(path: Path) -> bytes:
    """The key in the file, made at the first call. Where nothing can be written, one for this process alone."""
    key = _read(path)
    if key is None:
        key = _create(path)
    return key


def _read(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except OSError:
        return None
    return key if len(key) == KEY_LENGTH else None


def _create(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_LENGTH)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return key
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        if path.exists() and _read(path) is None:
            os.replace(draft, path)  # damaged: credentials start clean
        else:
            os.link(draft, path)  # fails where another process was first, and then its key holds for both
    except FileExistsError:
        return _read(path) or key
    except OSError:
        return key
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return key
