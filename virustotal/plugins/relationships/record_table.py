"""Tables and timelines of what is no file, host or URL: comments, votes, collections, analyses, submissions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from assemblyline_v4_service.common.result import ResultSection, ResultTimelineSection

from virustotal.core import Analyzer, Evidence, Finding, Object, Related, Settings, tables
from virustotal.core.readers import as_text
from virustotal.core.relationships import Relationship
from virustotal.plugins.relationships.columns import Column, add, further_section, read_by
from virustotal.plugins.relationships.related_section import analyzer_of, links, table_heading

#: Nodes of one timeline; the table below it has more.
MOST_NODES = 40

#: Yields what an analyser shows: the table of its records, changed or within another section, and what goes with it.
Show: TypeAlias = Callable[[Related, ResultSection, Settings], Iterable[Finding]]


def table_alone(_related: Related, section: ResultSection, _settings: Settings) -> Iterator[Finding]:
    """Yield the table as it is."""
    yield section


def record_analyzer(entry: Relationship, order: int, columns: Sequence[Column], show: Show, *reads: str) -> Analyzer:
    """Return the analyser that shows the objects of one relationship as a table of `columns`.

    Args:
        reads: Attributes that `show` reads beside those of the columns.
    """

    def analyze(evidence: Evidence) -> Iterator[Finding]:
        related = evidence.related
        section = record_table(entry.title, related, columns, *reads)
        if related is not None and section is not None:
            add(section, links(related.items, evidence.settings))
            yield from show(related, section, evidence.settings)

    return analyzer_of(entry, order, analyze, read_by(columns, *reads))


def record_table(title: str, related: Related | None, columns: Sequence[Column], *reads: str) -> ResultSection | None:
    """Return the table of a relationship, or None without objects.

    Args:
        reads: Attributes that are shown beside those of the columns.
    """
    section = object_table(title, related.items, columns) if related is not None else None
    if related is not None and section is not None:
        section.title_text = table_heading(title, related)
        add(section, further_section(related.items, columns, *reads))
    return section


def object_table(
    title: str, objs: Sequence[Object], columns: Sequence[Column], *, collapse: bool = False
) -> ResultSection | None:
    """Return a table of objects, or None without any. An object without attributes is shown by its id."""
    rows = [_row(obj, columns) for obj in objs[: tables.MOST_ROWS]]
    names = dict.fromkeys((*(column.label for column in columns), "Id", "Reason"))
    return tables.table(title, rows, tuple(names), total=len(objs), collapse=collapse)


def _row(obj: Object, columns: Sequence[Column]) -> dict[str, Any]:
    cells = {column.label: column.cell(obj) for column in columns}
    if not obj.attributes or not any(cell not in ("", None) for cell in cells.values()):
        cells.setdefault("Id", as_text(obj.ref.id))
    if not obj.attributes:
        cells["Reason"] = obj.error
    return cells


def timeline(title: str, nodes: Iterable[tuple[str, str, str]]) -> ResultTimelineSection | None:
    """Return a timeline of (moment, headline, detail), the newest MOST_NODES; None without any that has a moment."""
    dated = sorted((node for node in nodes if node[0]), reverse=True)
    if not dated:
        return None
    section = ResultTimelineSection(tables.counted(title, min(len(dated), MOST_NODES), len(dated)))
    for moment, headline, detail in dated[:MOST_NODES]:
        section.add_node(as_text(headline) or "-", as_text(detail), as_text(moment))
    return section
