"""The request that `ask` and `explain` make of their options. Every mistake is told before anything is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clawtui.cli.options import HALF_PAIR, Options
from clawtui.cli.stopping import Stop

if TYPE_CHECKING:
    from clawtui.engine.request import ChatRequest, Media, Require

MOST_IMAGE_BYTES = 20 * 1024 * 1024
MOST_SCHEMA_BYTES = 1024 * 1024
MOST_DIGITS = 10
MOST_INPUT_CHARS = 32 * 1024 * 1024
NO_TEXT, NO_TEXT_HINT = "standard input is not text", "pipe in UTF-8 text; images go with --image"
# How images begin: the type is read off the bytes, for names lie.
MAGIC = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


def chat_request(options: Options) -> ChatRequest:
    from clawtui.config.schema import MAX_TOKENS, OnInterrupted
    from clawtui.engine.request import ChatRequest, system, user

    args = options.args
    text = _text(options)
    messages = ([system(args.system)] if args.system else []) + [user(text, *(_image(path) for path in args.image))]
    if args.temperature is not None and not 0 <= args.temperature <= 2:
        raise Stop(f"--temperature is {args.temperature}, and goes from 0 to 2")
    if args.max_tokens is not None and not 1 <= args.max_tokens <= MAX_TOKENS:
        raise Stop(f"--max-tokens is {args.max_tokens}, and goes from 1 to {MAX_TOKENS}")
    return ChatRequest(
        messages=tuple(messages),
        target=args.profile if args.profile is not None else args.model,
        model=args.model if args.profile is not None else None,
        policy=args.policy,
        strict=args.strict,
        schema=_schema(args.schema),
        stream=not args.no_stream,
        temperature=args.temperature,
        max_tokens=args.max_tokens,
        reasoning_effort=args.reasoning_effort,
        require=_require(args.require, args.tag),
        on_interrupted=OnInterrupted(args.on_interrupted) if args.on_interrupted else None,
        caller="ask",
    )


def _text(options: Options) -> str:
    """TEXT, standard input, or both: what is piped in is appended to TEXT."""
    given: str | None = options.args.text
    if given in (None, "-"):
        if given is None and options.stdin.isatty():
            raise Stop("nothing to ask", 'write it behind the verb: clawtui ask "…", or pipe it in')
        text = _read_all(options)
    elif options.stdin.isatty():
        text = given or ""
    else:
        piped = _read_all(options)
        text = f"{given}\n\n{piped}" if piped.strip() else given or ""
    if not text.strip():
        raise Stop("nothing to ask: the text is empty", 'write it behind the verb: clawtui ask "…", or pipe it in')
    return text


def _read_all(options: Options) -> str:
    try:
        text: str = options.stdin.read(MOST_INPUT_CHARS + 1)
    except UnicodeDecodeError:
        raise Stop(NO_TEXT, NO_TEXT_HINT) from None
    except (OSError, ValueError):
        return ""  # closed: there is nothing to read
    if HALF_PAIR.search(text):  # what Python makes, in some locales, of bytes that are no text
        raise Stop(NO_TEXT, NO_TEXT_HINT)
    if len(text) > MOST_INPUT_CHARS:
        raise Stop("standard input is longer than 32 million characters", "no model reads that much; cut it")
    return text


def _image(path: Path) -> Media:
    from clawtui.engine.request import Media, MediaKind

    content = _content(path, "--image", MOST_IMAGE_BYTES)
    kind = next((kind for magic, kind in MAGIC if content.startswith(magic)), None)
    if kind is None and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        raise Stop(f"--image {path}: this is no PNG, JPEG, GIF or WebP image")
    return Media(MediaKind.IMAGE, content, kind, path.name)


def _schema(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        schema = json.loads(_content(path, "--schema", MOST_SCHEMA_BYTES))
    except UnicodeDecodeError:
        raise Stop(f"--schema {path}: the file is not text") from None
    except RecursionError:
        raise Stop(f"--schema {path}: it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Stop(f"--schema {path}: not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    if not isinstance(schema, dict):
        raise Stop(f"--schema {path}: a JSON schema is an object, and this is a {type(schema).__name__}")
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(str(step) for step in error.absolute_path) or "the top"
        raise Stop(f"--schema {path}: no JSON schema at {where}: {error.message[:200]}") from None
    return schema


def _content(path: Path, option: str, most: int) -> bytes:
    if path.is_dir():
        raise Stop(f"{option} {path}: this is a folder", "name a file")
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise Stop(f"{option} {path}: there is no such file") from None
    except OSError as error:
        raise Stop(f"{option} {path}: it cannot be read ({error.strerror})") from None
    if len(content) > most:
        raise Stop(f"{option} {path}: it is larger than {most // (1024 * 1024)} MB")
    if not content:
        raise Stop(f"{option} {path}: the file is empty")
    return content


def _require(needs: list[str], tags: list[str]) -> Require:
    from clawtui.engine.capabilities import FLAG_NAMES
    from clawtui.engine.request import Require

    flags: set[str] = set()
    window = 0
    for need in (part for entry in needs for part in entry.split(",")):
        name, equals, value = need.strip().partition("=")
        if name == "min_context_tokens" and equals and value.isdecimal() and len(value) <= MOST_DIGITS:
            window = int(value)
        elif name in FLAG_NAMES and not equals:
            flags.add(name)
        else:
            raise Stop(f"--require {need}: not known", f"{', '.join(FLAG_NAMES)}, or min_context_tokens=N")
    return Require(capabilities=frozenset(flags), min_context_tokens=window, tags=frozenset(tags))
