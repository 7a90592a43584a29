"""The emulator's own controls over HTTP, below ``/emulator/``, for tests in other processes. They need no key."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web

from virustotal.emulator.faults import KINDS, Fault
from virustotal.emulator.keys import Key
from virustotal.emulator.switches import CHOICES

if TYPE_CHECKING:
    from virustotal.emulator.server import Emulator

Json = Any


async def handle_control(emulator: "Emulator", http: web.Request) -> web.Response:
    """Answer one request below ``/emulator/``; a mistake in it is 400 with the reason."""
    action = _ACTIONS.get((http.method, http.path.removeprefix("/emulator/")))
    if action is None:
        controls = sorted(f"{method} /emulator/{name}" for method, name in _ACTIONS)
        return web.json_response({"error": "no such control", "controls": controls}, status=404)
    try:
        body = json.loads(await http.read() or b"null")
        return web.json_response(action(emulator, body))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)


def _state(emulator: "Emulator", _: Json) -> Json:
    return {
        "url": emulator.url,
        "other_url": emulator.other_url,
        "now": emulator.clock.now(),
        "requests": len(emulator.requests),
        "charged": emulator.requests.charged,
        "peak": emulator.requests.peak,
        "uploads": dict(emulator.uploads),
        "leaks": [attrs.asdict(leak) for leak in emulator.leaks],
        "quotas": {name: key.used(emulator.clock.now()) for name, key in emulator.keys.items()},
    }


def _switches(emulator: "Emulator", _: Json) -> Json:
    return {"values": attrs.asdict(emulator.switches), "choices": CHOICES}


def _set_switches(emulator: "Emulator", body: Json) -> Json:
    emulator.switches.set(**body)
    return attrs.asdict(emulator.switches)


def _faults(emulator: "Emulator", _: Json) -> Json:
    return {"faults": emulator.faults.as_json(), "kinds": KINDS}


def _add_faults(emulator: "Emulator", body: Json) -> Json:
    for values in body if isinstance(body, list) else [body]:
        emulator.faults.append(Fault(**values))
    return emulator.faults.as_json()


def _clear_faults(emulator: "Emulator", _: Json) -> Json:
    emulator.faults.clear()
    return []


def _clock(emulator: "Emulator", body: Json) -> Json:
    if "advance" in body:
        emulator.clock.advance(float(body["advance"]))
    else:
        emulator.clock.set(None if body["now"] is None else float(body["now"]))
    return {"now": emulator.clock.now()}


def _keys(emulator: "Emulator", body: Json) -> Json:
    for name, text in body.items():
        emulator.keys[name] = Key.parse(name, text)
    return {name: key.tier for name, key in emulator.keys.items()}


def _put(emulator: "Emulator", body: Json) -> Json:
    emulator.store.put(body["object"], body.get("relationships"))
    return {"id": body["object"]["id"]}


def _requests(emulator: "Emulator", _: Json) -> Json:
    return emulator.requests.as_json()


def _forget_requests(emulator: "Emulator", _: Json) -> Json:
    emulator.requests.clear()
    return []


def _clear(emulator: "Emulator", _: Json) -> Json:
    emulator.clear()
    return _state(emulator, None)


_ACTIONS: dict[tuple[str, str], Callable[["Emulator", Json], Json]] = {
    ("GET", "state"): _state,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget_requests,
    ("GET", "switches"): _switches,
    ("PUT", "switches"): _set_switches,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("PUT", "clock"): _clock,
    ("PUT", "keys"): _keys,
    ("POST", "objects"): _put,
    ("POST", "clear"): _clear,
}
