"""Findings as text, for readable assertions and approved snapshots."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.al_types import tags
from virustotal.al_types.ontology import plain
from virustotal.core.findings import Attachment, Download, Finding, OntologyPart, Points
from virustotal.result.section_builder import is_public_tag

_INDENT = "  "


def as_text(findings: Iterable[Finding]) -> str:
    """Return findings as text, one fact a line: the same findings give the same text.

    Sections with format, body, subsections and tags, which are as in a result, or said to be left out; points with the
    section that they colour; downloads, attachments and parts of the ontology with all that they say.
    """
    return "\n".join(line for finding in findings for line in _lines(finding))


def _lines(finding: Finding) -> Iterator[str]:
    if isinstance(finding, ResultSection):
        yield from _section(finding, "")
    elif isinstance(finding, Points):
        where = f' on "{finding.section.title_text}"' if finding.section is not None else ""
        ids = f" [{', '.join(finding.attack_ids)}]" if finding.attack_ids else ""
        yield f"points {finding.family} {finding.name} {finding.amount}{where}{ids}: {finding.reason}"
    elif isinstance(finding, Download):
        of = f"{finding.ref.kind} {finding.ref.id}"
        yield f"download {finding.kind} of {of} as {finding.name} ({_role(finding)}): {finding.description}"
    elif isinstance(finding, Attachment):
        what = f"{len(finding.data)} bytes" if finding.path is None else str(finding.path)
        yield f"attachment {finding.name}, {what} ({_role(finding)}): {finding.description}"
    elif isinstance(finding, OntologyPart):
        yield f"ontology {finding.kind} {_json(plain(finding.data))}"
    else:
        yield f"{type(finding).__name__}, which is no finding: {finding!r}"


def _role(finding: Download | Attachment) -> str:
    return f"{finding.role}, {finding.relation}"


def _section(section: Any, indent: str, inside: tuple[int, ...] = ()) -> Iterator[str]:
    folded = ", collapsed" if section.auto_collapse else ""
    promoted = f", promoted to {section.promote_to}" if section.promote_to else ""
    scored = f", score {section.heuristic.score}" if section.heuristic is not None else ""
    yield f'{indent}section "{section.title_text}" {section.body_format}{folded}{promoted}{scored}'
    if id(section) in inside:
        yield f"{indent}{_INDENT}(it is inside itself)"
        return
    below = indent + _INDENT
    yield from (below + line for line in _body(section))
    for tag_type, values in sorted(section.tags.items()):
        yield from (f"{below}tag {tag_type}: {_tag(tag_type, value)}" for value in dict.fromkeys(values))
    for subsection in section.subsections:
        yield from _section(subsection, below, (*inside, id(section)))


def _tag(tag_type: str, value: Any) -> str:
    """Return a value as the result has it, or that the result does not have it."""
    kept = tags.normal(tag_type, value) if isinstance(value, str) and tags.known(tag_type) else None
    if kept is None:
        return f"{value} (left out: not valid)"
    return kept if is_public_tag(tag_type, kept) else f"{kept} (left out: not public)"


def _body(section: Any) -> Iterator[str]:
    body = section.body
    if not body:
        return
    if not isinstance(body, str):
        yield repr(body)
    elif section.body_format in {"TEXT", "MEMORY_DUMP"}:
        yield from (f"| {line}" for line in body.splitlines())
    else:
        yield from _structured(section.body_format, json.loads(body), section.body_config)


def _structured(body_format: str, value: Any, config: Any) -> Iterator[str]:
    if body_format == "TABLE" and isinstance(value, list) and all(isinstance(row, dict) for row in value):
        columns = list(dict(config or {}).get("column_order") or dict.fromkeys(key for row in value for key in row))
        yield "| " + " | ".join(columns)
        yield from ("| " + " | ".join(_cell(row.get(name)) for name in columns) for row in value)
    elif body_format == "KEY_VALUE" and isinstance(value, dict):
        yield from (f"| {key}: {_cell(entry)}" for key, entry in value.items())
    elif body_format == "ORDERED_KEY_VALUE" and isinstance(value, list):
        yield from (f"| {key}: {_cell(entry)}" for key, entry in value)
    elif body_format == "URL":
        entries = value if isinstance(value, list) else [value]
        yield from (f"| {entry.get('name', '')} <{entry.get('url')}>" for entry in entries)
    elif isinstance(value, list):
        yield from (f"| {_json(entry)}" for entry in value)
    else:
        yield f"| {_json(value)}"


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
