"""Tables of attributes to sections. A shape only hints: what it does not name or has another type is shown too."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import Factory, evolve, frozen

from virustotal.core import Analyzer, Evidence, Finding, Needs
from virustotal.core.readers import as_list, as_mapping, as_mappings, as_text, whole_text
from virustotal.core.tables import MOST_ROWS, brief, key_values, lines, table
from virustotal.plugins.file_attributes._cell_readers import heading, label

#: Deepest nesting of sections; what lies deeper is written into one cell.
DEEPEST = 3
#: Subsections of one section, fields of a row, and tags of one type and section.
MOST_PARTS, MOST_FIELDS, MOST_TAGS = 40, 60, 200
#: Keys of a mapping, beside those that are known, that are looked at.
MOST_KEYS = 10_000

Reader = Callable[[Any], Any]

# Keys of a row that no attribute has: the name of a row, and what in it has no key.
_NAME, _BARE = "\x00name", "\x00bare"


@frozen
class FieldSpec:
    """One fact or column.

    Attributes:
        key: The key under which it is found.
        label: By default the key in words.
        read: Returns what is shown.
        tag: A tag type of Assemblyline's Tagging model.
        tagged: Returns the value or values to tag, empty for none; without it what is shown is tagged.
        detail: True for what is written below the table, such as ids, rule texts and references.
    """

    key: str
    label: str = Factory(lambda spec: heading(spec.key), takes_self=True)
    read: Reader = brief
    tag: str = ""
    tagged: Reader | None = None
    detail: bool = False

    def tags(self, value: Any) -> Iterator[str]:
        """Yield the values to tag; one that had to be cut or cleaned is not the value any more, and is left out."""
        for entry in as_list(value if self.tagged is None else self.tagged(value)):
            if text := whole_text(entry):
                yield text


@frozen
class SectionSpec:
    """A section of one value: facts of a mapping, rows of a list, or names.

    Attributes:
        key: The key under which the value is found.
        name: The label of the first column where the value is a mapping of names to rows.
        tag: The tag type of each entry of a list of names, or of each name of a mapping.
        skip: Keys that are shown elsewhere.
        collapse: True for a closed section.
        fields: The facts or columns, in order.
        parts: Sections below.
    """

    key: str
    title: str
    name: str = ""
    tag: str = ""
    skip: tuple[str, ...] = ()
    collapse: bool = True
    fields: tuple[FieldSpec, ...] = ()
    parts: tuple["SectionSpec", ...] = ()

    def include(self, *specs: "FieldSpec | SectionSpec") -> "SectionSpec":
        """Return the same section with these facts or columns, and these sections below it."""
        fields = tuple(spec for spec in specs if isinstance(spec, FieldSpec))
        parts = tuple(spec for spec in specs if isinstance(spec, SectionSpec))
        return evolve(self, fields=fields, parts=parts)


def field_specs(*keys: str) -> tuple[FieldSpec, ...]:
    """Return facts or columns that are shown as they are, under the words of their keys."""
    return tuple(map(FieldSpec, keys))


def build(part: SectionSpec, value: Any, depth: int = DEEPEST) -> ResultSection | None:
    """Return the section of a value, or None where nothing in it can be shown."""
    if as_mapping(value) and part.name:
        return _rows(part, _named(part, as_mapping(value)), len(as_mapping(value)))
    if as_mapping(value):
        return _facts(part, as_mapping(value), depth)
    entries = as_list(value)
    if part.fields or as_mappings(entries[:MOST_ROWS]):
        return _rows(part, entries, len(entries))
    shortened, total = entries[:MOST_ROWS], len(entries) if len(entries) > MOST_ROWS else None
    section = lines(part.title, map(brief, shortened), total=total, collapse=part.collapse)
    _tag(section, [FieldSpec("", "", tag=part.tag)], [{"": entry} for entry in shortened])
    return section


def _facts(part: SectionSpec, value: Mapping[str, Any], depth: int) -> ResultSection | None:
    """Facts in the order of the shape, then what it does not name; lists and mappings become subsections."""
    known = {*(field.key for field in part.fields), *(spec.key for spec in part.parts), *part.skip}
    rest = [key for key in value if key not in known]
    rest, left_out = rest[:MOST_KEYS], max(0, len(rest) - MOST_KEYS)
    nested = dict.fromkeys(key for key in rest if depth > 0 and nests(value[key]))
    facts = [*part.fields, *(FieldSpec(key, label(key)) for key in rest if key not in nested)]
    entries = [(field.label, field.read(value[field.key])) for field in facts[:MOST_ROWS] if field.key in value]
    if len(facts) > MOST_ROWS:
        entries.append(("Not shown", f"{len(facts) - MOST_ROWS + left_out} more"))
    section = key_values(part.title, entries, collapse=part.collapse)
    _tag(section, part.fields, [value])
    parts = [*part.parts, *(SectionSpec(key, label(key)) for key in nested)]
    for below in _below([spec for spec in parts if spec.key in value], value, depth - 1):
        if section is None:
            section = ResultSection(part.title, auto_collapse=part.collapse)
        section.add_subsection(below)
    return section


def nests(value: Any) -> bool:
    """True for what deserves a section of its own: a mapping, a list of mappings, a list too long for one cell."""
    entries = as_list(value)
    return bool(as_mapping(value)) or len(entries) > 10 or bool(as_mappings(entries[:10]))


def _below(parts: Sequence[SectionSpec], value: Mapping[str, Any], depth: int) -> Iterator[ResultSection]:
    for spec in parts[:MOST_PARTS]:
        if (section := build(spec, value[spec.key], depth)) is not None:
            yield section
    if len(parts) > MOST_PARTS:
        yield lines(f"{len(parts) - MOST_PARTS} more are not shown", [spec.key for spec in parts[MOST_PARTS:]])


def _named(part: SectionSpec, value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Rows of a mapping of names to rows; a bare value belongs to the first field."""
    first = part.fields[0].key if part.fields else _BARE
    entries = islice(value.items(), MOST_ROWS)
    return [{**(as_mapping(entry) or {first: entry}), _NAME: name} for name, entry in entries]


def _or_empty(value: Any) -> str:
    return as_text(value) or "(empty)"


def _rows(part: SectionSpec, entries: Sequence[Any], total: int) -> ResultSection | None:
    """A table of the first entries: mappings by key, lists by position, bare values under the first field."""
    raw = [_row(entry, part.fields) for entry in entries[:MOST_ROWS]]
    named = [*([FieldSpec(_NAME, part.name, _or_empty, part.tag)] if part.name else []), *part.fields]
    fields = [*named, *_unnamed(raw, named, part.skip)]
    shape = {field.label: field for field in fields}  # a label given twice is one column
    rows = [{label: field.read(row[field.key]) for label, field in shape.items() if field.key in row} for row in raw]
    kept = [row for row in rows if any(cell not in ("", None) for cell in row.values())]
    filled = [label for label in shape if any(row.get(label) not in ("", None) for row in kept)]
    left = f"{len(filled) - MOST_FIELDS} more" if len(filled) > MOST_FIELDS else ""
    columns = (*filled[:MOST_FIELDS], "Not shown")
    section = table(
        part.title,
        [{**row, "Not shown": left} for row in kept],
        columns,
        total=total - len(rows) + len(kept),
        collapse=part.collapse,
        detail=[label for label in columns if label not in shape or shape[label].detail],
    )
    _tag(section, fields, raw)
    return section


def _row(entry: Any, fields: Sequence[FieldSpec]) -> Mapping[str, Any]:
    if isinstance(entry, list | tuple):
        row = {field.key: value for field, value in zip(fields, entry, strict=False)}
        return {**row, _BARE: entry[len(fields) :]} if len(entry) > len(fields) else row
    return as_mapping(entry) or {fields[0].key if fields else _BARE: entry}


def _unnamed(rows: Iterable[Mapping[str, Any]], named: Sequence[FieldSpec], skip: Iterable[str]) -> list[FieldSpec]:
    """Columns for what the shape does not name."""
    taken = {field.key for field in named} | {_NAME, *skip}
    labels = {field.label for field in named}
    keys = dict.fromkeys(key for row in rows for key in row if key not in taken)
    columns = [(key, "Value" if key == _BARE else label(key)) for key in keys]
    return [FieldSpec(key, f"{label} (attribute)" if label in labels else label) for key, label in columns]


def _tag(section: Any, fields: Sequence[FieldSpec], rows: Sequence[Mapping[str, Any]]) -> None:
    """Tag what is shown, each type MOST_TAGS times at most."""
    if section is None:
        return
    for field in fields:
        if field.tag:
            values = dict.fromkeys(tag for row in rows if field.key in row for tag in field.tags(row[field.key]))
            for value in list(values)[:MOST_TAGS]:
                section.add_tag(field.tag, value)


def build_section(part: SectionSpec, value: Any) -> ResultSection | None:
    """Return the section of an attribute; an `*_info` without anything in it is said to be empty, null is absent."""
    section = build(part, value)
    if section is None and value is not None and part.key.endswith("_info"):
        section = ResultSection(part.title, body="Empty in VirusTotal's report.", auto_collapse=True)
    return section


def build_sections(attributes: Mapping[str, Any], *parts: SectionSpec) -> Iterator[ResultSection]:
    """Yield a section for each of the attributes that the file has; of a list of what has parts, one for each entry."""
    for part in parts:
        entries = as_list(attributes.get(part.key))
        if not part.parts or not entries or not all(map(as_mapping, entries)):
            entries = (attributes.get(part.key),)
        for entry in entries[:MOST_PARTS]:
            if (section := build_section(part, entry)) is not None:
                yield section
        if len(entries) > MOST_PARTS:
            yield ResultSection(f"{part.title}: {len(entries) - MOST_PARTS} more are not shown")


def analyzer(
    name: str,
    order: int,
    summary: str,
    *parts: SectionSpec,
    names: Iterable[str] = (),
    analyze: Callable[[Mapping[str, Any]], Iterable[Finding]] | None = None,
) -> Analyzer:
    """Return the analyser of some attributes of a file.

    Args:
        parts: The sections of the attributes, by default one for each of those that the file has.
        names: Attributes that are read beside those of `parts`.
        analyze: Yields other findings of the file's attributes.
    """

    def findings(evidence: Evidence) -> Iterable[Finding]:
        attributes = evidence.report.subject.attributes
        return build_sections(attributes, *parts) if analyze is None else analyze(attributes)

    needs = Needs((*names, *(part.key for part in parts)))
    return Analyzer(name, "file", analyze=findings, needs=needs, order=order, summary=summary)
