"""Relationships of which nobody says what they hold, and those that VirusTotal may add tomorrow. Never scored."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core import ANY, Analyzer, Evidence, Finding, Object, Settings, hookimpl, relationships
from virustotal.core.readers import as_text, clean, pairs
from virustotal.core.relationships import KINDS
from virustotal.plugins.relationships.columns import Column, identity
from virustotal.plugins.relationships.record_table import record_table

#: Attributes of one object that are shown, each in so many characters.
MOST_ATTRIBUTES, LONGEST_ATTRIBUTE = 12, 120


def _told(values: Mapping[str, Any]) -> str:
    """Attributes as they came, since no shape is known: the first ones, each cut."""
    found = []
    for place, (name, value) in enumerate(pairs(values)):
        if place >= MOST_ATTRIBUTES:
            found.append(f"and {len(values) - place} more")
            break
        found.append(f"{name}: {_value(value)}")
    return "; ".join(found)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple | Mapping):
        return f"{len(value)} entries" if _nested(value) else clean(json.dumps(value, default=str), LONGEST_ATTRIBUTE)
    return as_text(value, LONGEST_ATTRIBUTE)


def _nested(value: Any) -> bool:
    entries = value.values() if isinstance(value, Mapping) else value
    return len(value) > 20 or any(isinstance(entry, list | tuple | Mapping) for entry in entries)


_COLUMNS = (
    Column("Kind", lambda obj: as_text(obj.ref.kind)),
    Column("Id", lambda obj: as_text(obj.ref.id)),
    Column("Address", lambda obj: identity(obj) if obj.ref.kind == "url" else ""),
    Column("Known of it", lambda obj: _told(obj.attributes)),
    Column("Known of the link", lambda obj: _told(_link(obj))),
)


def _link(obj: Object) -> Mapping[str, Any]:
    return {name: value for name, value in obj.context.items() if name != "url" or obj.ref.kind != "url"}


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield one table of whatever a relationship holds."""
    related = evidence.related
    if related is None:
        return
    entry = relationships.find(evidence.report.subject.ref.kind, related.relationship)
    title = entry.title if entry is not None else as_text(related.relationship.replace("_", " "), 80).capitalize()
    section = record_table(title or "Relationship without a name", related, _COLUMNS)
    if section is not None:
        yield section


#: Names of the catalogue whose objects have no documented shape, or a withdrawn one.
_UNCONFIRMED = ("clues", "code_blocks", "distributors", "email_senders", "sigma_analysis")

_ANALYZERS: tuple[Analyzer, ...] = (
    *(
        Analyzer(
            f"plain_{name}",
            "file",
            name,
            analyze=analyze,
            order=390,
            summary=relationships.CATALOGUE["file", name].title,
        )
        for name in _UNCONFIRMED
    ),
    *(
        Analyzer(f"plain_{kind}", kind, ANY, analyze=analyze, order=395, summary="Relationships that are not known yet")
        for kind in KINDS
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the plain analysers."""
    return _ANALYZERS
