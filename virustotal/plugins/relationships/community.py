"""What people say of an object: comments, votes, references, techniques, graphs. Never scored."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Family, Finding, Points, Related, Settings, hookimpl, relationships
from virustotal.core.readers import LONGEST_TEXT, as_list, as_mapping, as_mappings, as_text, as_texts, date, integer
from virustotal.plugins.relationships.columns import ID, THROUGH, Column, attribute_column, descriptors, link_column
from virustotal.plugins.relationships.record_table import Show, record_analyzer, table_alone

_ATTACK_ID = re.compile(r"T\d{4}(\.\d{3})?", re.ASCII)


# --- comments and votes ----------------------------------------------------------------------------------------------


def _ballot(votes: Any) -> str:
    counts = ((integer(as_mapping(votes).get(name)) or 0, name) for name in ("positive", "negative", "abuse"))
    return ", ".join(f"{count} {name}" for count, name in counts if count)


# `html` is a rendering of `text` by VirusTotal: it is never read.
_COMMENT = (
    attribute_column("Date", "date", date),
    attribute_column("Comment", "text", as_text, LONGEST_TEXT),
    attribute_column("Tags", "tags"),
    attribute_column("Votes", "votes", _ballot),
)
_RELATED_COMMENT = (link_column("On", "posted_in", descriptors), *_COMMENT)
_VOTE = (
    attribute_column("Date", "date", date),
    attribute_column("Verdict", "verdict"),
    attribute_column("Weight", "value"),
)


def _ballots(related: Related, section: ResultSection, _settings: Settings) -> Iterator[Finding]:
    """Put the sum of the votes into the title: how many, and what they weigh."""
    counts: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for obj in related.items:
        if verdict := as_text(obj.attributes.get("verdict"), 40):
            counts[verdict] += 1
            weights[verdict] += integer(obj.attributes.get("value")) or 0
    if counts:
        ballots = (f"{count} {verdict} (weight {weights[verdict]})" for verdict, count in counts.most_common(5))
        section.title_text += f": {', '.join(ballots)}"
    yield section


# --- references -------------------------------------------------------------------------------------------------------


_REFERENCE = (
    attribute_column("Title", "title"),
    attribute_column("Author", "author"),
    attribute_column("Date", "creation_date", date),
    attribute_column("Address", "url"),
    THROUGH,
)

# --- techniques and graphs -------------------------------------------------------------------------------------------


def _signatures(entries: Any) -> tuple[str, ...]:
    return as_texts([entry.get("description") for entry in as_mappings(entries)])


_TECHNIQUE = (
    ID,
    attribute_column("Name", "name"),
    link_column("Seen as", "signatures", _signatures),
    attribute_column("Platforms", "info", lambda info: as_texts(as_mapping(info).get("x_mitre_platforms"))),
    attribute_column("Modified", "last_modification_date", date),
    attribute_column("Address", "link"),
    attribute_column("Description", "description", as_text),
)


def _seen(related: Related, section: ResultSection, _settings: Settings) -> Iterator[Finding]:
    """The file's own techniques: said to the platform, and not scored."""
    yield section
    ids = tuple(dict.fromkeys(obj.ref.id for obj in related.items if _ATTACK_ID.fullmatch(obj.ref.id)))
    if ids:
        reason = f"VirusTotal names {len(ids)} ATT&CK techniques of the file."
        yield Points(Family.BEHAVIOUR, "attack_techniques", 0, reason, section, ids)


def _count(entries: Any) -> int | None:
    return len(as_list(entries)) or None


_GRAPH = (
    attribute_column("Name", "graph_data", lambda data: as_text(as_mapping(data).get("description"))),
    attribute_column("Created", "creation_date", date),
    attribute_column("Modified", "last_modified_date", date),
    attribute_column("Nodes", "nodes", _count),
    attribute_column("Links", "links", _count),
    attribute_column("Comments", "comments_count"),
    attribute_column("Views", "views_count"),
    ID,
)


#: Place in the result, columns, and what is shown beside their table: by kind of record, and by name where it differs.
_BY_KIND: Mapping[str, tuple[int, Sequence[Column], Show]] = {
    "comment": (610, _COMMENT, table_alone),
    "vote": (612, _VOTE, _ballots),
    "reference": (632, _REFERENCE, table_alone),
    "attack_technique": (634, _TECHNIQUE, table_alone),
    "graph": (640, _GRAPH, table_alone),
}
_BY_NAME: Mapping[str, tuple[int, Sequence[Column], Show]] = {
    "attack_techniques": (360, _TECHNIQUE, _seen),
    "related_comments": (611, _RELATED_COMMENT, table_alone),
    "user_votes": (613, _VOTE, _ballots),
}


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analysers of what people say."""
    return (
        record_analyzer(entry, *_BY_NAME.get(entry.name, _BY_KIND[kind]))
        for entry in relationships.CATALOGUE.values()
        for kind in entry.yields
        if kind in _BY_KIND
    )
