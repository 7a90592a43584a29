"""Feeds: one minute of everything, as a bzip2 file of JSON lines on the other host."""

import bz2
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from virustotal.emulator.errors import ApiError, bad_request
from virustotal.emulator.facts import TYPES
from virustotal.emulator.routes import Route
from virustotal.emulator.state import Context, Reply
from virustotal.emulator.store import Store

_KINDS = ("files", "urls", "domains", "ip_addresses", "file_behaviours")
_DELAY, _KEPT = timedelta(minutes=60), timedelta(days=7)


def feed_handler(path: str) -> Any:
    """Return the handler of ``GET /feeds/{kind}/{YYYYMMDDhhmm}``: 302 to the batch."""

    async def handle(context: Context) -> Reply:
        context.need("P")
        try:
            moment = datetime.strptime(context.params[0], "%Y%m%d%H%M").replace(tzinfo=UTC)
        except ValueError:
            raise bad_request("Invalid feed time") from None
        age = datetime.fromtimestamp(context.state.clock.now(), UTC) - moment
        if age < _DELAY:
            raise ApiError("NotAvailableYet", f"Feed {context.params[0]} is not available yet")
        if age > _KEPT:
            raise ApiError("NotFoundError", "Resource not found.")
        return Reply(
            302, b"", "text/plain", {"Location": f"{context.state.other_url}/feeds/{path}/{context.params[0]}"}
        )

    return handle


def batch(store: Store, path: str) -> bytes:
    """Return the batch of a feed: every object of the type, one on each line."""
    kind = TYPES[path.replace("-", "_")]
    lines = [json.dumps(store.get(kind, identifier), ensure_ascii=False) for identifier in store.identities(kind)]
    return bz2.compress("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"))


ROUTES = [Route("GET", f"feeds/{path}/{{time}}", feed_handler(path), "feeds", counted=False) for path in _KINDS]
ROUTES.append(Route("GET", "feeds/file-behaviours/{time}", feed_handler("file_behaviours"), "feeds", counted=False))
