"""What a base URL may look like. A pure check: nothing is looked up or called."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?", re.ASCII)
UNSAFE = re.compile(r"[\s\\\"<>^`{|}\x00-\x20\x7f-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Address:
    """A checked base URL, without a slash at its end."""

    url: str
    scheme: str
    host: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port or (443 if self.scheme == "https" else 80)


@dataclass(frozen=True, slots=True)
class BadAddress:
    """Why it is none. Repeats nothing of it: a password may stand inside."""

    reason: str
    fix: str


def is_loopback(host: str) -> bool:
    """Whether this names the machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_address(text: str) -> Address | BadAddress:
    text = text.strip()
    if UNSAFE.search(text):
        return BadAddress(
            "the address holds a blank or a character that none may hold", "write it as in a browser's address bar"
        )
    scheme, separator, _ = text.partition("://")
    if not separator:
        return BadAddress("the address has no scheme", "put https:// (or http://) in front of it")
    if scheme.lower() not in ("http", "https"):
        return BadAddress("only http and https addresses can be called", "begin it with https:// or http://")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        return BadAddress("host or port cannot be read", "write it as https://HOST:PORT/PATH, IPv6 hosts in [ ]")
    if parts.username is not None or parts.password is not None:
        return BadAddress(
            "an address with a user or password is not used: it would show up in logs",
            "name the key under `credentials`, or a header under `headers`",
        )
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        return BadAddress("the address has a query or fragment", 'move parameters to `query = { name = "value" }`')
    if port == 0:
        return BadAddress("the port must be 1 to 65535", "write it as https://HOST:PORT/PATH")
    if ":" in host:
        try:
            ipaddress.IPv6Address(host.partition("%")[0])
        except ValueError:
            return BadAddress("the IPv6 address cannot be read", "write it as http://[::1]:8080")
        shown = f"[{host}]"
    elif HOST_NAME.fullmatch(host):
        shown = host
    else:
        return BadAddress("the address has no readable host", "write it as https://HOST:PORT/PATH")
    url = f"{scheme.lower()}://{shown}{f':{port}' if port else ''}{parts.path}".rstrip("/")
    return Address(url, scheme.lower(), host, port)
