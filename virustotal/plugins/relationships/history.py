"""When an object was seen and scanned: analyses and submissions, as a timeline with the table below it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from assemblyline_v4_service.common.result import ResultSection
from attrs import frozen

from virustotal.core import Analyzer, Finding, Object, Related, Settings, hookimpl, relationships, tables
from virustotal.core.readers import as_text, date
from virustotal.core.relationships import Relationship
from virustotal.plugins.relationships.columns import Column, attribute_column
from virustotal.plugins.relationships.record_table import MOST_NODES, record_analyzer, timeline
from virustotal.plugins.relationships.related_section import heading
from virustotal.plugins.relationships.related_verdicts import analysis_ratio


@frozen
class _History:
    """The columns of a kind of record, and those that make the headline and the detail of its node."""

    columns: Sequence[Column]
    headline: Sequence[Column]
    detail: Sequence[Column]

    def node(self, obj: Object) -> tuple[str, str, str]:
        """Return moment, headline and detail of one record."""
        return date(obj.attributes.get("date")), _joined(self.headline, obj), _joined(self.detail, obj)


def _joined(columns: Sequence[Column], obj: Object) -> str:
    return ", ".join(f"{column.label}: {text}" for column in columns if (text := as_text(column.cell(obj))))


_SCAN = (
    attribute_column("Date", "date", date),
    attribute_column("Detections", "stats", analysis_ratio),
    attribute_column("Status", "status"),
)
_SUBMISSION = (
    attribute_column("Date", "date", date),
    attribute_column("File name", "name"),
    attribute_column("Interface", "interface"),
    attribute_column("Country", "country"),
    attribute_column("City", "city"),
    attribute_column("Submitter", "source_key"),
)
#: By the kind of the records, in the order in which they are shown.
_HISTORIES: Mapping[str, _History] = {
    "submission": _History(_SUBMISSION, _SUBMISSION[3:5], (*_SUBMISSION[1:3], _SUBMISSION[5])),
    "analysis": _History(_SCAN, _SCAN[1:2], _SCAN[2:]),
}


def _analyzer(entry: Relationship, history: _History, order: int) -> Analyzer:
    def show(related: Related, table: ResultSection, _settings: Settings) -> Iterator[Finding]:
        nodes = [history.node(obj) for obj in related.items]
        line = timeline(entry.title, nodes)
        if line is None:
            yield table
            return
        line.title_text = heading(entry.title, related)
        if sum(bool(moment) for moment, *_ in nodes) > MOST_NODES:
            line.title_text += f", the newest {MOST_NODES} drawn"
        shown = min(len(related.items), tables.MOST_ROWS)
        table.title_text = tables.counted("All records", shown, len(related.items))
        table.auto_collapse = True
        line.add_subsection(table)
        yield line

    return record_analyzer(entry, order, history.columns, show)


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analysers of analyses and submissions."""
    return (
        _analyzer(entry, history, order)
        for order, (kind, history) in enumerate(_HISTORIES.items(), 650)
        for entry in relationships.CATALOGUE.values()
        if entry.yields == (kind,)
    )
