"""Readers of a stored result: its files, and tags, techniques and rows of its sections."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assemblyline.common.dict_utils import flatten

from virustotal.local.run_task import TaskOutcome
from virustotal.rendering.section_parts import Table, body_parts
from virustotal.result import flagged
from virustotal.util.readers import EMPTY, as_list, as_mapping, as_mappings, as_text

#: Heuristics of the engines' verdict on the subject itself: what they tag is no contact.
_OF_SUBJECT = frozenset({"1", "2"})
#: Kind of the object that a tag names, by the last part of its type.
_CONTACTS: Mapping[str, str] = {"domain": "Domain", "ip": "IP address", "uri": "URL"}


def attached_files(outcome: TaskOutcome) -> Iterator[tuple[str, tuple[Mapping[str, Any], ...]]]:
    """Yield `extracted` and `supplementary` with their files, without the pictures of sections."""
    response = as_mapping(outcome.stored.get("response"))
    for kind in ("extracted", "supplementary"):
        files = tuple(file for file in as_mappings(response.get(kind)) if not file.get("is_section_image"))
        if files:
            yield kind, files


def section_tags(section: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each tag type of a section with its values."""
    for kind, values in sorted(flatten(section.get("tags") or {}).items()):
        yield as_text(kind), tuple(map(as_text, as_list(values)))


def techniques(section: Mapping[str, Any]) -> Iterator[str]:
    """Yield id and name of each ATT&CK technique of a section's heuristic."""
    for attack in as_mappings(as_mapping(section.get("heuristic")).get("attack")):
        yield f"{as_text(attack.get('attack_id'))} {as_text(attack.get('pattern'))}"


def find_section(sections: Sequence[Mapping[str, Any]], title: str) -> Mapping[str, Any]:
    """Return the first section whose title begins so; an empty one for none."""
    return next((section for section in sections if str(section.get("title_text", "")).startswith(title)), EMPTY)


def table_rows(section: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the rows of a section's tables."""
    for part in body_parts(section):
        if isinstance(part, Table) and part.columns:
            yield from (dict(zip(part.columns, row.cells, strict=True)) for row in part.rows)


def contacts(section: Mapping[str, Any]) -> dict[str, str]:
    """Return the hosts and URLs that a scored section tags, such as a configured C2, with the kind of each.

    Those of the section of flagged objects are not among them: its table tells more.
    """
    heuristic = as_mapping(section.get("heuristic"))
    if not heuristic.get("score") or str(heuristic.get("heur_id")).rpartition(".")[2] in _OF_SUBJECT:
        return {}
    if str(section.get("title_text", "")).startswith(flagged.TITLE):
        return {}
    tags = ((kind.rpartition("."), values) for kind, values in section_tags(section))
    return {
        value: _CONTACTS[name]
        for (family, _, name), values in tags
        if family.startswith("network.") and name in _CONTACTS
        for value in values
    }
