"""Reports of invented sandboxes, and the analysers of this package by name."""

from collections.abc import Iterator
from typing import Any

from virustotal.core import Analyzer, Attachment, Object, OntologyPart, Points
from virustotal.core.settings import Settings
from virustotal.plugins.sandbox import downloads, virustotal_analyzers
from virustotal.testing import evidence, obj

SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
ANALYZERS: dict[str, Analyzer] = {
    each.name: each for each in (*virustotal_analyzers(Settings()), *downloads.virustotal_analyzers(Settings()))
}


def report(sandbox: str = "Zenbox", **attributes: Any) -> Object:
    """A report of a sandbox; its name is in the attributes too, unless they say otherwise."""
    return obj("file_behaviour", f"{SHA256}_{sandbox}", **({"sandbox_name": sandbox} | attributes))


def findings(*reports: Object, subject: dict[str, Any] | None = None, **options: Any) -> list[Any]:
    """What the analyser `behaviours` yields for these reports."""
    given = evidence("file", "behaviours", related=reports, total=len(reports), **options, **(subject or {}))
    return list(ANALYZERS["behaviours"].analyze(given))


def sections(found: list[Any]) -> list[Any]:
    """The top sections."""
    return [each for each in found if not isinstance(each, Points | OntologyPart | Attachment)]


def walk(section: Any) -> Iterator[Any]:
    """A section and all below it."""
    yield section
    for below in section.subsections:
        yield from walk(below)


def titled(found: list[Any], title: str) -> Any:
    """The one section whose title begins so; the details of a table only by their whole title."""
    matching = [
        section
        for top in sections(found)
        for section in walk(top)
        if section.title_text.startswith(title)
        and (section.title_text == title or not section.title_text.endswith(": details"))
    ]
    assert len(matching) == 1, [section.title_text for top in sections(found) for section in walk(top)]
    return matching[0]


def titles(found: list[Any]) -> list[str]:
    """All titles."""
    return [section.title_text for top in sections(found) for section in walk(top)]


def tags(found: list[Any]) -> dict[str, list[str]]:
    """All tags, type to values."""
    merged: dict[str, list[str]] = {}
    for top in sections(found):
        for section in walk(top):
            for type, values in section.tags.items():
                merged.setdefault(type, []).extend(values)
    return merged


def points(found: list[Any]) -> dict[str, Points]:
    """The points by name; a name comes once."""
    given = [each for each in found if isinstance(each, Points)]
    assert len({each.name for each in given}) == len(given)
    return {each.name: each for each in given}


def parts(found: list[Any], kind: str) -> list[Any]:
    """The data of the ontology parts of a kind."""
    return [each.data for each in found if isinstance(each, OntologyPart) and each.kind == kind]
