"""Visits to a private URL by VirusTotal's browser: what it loaded, its screenshot and its DOM."""

from collections.abc import Iterable, Iterator

from virustotal.core import Analyzer, Download, Evidence, Finding, Object, Role, Settings, hookimpl, tables
from virustotal.core.readers import as_list, as_mapping, as_mappings, as_text, date, integer, safe_name
from virustotal.plugins.relationships.columns import Column, add, attribute_column
from virustotal.plugins.relationships.record_table import record_table
from virustotal.plugins.relationships.screenshots import PICTURES

#: Visits of which screenshot and DOM are fetched, the newest first; all are listed.
MOST_VISITS = 3
#: What a page may begin with; a JSON error does not.
_HTML = (b"<", b"\xef\xbb\xbf<", b"\r", b"\n", b" ", b"\t")

_VISIT = (
    attribute_column("Date", "analysis_date", date),
    attribute_column("Status", "analysis_status", lambda status: _constant(status, "ANALYSIS_STATUS_")),
    attribute_column("Device", "device", lambda device: _constant(device, "DEVICE_TYPE_")),
    Column("Title", lambda obj: as_mapping(obj.attributes.get("dom_info")).get("title")),
    attribute_column("Requests", "resources", lambda resources: len(as_list(resources))),
    # Their values may be sessions.
    attribute_column("Cookies", "cookies", lambda cookies: [cookie.get("name") for cookie in as_mappings(cookies)]),
    attribute_column("SHA-256 of the DOM", "dom_sha256"),
)
_REQUEST = {
    "url": "URL",
    "status_code": "Status",
    "type": "Type",
    "sha256": "SHA-256",
    "size": "Size",
    "remote_ip": "IP address",
    "source_url": "Requested by",
}


def _constant(value: object, prefix: str) -> str:
    return as_text(value, 60).removeprefix(prefix).replace("_", " ").lower()


def visits(evidence: Evidence) -> Iterator[Finding]:
    """Yield a table of all visits, the requests of the newest one, and what is downloaded of them."""
    related = evidence.related
    section = record_table("Visits to the URL", related, _VISIT, "expiration")
    if related is None or section is None:
        return
    newest = sorted(related.items, key=lambda obj: integer(obj.attributes.get("analysis_date")) or 0, reverse=True)
    rows = [
        {title: resource.get(key) for key, title in _REQUEST.items()}
        for resource in as_mappings(newest[0].attributes.get("resources"))
    ]
    columns = tuple(_REQUEST.values())
    add(section, tables.table("Requests in the newest visit", rows, columns, collapse=True))
    yield section
    if evidence.settings.analyze_relationship:
        for place, visit in enumerate(newest[:MOST_VISITS], 1):
            yield from _downloads(place, visit, evidence.settings)


def _downloads(place: int, visit: Object, settings: Settings) -> Iterator[Download]:
    moment = date(visit.attributes.get("analysis_date"))
    name = safe_name("visit", f"{place:02}")
    yield Download(
        visit.ref, "screenshot", f"{name}.png", f"Screenshot of the URL, {moment}", role=Role.IMAGE, magic=PICTURES
    )
    if settings.download_html_report:
        description = f"DOM of the URL, {moment}, from VirusTotal"
        yield Download(visit.ref, "dom", f"{name}.html", description, Role.SUPPLEMENTARY, magic=_HTML)


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analyser of visits; public URLs have no such relationship."""
    yield Analyzer("url_visits", "url", "behaviours", analyze=visits, order=345, summary="Visits to a private URL")
