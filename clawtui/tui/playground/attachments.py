"""Images that go with a question: named by `@path` in the text or chosen by `ctrl+t`; looked at before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from clawtui.config.paths import expanded
from clawtui.engine.request import Media, MediaKind
from clawtui.text import one_line

LARGEST = 20_000_000  # bytes: what providers take at most
MOST_SUGGESTED = 200
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_HEADS = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_NAMED = re.compile(r"(?<!\S)@(\"[^\"]+\"|\S+)")


class NoImage(Exception):
    """A sentence: what is wrong with the file."""


def read_image(path: Path) -> Media:
    """Blocks: call it off the loop. Raises NoImage."""
    path = expanded(path)
    name = one_line(path.name)
    try:
        if path.is_dir():
            raise NoImage(f"{name} is a folder")
        if path.stat().st_size > LARGEST:
            raise NoImage(f"{name} is larger than {LARGEST // 1_000_000} MB")
        data = path.read_bytes()
    except FileNotFoundError:
        raise NoImage(f"there is no file {name}") from None
    except OSError as error:
        raise NoImage(f"{name} cannot be read: {error.strerror}") from None
    kind = next((kind for head, kind in _HEADS.items() if data.startswith(head)), None)
    if kind is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        raise NoImage(f"{name} is no PNG, JPEG, GIF or WebP image")
    return Media(MediaKind.IMAGE, data, kind, name)


def named_in(text: str) -> tuple[str, list[Path]]:
    """The text without `@path` of images, and the paths. What does not look like an image stays: `@someone`."""
    paths: list[Path] = []

    def take(found: re.Match[str]) -> str:
        name = found.group(1).strip('"')
        if not name.lower().endswith(SUFFIXES):
            return found.group()
        paths.append(Path(name))
        return ""

    left = _NAMED.sub(take, text)
    return (re.sub(r"[ \t]{2,}", " ", left).strip() if paths else text), paths


def suggestions(fragment: str) -> Sequence[str]:
    """Folders and images that what stands behind `@` could become. Looks at one folder; answers at once."""
    folder, _, begun = fragment.rpartition("/")
    base = expanded(folder or ("/" if fragment.startswith("/") else "."))
    found: list[str] = []
    try:
        for count, entry in enumerate(sorted(base.iterdir())):
            if count >= MOST_SUGGESTED:
                break
            if not entry.name.startswith(begun) or entry.name.startswith("."):
                continue
            prefix = f"{folder}/" if folder or fragment.startswith("/") else ""
            if entry.is_dir():
                found.append(f"{prefix}{entry.name}/")
            elif entry.suffix.lower() in SUFFIXES:
                found.append(f"{prefix}{entry.name}")
    except OSError:
        return []
    return found
