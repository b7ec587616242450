"""The control endpoint: what the simulator was asked, and faults and models set while it runs. Only a program on this
machine may use it: a page in a browser is told no, since its address bar or its origin gives it away."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from clawtui.simulator.dialects.protocol import encode
from clawtui.simulator.script_file import parse_fault, parse_model
from clawtui.simulator.tables import ScriptError

if TYPE_CHECKING:
    from clawtui.simulator.server import Simulator


async def control(simulator: Simulator, request: web.BaseRequest) -> web.Response:
    if not _comes_from_here(request):
        return _says(403, {"error": "The control endpoint answers programs on this machine only"})
    place = (request.method, request.path.removeprefix("/_control/"))
    match place:
        case ("GET", "state"):
            return _says(200, simulator.state())
        case ("GET", "requests"):
            return _says(
                200,
                {
                    "requests": [record.as_json() for record in simulator.requests],
                    "listings": [record.as_json() for record in simulator.listings],
                    "in_flight": simulator.in_flight(),
                },
            )
        case ("POST", "reset"):
            simulator.reset()
            return _says(200, simulator.state())
        case ("POST", "faults" | "models" as what):
            try:
                asked = json.loads(await request.read())
                if not isinstance(asked, dict):
                    raise ScriptError(None, "", "must be an object")
                return _says(200, _set_fault(simulator, asked) if what == "faults" else _set_model(simulator, asked))
            except ScriptError as error:
                return _says(400, {"error": error.message, "field": error.field})
            except (ValueError, RecursionError) as error:
                return _says(400, {"error": f"is no JSON: {error}", "field": ""})
        case _:
            return _says(404, {"error": f"There is no {request.method} {request.path}"})


def _set_fault(simulator: Simulator, asked: dict[str, Any]) -> dict[str, Any]:
    """`{"provider", "model", "key", "fault": {…}}` sets one; `"clear": true` or an `"id"` to clear removes."""
    scope = {name: _name(asked, name) for name in ("provider", "model", "key")}
    _only(asked, {*scope, "fault", "clear"})
    match asked.get("clear"):
        case None | False:
            return {"id": simulator.set_fault(parse_fault(asked.get("fault")), **scope)}
        case True:
            return {"cleared": simulator.clear_faults(**scope)}
        case int() as number:
            return {"cleared": int(simulator.remove_fault(number))}
        case _:
            raise ScriptError(None, "clear", "must be true or the id of a fault")


def _set_model(simulator: Simulator, asked: dict[str, Any]) -> dict[str, Any]:
    """`{"name", "model": {…}}`."""
    _only(asked, {"name", "model"})
    name = _name(asked, "name")
    if not name:
        raise ScriptError(None, "name", "is missing")
    simulator.set_model(name, parse_model(asked.get("model")))
    return {"name": name}


def _name(asked: dict[str, Any], field: str) -> str | None:
    value = asked.get(field)
    if value is not None and not isinstance(value, str):
        raise ScriptError(None, field, "must be text")
    return value


def _only(asked: dict[str, Any], known: set[str]) -> None:
    for name in asked:
        if name not in known:
            raise ScriptError(None, name, f"is not known; known are {', '.join(sorted(known))}")


def _comes_from_here(request: web.BaseRequest) -> bool:
    if "origin" in request.headers:
        return False
    host = request.headers.get("host", "")
    name = host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.partition(":")[0]
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _says(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=encode(body), content_type="application/json")
