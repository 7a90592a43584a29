"""What a key may know about itself: user, quotas, usage, ``/metadata``; and downloads of files."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from virustotal.emulator.engines import FILE_ENGINES
from virustotal.emulator.errors import bad_request, forbidden, not_found
from virustotal.emulator.facts import RELATIONSHIPS
from virustotal.emulator.keys import Key
from virustotal.emulator.routes import Route
from virustotal.emulator.routes.objects import find_object, identify
from virustotal.emulator.state import Context, Reply

Json = dict[str, Any]


def user_name(key: Key) -> str:
    """Return the user name of a key: never the key itself."""
    return "user-" + hashlib.sha256(key.name.encode()).hexdigest()[:8]


def _own(context: Context) -> Key:
    name = context.params[0]
    if name in (context.key.name, user_name(context.key)):
        return context.key
    if name in context.state.keys or name in map(user_name, context.state.keys.values()):
        raise forbidden()
    raise not_found("user", name)


async def user(context: Context) -> Json:
    """``GET /users/{id or key}``."""
    key = _own(context)
    name = user_name(key)
    paid = key.tier != "public"
    rights = {
        "intelligence": paid,
        "downloads-tier-1": paid,
        "downloads-tier-2": paid,
        "sandbox-artifacts": key.artefacts,
        "private": paid,
        "threat-landscape": key.tier == "gti",
    }
    attributes = {
        "first_name": "Example",
        "last_name": "Analyst",
        "email": f"{name}@example.com",
        "status": "active",
        "user_since": 1577836800,
        "reputation": 1,
        "privileges": {right: {"granted": granted} for right, granted in rights.items()},
        "quotas": key.overall_quotas(context.state.clock.now()),
    }
    links = {"self": context.state.address("user", name)}
    return {"data": {"type": "user", "id": name, "links": links, "attributes": attributes}}


async def overall_quotas(context: Context) -> Json:
    """``GET /users/{id or key}/overall_quotas``."""
    return {"data": _own(context).overall_quotas(context.state.clock.now())}


async def api_usage(context: Context) -> Json:
    """``GET /users/{id or key}/api_usage?start_date=YYYYMMDD&end_date=YYYYMMDD``: at most 30 days."""
    key = _own(context)
    today = datetime.fromtimestamp(context.state.clock.now(), UTC)
    last = _date(context.query.get("end_date"), today)
    first = _date(context.query.get("start_date"), last - timedelta(days=30))
    if last - first > timedelta(days=30):
        raise bad_request("The date range can't be larger than 30 days")
    return {"data": key.api_usage(f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}")}


def _date(text: str | None, default: datetime) -> datetime:
    try:
        return default if text is None else datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise bad_request(f'Invalid date "{text}"') from None


async def metadata(context: Context) -> Json:
    """``GET /metadata``: the engines, the key's privileges, and every relationship by type."""
    if context.state.switches.metadata == "premium":
        context.need("P")
    relationships = {
        kind: [{"name": name, "description": ""} for name, facts in table.items() if not facts.withdrawn]
        for kind, table in RELATIONSHIPS.items()
        if table
    }
    privileges = ["intelligence", "downloads-tier-1"] if context.key.tier != "public" else []
    engines = {name: {"category": "antivirus"} for name in FILE_ENGINES}
    return {"data": {"engines": engines, "privileges": privileges, "relationships": relationships}}


async def download(context: Context) -> Reply:
    """``GET /files/{id}/download``: 302 to the other host."""
    return Reply(302, b"", "text/plain", {"Location": _download_address(context)})


async def download_url(context: Context) -> Json:
    """``GET /files/{id}/download_url``: the address on the other host."""
    return {"data": _download_address(context)}


def _download_address(context: Context) -> str:
    context.need("P")
    name = context.params[0]
    item = find_object(context, "file", identify(context, "file", name), name)
    signature = hashlib.sha256(item["id"].encode()).hexdigest()[:16]
    return f"{context.state.other_url}/download/{item['id']}?signature={signature}"


ROUTES = [
    Route("GET", "users/{id}", user, "users", counted=False),
    Route("GET", "users/{id}/overall_quotas", overall_quotas, "users", counted=False),
    Route("GET", "users/{id}/api_usage", api_usage, "users", counted=False),
    Route("GET", "metadata", metadata, "metadata"),
    Route("GET", "files/{id}/download", download, "file_download"),
    Route("GET", "files/{id}/download_url", download_url, "file_download"),
]
