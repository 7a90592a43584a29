"""Readers of a stored result: its sections as trees, their tags and rows, and its files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assemblyline.common.dict_utils import flatten
from attrs import field, frozen

from virustotal.core.scoring.words import score_word
from virustotal.local.run_task import TaskOutcome
from virustotal.rendering.section_parts import Part, Table, body_parts
from virustotal.result import flagged
from virustotal.util.readers import EMPTY, as_list, as_mapping, as_mappings, as_text

#: Heuristics of the engines' verdict on the subject itself: what they tag is no contact.
_OF_SUBJECT = frozenset({"1", "2"})
#: Kind of the object that a tag names, by the last part of its type.
_CONTACTS: Mapping[str, str] = {"domain": "Domain", "ip": "IP address", "uri": "URL"}


@frozen
class Section:
    """A section as the terminal and the HTML file draw it, with all below it.

    Args:
        title: Its title.
        score: Of its heuristic; None where it has none.
        heuristic: The heuristic's name.
        attack: Id and name of each ATT&CK technique of the heuristic.
        closed: Whether it is collapsed at first.
        parts: Of its body.
        tags: Each tag type with its values.
        children: The sections below it.
    """

    title: str
    score: int | None
    heuristic: str
    attack: tuple[str, ...]
    closed: bool
    parts: tuple[Part, ...]
    tags: tuple[tuple[str, tuple[str, ...]], ...]
    children: list["Section"] = field(factory=list)

    @property
    def level(self) -> str:
        """The platform's word for its score; empty below `suspicious`."""
        return score_word(self.score or 0)


def section_tree(sections: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return flat sections, each with a `depth`, as trees."""
    roots: list[Section] = []
    branches = [roots]
    for stored in sections:
        depth = min(int(stored.get("depth", 0)), len(branches) - 1)
        section = _section(stored)
        branches[depth].append(section)
        branches[depth + 1 :] = [section.children]
    return roots


def _section(section: Mapping[str, Any]) -> Section:
    heuristic = as_mapping(section.get("heuristic"))
    techniques = as_mappings(heuristic.get("attack"))
    return Section(
        title=as_text(section.get("title_text")),
        score=int(heuristic.get("score", 0)) if heuristic else None,
        heuristic=as_text(heuristic.get("name")),
        attack=tuple(f"{as_text(entry.get('attack_id'))} {as_text(entry.get('pattern'))}" for entry in techniques),
        closed=bool(section.get("auto_collapse")),
        parts=body_parts(section),
        tags=tuple(section_tags(section)),
    )


def attached_files(outcome: TaskOutcome) -> Iterator[tuple[str, list[Mapping[str, str]]]]:
    """Yield `extracted` and `supplementary` with name, description and sha256 of their files, section images apart."""
    response = as_mapping(outcome.stored.get("response"))
    for kind in ("extracted", "supplementary"):
        files = [file for file in as_mappings(response.get(kind)) if not file.get("is_section_image")]
        if files:
            yield kind, [{key: as_text(file.get(key)) for key in ("name", "description", "sha256")} for file in files]


def section_tags(section: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each tag type of a section with its values."""
    for kind, values in sorted(flatten(section.get("tags") or {}).items()):
        yield as_text(kind), tuple(map(as_text, as_list(values)))


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
