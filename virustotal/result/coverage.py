"""What was asked of VirusTotal and how each of it ended: nothing is silently missing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from virustotal.api import relationships
from virustotal.core.lookup.downloads import DownloadOutcome
from virustotal.core.models import Related, Status
from virustotal.core.tables import listed, table
from virustotal.result.models import SubjectResult
from virustotal.result.section_builder import stacked
from virustotal.result.subject_header import name_of
from virustotal.util.readers import clean

#: Titles of the section and of the one below it.
TITLE, DOWNLOADS = "Coverage: what was asked for", "Artefacts"
#: Rows of the table; there are at most 58 relationships of one kind of object.
MOST_ROWS = 400

_MISSING: Mapping[Status, str] = {
    Status.UNKNOWN: "unknown to VirusTotal",
    Status.INVALID: "refused by VirusTotal",
    Status.PENDING: "pending",
    Status.QUOTA: "quota used up",
    Status.SKIPPED: "skipped",
    Status.FAILED: "failed",
    Status.FORBIDDEN: "needs a premium licence",
}
#: The same of an artefact.
_ARTEFACT: Mapping[Status, str] = {**_MISSING, Status.FOUND: "attached", Status.UNKNOWN: "not available"}
_COLUMNS = ("subject", "relationship", "result", "detail", "answered by")


def coverage_section(results: Sequence[SubjectResult]) -> Any | None:
    """Return one collapsed section: a table of relationships, one of artefacts below it; None where nothing was asked.

    Relationships that need a premium licence share one row.
    """
    several = len(results) > 1
    rows = [row for result in results for row in _rows(result, several)]
    artefacts = [_artefact(artefact) for result in results for artefact in result.artefacts]
    section = table(TITLE, rows, _COLUMNS, most=MOST_ROWS, collapse=True, keep=_COLUMNS)
    columns = ("artefact", "of", "result", "detail")
    return stacked(section, table(DOWNLOADS, artefacts, columns, most=MOST_ROWS, collapse=True, keep=("result",)))


def _rows(result: SubjectResult, several: bool) -> Iterator[Mapping[str, Any]]:
    if not result.report.outcome.found:
        return
    subject = name_of(result) if several else ""
    names = tuple(dict.fromkeys((*result.asked, *result.report.related)))
    forbidden = [name for name in names if _is_forbidden(result.report.related.get(name))]
    for name in names:
        if name not in forbidden:
            yield {"subject": subject, **_row(result, name)}
    if forbidden:
        yield {
            "subject": subject,
            "relationship": listed(forbidden, most=len(forbidden)),
            "result": _MISSING[Status.FORBIDDEN],
            "detail": "The API key's licence does not cover these.",
        }


def _is_forbidden(related: Related | None) -> bool:
    return related is not None and related.outcome.status is Status.FORBIDDEN and not related.items


def _row(result: SubjectResult, name: str) -> Mapping[str, Any]:
    related = result.report.related.get(name)
    detail = [f"asked for as {alias}" for alias, meant in result.aliases.items() if meant == name and alias != name]
    if related is None:
        is_catalogued = relationships.find(result.report.subject.ref.kind, name) is not None
        shown = "not looked up" if is_catalogued else "not looked up: the name is not in the service's catalogue"
    else:
        shown = _shown(related)
        detail += _details(related)
    return {
        "relationship": clean(name, 120),
        "result": shown,
        "detail": "; ".join(detail),
        "answered by": clean(result.origins.get(name, ""), 120),
    }


def _shown(related: Related) -> str:
    """What came, and how it ended where that was not well: a later page may be missing."""
    ended = "" if related.outcome.found else _MISSING[related.outcome.status]
    count = len(related.items)
    if ended and not count:
        return ended
    if related.total is not None and related.total > count:
        shown = f"shown {count} of {related.total}"
    elif not related.complete:
        shown = f"shown {count}" if ended else f"shown {count}, there are more"
    else:
        shown = f"shown {count} of {count}" if count else "none"
    if not ended:
        return shown
    part = "names only" if not related.detailed else "in part" if related.complete else "the rest"
    return f"{shown}, {part}: {ended}"


def _details(related: Related) -> Iterable[str]:
    if related.outcome.detail:
        yield clean(related.outcome.detail)
    if related.items and not related.detailed:
        yield "identifiers alone"
    unknown = sum(1 for item in related.items if item.error)
    if unknown:
        yield f"{unknown} that VirusTotal knows by identifier alone"


def _artefact(artefact: DownloadOutcome) -> Mapping[str, Any]:
    download = artefact.download
    return {
        "artefact": clean(download.name, 200),
        "of": f"{download.ref.kind} {clean(download.ref.id, 120)}",
        "result": _ARTEFACT[artefact.outcome.status],
        "detail": clean(artefact.outcome.detail),
    }
