"""Screenshots of a sandbox run, fetched where relationships are analysed."""

from collections.abc import Iterable, Iterator

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Download, Finding, Object, Related, Role, Settings, hookimpl, relationships
from virustotal.core.readers import as_text, date, safe_name
from virustotal.plugins.relationships.columns import ID, attribute_column
from virustotal.plugins.relationships.record_table import record_analyzer

#: Pictures that are fetched for one file; all are listed.
MOST_PICTURES = 12
#: What a picture begins with.
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")

_SCREENSHOT = (attribute_column("Date", "date", date), attribute_column("Sandbox", "sandbox_name"), ID)


def _pictures(related: Related, section: ResultSection, settings: Settings) -> Iterator[Finding]:
    if not settings.analyze_relationship:
        yield section
        return
    linked = [obj for obj in related.items if _link(obj)]
    if len(linked) > MOST_PICTURES:
        section.title_text += f", the first {MOST_PICTURES} fetched"
    if missing := len(related.items) - len(linked):
        section.title_text += f", {missing} without an address to fetch"
    yield section
    for place, obj in enumerate(linked[:MOST_PICTURES], 1):
        yield _download(place, obj)


def _link(obj: Object) -> str:
    link = obj.attributes.get("link")
    plain = link.strip() if isinstance(link, str) else ""
    return plain if plain.startswith(("https://", "http://")) else ""


def _download(place: int, obj: Object) -> Download:
    sandbox = as_text(obj.attributes.get("sandbox_name"), 60) or "a sandbox"
    moment = date(obj.attributes.get("date"))
    return Download(
        obj.ref,
        "screenshot",
        safe_name("screenshot", f"{place:02}", sandbox) + ".png",
        f"Screenshot of {sandbox}" + (f", {moment}" if moment else ""),
        role=Role.IMAGE,
        magic=PICTURES,
        link=_link(obj),
    )


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analyser of screenshots."""
    return (
        record_analyzer(entry, 350, _SCREENSHOT, _pictures, "link")
        for entry in relationships.CATALOGUE.values()
        if entry.yields == ("screenshot",)
    )
