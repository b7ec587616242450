"""References to secrets and what they lead to. A secret itself is never stored, shown or compared in the open.

A reference is `env:NAME`, `env:NAME*`, `file:PATH`, `keyring:SERVICE/USER` or `cmd:COMMAND`. Whatever else stands in a
list of credentials is taken for a pasted key: it is refused and not repeated.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn, assert_never

from clawtui.config.commands import CommandFailed, Commands, words_of
from clawtui.config.paths import expanded, has_unknown_home

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SEPARATORS = re.compile(r"[,\r\n]+")
MAX_SECRET_FILE = 64 * 1024
MAX_SECRET = 8 * 1024

# How keys of known services begin. Only to warn early: a key of another shape is caught by its length and mixture.
KEY_PREFIXES = re.compile(
    r"(?:sk-|sk_|pk-|gsk_|xai-|hf_|ghp_|gho_|github_pat_|AIza|nvapi-|pplx-|csk-|fw_|r8_|tgp_|Bearer\s|Basic\s)"
)
# A long run of letters and digits without a break: dated header values and model names have breaks.
MIXED_TOKEN = re.compile(
    r"(?=\S*?(?=[A-Za-z]{0,19}[0-9])(?=[0-9]{0,19}[A-Za-z])[A-Za-z0-9]{20})[A-Za-z0-9_\-+/=.]{24,}"
)


class Secret:
    """Text that shows itself only when asked to: no repr, format, pickle or log gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class Scheme(StrEnum):
    ENV = "env"
    FILE = "file"
    KEYRING = "keyring"
    CMD = "cmd"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is found. `body`: a variable (with `*` for a numbered row), a path, SERVICE/USER or a command."""

    scheme: Scheme
    body: str

    @property
    def label(self) -> str:
        """The reference as it may be shown: a command's words that look like keys are left out."""
        if self.scheme is not Scheme.CMD:
            return f"{self.scheme}:{self.body}"
        return "cmd:" + " ".join("…" if looks_like_secret(word) else word for word in self.body.split())

    @property
    def variable(self) -> str | None:
        return self.body.removesuffix("*") if self.scheme is Scheme.ENV else None


@dataclass(frozen=True, slots=True)
class BadReference:
    """Why an entry is no reference. Carries nothing of the entry, which may be a key."""

    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret of a pool. `fingerprint` tells it from others across restarts without giving it away."""

    label: str
    fingerprint: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class MissingSecret:
    """A reference that led nowhere. `variable` is set where an environment variable would have held it."""

    reference: str
    variable: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a pool's references led to. `deferred` are commands and keyrings that were not asked yet."""

    credentials: tuple[Credential, ...] = ()
    missing: tuple[MissingSecret, ...] = ()
    deferred: tuple[Reference, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Nothing was asked for, or something is there or can still be asked."""
        return bool(self.credentials or self.deferred) or not self.missing


HOW_TO_STORE = (
    'put the key into an environment variable and write "env:NAME", or into a file only you can read and write'
    ' "file:PATH"; "keyring:SERVICE/USER" and "cmd:COMMAND" work too'
)


def looks_like_secret(text: str) -> bool:
    """Whether text is probably a key, so that it is better not shown."""
    return begins_like_key(text) or bool(MIXED_TOKEN.fullmatch(text))


def begins_like_key(text: str) -> bool:
    return bool(KEY_PREFIXES.match(text))


def parse_reference(text: str) -> Reference | BadReference:
    head, colon, body = text.strip().partition(":")
    body = body.strip()
    if not colon or head not in frozenset(Scheme):
        return BadReference("this is no reference to a secret; keys do not belong into the config file", HOW_TO_STORE)
    scheme = Scheme(head)
    if not body:
        return BadReference(f"nothing stands after `{scheme}:`", HOW_TO_STORE)
    match scheme:
        case Scheme.ENV:
            if not VARIABLE.fullmatch(body.removesuffix("*")):
                return BadReference(
                    "what stands after `env:` is no name of an environment variable",
                    "write the variable's name (letters, digits, _), not the key itself",
                )
        case Scheme.KEYRING:
            service, slash, user = body.rpartition("/")
            if not (slash and service and user):
                return BadReference("a keyring entry needs a service and a user", 'write "keyring:SERVICE/USER"')
        case Scheme.CMD:
            if not words_of(body):
                return BadReference(
                    "the quotes in what stands after `cmd:` do not match, or nothing stands between them",
                    "close each quote; the command runs without a shell",
                )
        case Scheme.FILE:
            pass
        case _:
            assert_never(scheme)
    return Reference(scheme, body)


def fingerprint(secret: Secret, key: bytes) -> str:
    """Keyed, so that whoever reads the database cannot try keys against it."""
    return hmac.new(key, secret.reveal().encode(), hashlib.sha256).hexdigest()[:32]


PROCESS_COMMANDS = Commands()


def resolve(
    references: Iterable[str | Reference],
    environ: Mapping[str, str],
    key: bytes,
    *,
    commands: Commands = PROCESS_COMMANDS,
    ask: bool = True,
) -> Resolved:
    """Follows the references in their order; the same secret twice is one credential, under its first label.

    With `ask=False` no command is run and no keyring opened: those are `deferred`, unless a command's answer is
    already known. With `ask=True` this may take as long as the commands do, so call it off the event loop.
    """
    credentials: dict[str, Credential] = {}
    missing: list[MissingSecret] = []
    deferred: list[Reference] = []
    for entry in references:
        reference = parse_reference(entry) if isinstance(entry, str) else entry
        if isinstance(reference, BadReference):
            missing.append(MissingSecret("?", None, reference.reason))
            continue
        if not ask and _must_be_asked(reference, commands):
            deferred.append(reference)
            continue
        for found in _follow(reference, environ, commands):
            if isinstance(found, MissingSecret):
                missing.append(found)
                continue
            label, text = found
            if flaw := _flaw(text):
                missing.append(MissingSecret(label, reference.variable, flaw))
                continue
            secret = Secret(text)
            identity = fingerprint(secret, key)
            credentials.setdefault(identity, Credential(label, identity, secret))
    return Resolved(tuple(credentials.values()), tuple(missing), tuple(deferred))


def _must_be_asked(reference: Reference, commands: Commands) -> bool:
    return reference.scheme is Scheme.KEYRING or (
        reference.scheme is Scheme.CMD and not commands.is_known(reference.body)
    )


def _follow(
    reference: Reference, environ: Mapping[str, str], commands: Commands
) -> Iterator[tuple[str, str] | MissingSecret]:
    match reference.scheme:
        case Scheme.ENV:
            yield from _from_environment(reference, environ)
        case Scheme.FILE:
            yield from _from_file(reference)
        case Scheme.KEYRING:
            yield _from_keyring(reference)
        case Scheme.CMD:
            yield _from_command(reference, commands)
        case _:
            assert_never(reference.scheme)


def numbered_variables(stem: str, environ: Mapping[str, str]) -> list[str]:
    """`NAME` and every `NAME_n` that is set, by number."""
    found = [(0, stem)] if environ.get(stem, "").strip() else []
    for name, value in environ.items():
        number = name.removeprefix(stem + "_")
        if name != number and number.isascii() and number.isdigit() and value.strip():
            found.append((int(number[:9]), name))
    return [name for _, name in sorted(found)]


def _from_environment(reference: Reference, environ: Mapping[str, str]) -> Iterator[tuple[str, str] | MissingSecret]:
    stem = reference.body.removesuffix("*")
    names = numbered_variables(stem, environ) if reference.body.endswith("*") else [stem]
    anything = False
    for name in names:
        for label, text in _several(f"env:{name}", environ.get(name, "")):
            anything = True
            yield label, text
    if not anything:
        yield MissingSecret(reference.label, stem, f"{stem} is not set" if stem not in environ else f"{stem} is empty")


def _several(label: str, text: str) -> Iterator[tuple[str, str]]:
    parts = [part.strip() for part in SEPARATORS.split(text) if part.strip()]
    for number, part in enumerate(parts, start=1):
        yield (label if number == 1 else f"{label}#{number}"), part


def _from_file(reference: Reference) -> Iterator[tuple[str, str] | MissingSecret]:
    content = read_secret_file(reference.body)
    if isinstance(content, str):
        found = list(_several(reference.label, content))
        yield from found
        if not found:
            yield MissingSecret(reference.label, None, "the file is empty")
    else:
        yield content


def read_secret_file(body: str) -> str | MissingSecret:
    def missing(reason: str) -> MissingSecret:
        return MissingSecret(f"file:{body}", None, reason)

    if has_unknown_home(body):
        return missing("this machine knows no user of that name")
    try:
        # Not blocking: a pipe in place of the file must not hold up the program.
        descriptor = os.open(expanded(body), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        return missing(getattr(error, "strerror", None) or "no usable path")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return missing("it is no ordinary file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            content = file.read(MAX_SECRET_FILE + 1)
        except OSError as error:  # such as what lies under /proc
            return missing(error.strerror or "it cannot be read")
    if len(content) > MAX_SECRET_FILE:
        return missing("the file is too large for a secret")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return missing("the file is not text")


def _from_keyring(reference: Reference) -> tuple[str, str] | MissingSecret:
    service, _, user = reference.body.rpartition("/")
    try:
        import keyring
    except ImportError:
        return MissingSecret(reference.label, None, "keyring support is not installed (pip install 'clawtui[keyring]')")
    try:
        text = keyring.get_password(service, user)
    except Exception as error:  # a boundary: every backend raises errors of its own, and theirs may quote the secret
        return MissingSecret(reference.label, None, f"the keyring refused ({type(error).__name__})")
    return (reference.label, text.strip()) if text else MissingSecret(reference.label, None, "not in the keyring")


def _from_command(reference: Reference, commands: Commands) -> tuple[str, str] | MissingSecret:
    try:
        # The first line, as password stores have it: what follows are notes.
        lines = commands.output(reference.body).strip().splitlines()
    except CommandFailed as error:
        return MissingSecret(reference.label, None, error.reason)
    return (reference.label, lines[0].strip()) if lines else MissingSecret(reference.label, None, "it printed nothing")


def _flaw(text: str) -> str | None:
    if len(text) > MAX_SECRET:
        return "it is too long for a key"
    if not text.isascii() or not text.isprintable():
        return "it holds characters that no HTTP header can carry"
    return None
