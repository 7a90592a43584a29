"""Texts that are too long for a result: one file with those that neither a tag nor the ontology has whole."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from virustotal.core.findings import Attachment
from virustotal.core.scoring.verdicts import COUNTED_ATTRIBUTES
from virustotal.core.tables import FURTHER, UNWRITTEN
from virustotal.result.models import SubjectResult
from virustotal.util.readers import LONGEST_TEXT, clean

#: Characters of the file, texts in it and long ones of one report that are looked at, and values that are.
LONGEST_FILE, MOST_TEXTS, MOST_VALUES = 8_000_000, 2_000, 1_000_000
FILE_NAME = "virustotal_long_values.txt"
#: Characters by which a text is found again in the section that shows its beginning.
_BEGINNING = 20
#: Characters from which a text of a related object may be cut: its cells are smaller than those of the subject.
LONGEST_CELL = 300
#: Passwords are named and never written out.
_SECRET = frozenset({"auth_pass"})


def long_values(results: Iterable[SubjectResult]) -> Iterator[Attachment]:
    """Yield the file of the texts that the result shows and cuts; nothing where it has all of them whole."""
    texts: dict[str, str] = {}
    for result in results:
        candidates = dict(islice(_long_texts(result), MOST_TEXTS))  # each is searched for in all sections
        if candidates:
            whole, shown = _whole(result), _shown(result)
            texts |= {
                text: path
                for text, path in candidates.items()
                if not {text, text.strip()} & whole and _is_cut(text, shown)
            }
    room = LONGEST_FILE
    parts = []
    for text, path in list(texts.items())[:MOST_TEXTS]:
        parts.append(f"=== {path} ({len(text)} characters)\n{text[:room]}\n")
        room -= min(room, len(text))
    if parts:
        data = "\n".join(parts).encode("utf-8", "replace")
        yield Attachment(FILE_NAME, "Texts that are cut in the result, whole", data=data)


def _long_texts(result: SubjectResult) -> Iterator[tuple[str, str]]:
    """Yield each text that is too long for a cell, with its path in the report."""
    report = result.report
    todo: list[tuple[str, Any, int]] = []
    for relationship, related in report.related.items():
        if relationship == "behaviours":
            todo += [(obj.ref.id, obj.attributes, LONGEST_TEXT) for obj in related.items]
        else:
            attributes = ((f"{relationship} {obj.ref.id}", _in_cells(obj.attributes)) for obj in related.items)
            todo += [(path, values, LONGEST_CELL) for path, values in attributes if values]
    todo.append(("", report.subject.attributes, LONGEST_TEXT))
    for _ in range(MOST_VALUES):
        if not todo:
            return
        path, value, longest = todo.pop()
        if isinstance(value, str):
            if len(value) > longest:
                yield value, clean(path, 200)
        elif isinstance(value, Mapping):
            todo += [
                (f"{path}.{key}" if path else str(key), entry, longest)
                for key, entry in value.items()
                if key not in _SECRET and not (longest == LONGEST_CELL and UNWRITTEN.search(str(key)))
            ]
        elif isinstance(value, list | tuple):
            todo += [(path, entry, longest) for entry in value]


def _in_cells(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the attributes of a related object without its engines."""
    return {name: value for name, value in attributes.items() if name not in COUNTED_ATTRIBUTES}


def _whole(result: SubjectResult) -> frozenset[str]:
    """Return the texts that tags and the ontology have whole."""
    texts: set[str] = set()
    for output in result.contributions:
        for section in output.walk():
            texts.update(value for values in section.tags.values() for value in values)
        for part in output.ontology:
            details = part.data.get("http_details")
            uri = details.get("request_uri") if isinstance(details, Mapping) else None
            texts.update(text for text in (part.data.get("command_line"), uri) if isinstance(text, str))
    return frozenset(texts)


def _shown(result: SubjectResult) -> str:
    """Return the bodies of all sections, but for the bounded lines of attributes that no column shows."""
    sections = (section for output in result.contributions for section in output.walk())
    return "\n".join(
        section.body or "" for section in sections if (section.title, section.body_format) != (FURTHER, "TEXT")
    )


def _is_cut(text: str, shown: str) -> bool:
    """Return whether the sections show the beginning of a text and not all of it."""
    inert = clean(text, len(text)).strip()
    beginning = inert[:_BEGINNING].rstrip()
    for written in (str, lambda text: json.dumps(text)[1:-1]):
        if written(beginning) in shown:
            return written(inert) not in shown
    return False
