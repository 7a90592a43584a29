"""What the sections of all relationships share: their analyser, titles with counts, links to VirusTotal."""

from collections.abc import Callable, Iterable

from assemblyline_v4_service.common.result import ResultURLSection

from virustotal.core import Analyzer, Evidence, Finding, Needs, Object, Related, Settings, tables
from virustotal.core.readers import as_text
from virustotal.core.relationships import Relationship
from virustotal.plugins.relationships.columns import identity

#: Pages of VirusTotal that are linked below one table.
MOST_LINKS = 40


def analyzer_of(
    entry: Relationship, order: int, analyze: Callable[[Evidence], Iterable[Finding]], needs: Needs
) -> Analyzer:
    """Return an analyser of a relationship, named as it: with the kind of the subject before it but for files."""
    name = entry.name if entry.kind == "file" else f"{entry.kind}_{entry.name}"
    return Analyzer(name, entry.kind, entry.name, analyze=analyze, needs=needs, order=order, summary=entry.title)


def heading(title: str, related: Related) -> str:
    """Return a title that says how many there are and how many are shown."""
    shown = len(related.items)
    if not related.complete and (related.total or 0) <= shown:
        return f"{title} (first {shown}, VirusTotal has more)"
    return tables.counted(title, shown, related.total)


def table_heading(title: str, related: Related) -> str:
    """Return a title as `heading`, for one table of them all: with how many of them have a row."""
    rows = min(len(related.items), tables.MOST_ROWS)
    return heading(title, related) + (f", the first {rows} in the table" if rows < len(related.items) else "")


def links(objs: Iterable[Object], settings: Settings) -> ResultURLSection | None:
    """Return links that open the objects on VirusTotal, or None where none of them has a page."""
    pages = [(page, _link_name(obj)[:200]) for obj in objs if (page := tables.page(obj.ref, settings))]
    if not pages:
        return None
    shown = pages[:MOST_LINKS]
    title = "Open on VirusTotal"
    title = tables.counted(title, len(shown), len(pages)) if len(pages) > len(shown) else title
    section = ResultURLSection(title, auto_collapse=True)
    for page, name in shown:
        section.add_url(page, name=name or page)
    return section


def _link_name(obj: Object) -> str:
    name = as_text(obj.attributes.get("name")) if obj.ref.kind == "collection" else ""
    return name or identity(obj)
