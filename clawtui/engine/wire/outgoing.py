"""What every HTTP request of a dialect has: an address with its query, headers with the hop count, a JSON body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from clawtui.engine.request import Json

HOPS = "X-Clawtui-Hops"


def url_of(address: str, query: Mapping[str, str]) -> str:
    """Adds the query; one that the address already has stays."""
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def headers_of(own: Mapping[str, str], configured: Mapping[str, str], hops: int) -> dict[str, str]:
    """The dialect's headers, then the configured ones, which win whatever their case; the hop count is never theirs."""
    headers = {"Content-Type": "application/json", **own}
    if configured:
        given = {name.lower() for name in configured}
        headers = {name: value for name, value in headers.items() if name.lower() not in given}
        headers.update((name, value) for name, value in configured.items() if name.lower() != "x-clawtui-hops")
    headers[HOPS] = str(hops + 1)
    return headers


def kept(extra: Json, dropped: frozenset[str], inside: str = "") -> Json:
    """`extra` without what the route is known to refuse, at the top or in the object called `inside`: what was dropped
    must not come back by the config, or the same body would go out twice."""
    if not dropped:
        return extra
    return {
        name: kept(value, dropped) if name == inside and isinstance(value, Mapping) else value
        for name, value in extra.items()
        if name not in dropped
    }


def body_bytes(body: dict[str, Any], extra: Json) -> bytes:
    """UTF-8 JSON; a lone surrogate, which UTF-8 cannot carry, becomes `?`."""
    document = merged(body, extra) if extra else body
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def merged(body: Mapping[str, Any], extra: Json) -> dict[str, Any]:
    """`extra` over `body`; where both have an object, the same inside it."""
    result = dict(body)
    for name, value in extra.items():
        mine = result.get(name)
        both = isinstance(mine, Mapping) and isinstance(value, Mapping)
        result[name] = merged(mine, value) if both else value  # type: ignore[arg-type]  # `both` says what they are
    return result
