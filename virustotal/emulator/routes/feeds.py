"""Feeds: packages of a minute (bzip2 of JSON lines) and of an hour (tar.bz2 of sixty), on the other host."""

import bz2
import io
import json
import tarfile
import zlib
from datetime import UTC, datetime, timedelta

from virustotal.emulator.errors import ApiError, bad_request
from virustotal.emulator.facts import TYPES
from virustotal.emulator.routes import Route
from virustotal.emulator.state import Context, Handler, Reply
from virustotal.emulator.store import Store

_KINDS = ("files", "urls", "domains", "ip_addresses", "file_behaviours", "file-behaviours")
_KEPT = timedelta(days=7)
_MINUTE, _HOUR = "%Y%m%d%H%M", "%Y%m%d%H"


def _handler(path: str, form: str, youngest: timedelta) -> Handler:
    """Return the handler of a feed: 302 to the package. youngest: age at which a package is there."""

    async def handle(context: Context) -> Reply:
        context.need("P")
        name = context.params[0]
        try:
            moment = datetime.strptime(name, form).replace(tzinfo=UTC)
        except ValueError:
            raise bad_request("Invalid feed time") from None
        age = datetime.fromtimestamp(context.state.clock.now(), UTC) - moment
        if age < youngest:
            raise ApiError("NotAvailableYet", f"Feed {name} is not available yet")
        if age > _KEPT:
            raise ApiError("NotFoundError", "Resource not found.")
        location = f"{context.state.other_url}/feeds/{path}/{moment.strftime(form)}"
        return Reply(302, b"", "text/plain", {"Location": location})

    return handle


def package(store: Store, path: str, time: str) -> bytes:
    """Return the package of a minute or an hour. Each object is in one minute of every hour, by its identifier."""
    if len(time) == len("YYYYMMDDhhmm"):
        return bz2.compress(_lines(store, path, int(time[-2:])))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:bz2") as tar:
        for minute in range(60):
            content = _lines(store, path, minute)
            member = tarfile.TarInfo(f"{time}{minute:02}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def _lines(store: Store, path: str, minute: int) -> bytes:
    kind = TYPES[path.replace("-", "_")]
    names = (
        name for name in store.identities(kind) if zlib.crc32(name.encode("utf-8", "surrogatepass")) % 60 == minute
    )
    lines = (json.dumps(store.get(kind, name), ensure_ascii=False) + "\n" for name in names)
    return "".join(lines).encode("utf-8", "surrogatepass")


ROUTES = [
    Route("GET", f"feeds/{path}/{period}{{time}}", _handler(path, form, youngest), "feeds", counted=False)
    for path in _KINDS
    for period, form, youngest in (("", _MINUTE, timedelta(minutes=60)), ("hourly/", _HOUR, timedelta(hours=2)))
]
