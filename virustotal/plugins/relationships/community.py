"""What people say of an object: comments, votes, references, techniques, graphs. Never scored."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Evidence, Family, Finding, Object, Points, Settings, hookimpl, relationships
from virustotal.core.readers import LONGEST_TEXT, as_list, as_mapping, as_mappings, as_text, as_texts, integer
from virustotal.plugins.relationships.columns import THROUGH, Column, date_column, link_refs_column, plain_column
from virustotal.plugins.relationships.record_table import More, record_analyzer

_ATTACK_ID = re.compile(r"T\d{4}(\.\d{3})?", re.ASCII)


def _id(obj: Object) -> str:
    return as_text(obj.ref.id)


def _description(obj: Object) -> str:
    return as_text(obj.attributes.get("description"))


# --- comments and votes ----------------------------------------------------------------------------------------------


def _ballot(obj: Object) -> str:
    votes = as_mapping(obj.attributes.get("votes"))
    counts = ((integer(votes.get(name)) or 0, name) for name in ("positive", "negative", "abuse"))
    return ", ".join(f"{count} {name}" for count, name in counts if count)


# `html` is a rendering of `text` by VirusTotal: it is never read.
_COMMENT = (
    date_column("Date", "date"),
    Column("Comment", lambda obj: as_text(obj.attributes.get("text")), ("text",), longest=LONGEST_TEXT),
    plain_column("Tags", "tags"),
    Column("Votes", _ballot, ("votes",)),
)
_RELATED_COMMENT = (
    link_refs_column("On", "posted_in"),
    *_COMMENT,
)
_VOTE = (date_column("Date", "date"), plain_column("Verdict", "verdict"), plain_column("Weight", "value"))


def _ballots(evidence: Evidence, section: ResultSection) -> Iterator[Finding]:
    """Put the sum of the votes into the title: how many, and what they weigh."""
    counts: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for obj in evidence.related.items if evidence.related else ():
        if verdict := as_text(obj.attributes.get("verdict"), 40):
            counts[verdict] += 1
            weights[verdict] += integer(obj.attributes.get("value")) or 0
    if counts:
        ballots = (f"{count} {verdict} (weight {weights[verdict]})" for verdict, count in counts.most_common(5))
        section.title_text += f": {', '.join(ballots)}"
    yield from ()


# --- references -------------------------------------------------------------------------------------------------------


_REFERENCE = (
    plain_column("Title", "title"),
    plain_column("Author", "author"),
    date_column("Date", "creation_date"),
    plain_column("Address", "url"),
    THROUGH,
)

# --- techniques and graphs -------------------------------------------------------------------------------------------


def _signatures(obj: Object) -> tuple[str, ...]:
    return as_texts([entry.get("description") for entry in as_mappings(obj.context.get("signatures"))])


_TECHNIQUE = (
    Column("Id", _id),
    plain_column("Name", "name"),
    Column("Seen as", _signatures, context=("signatures",)),
    Column(
        "Platforms", lambda obj: as_texts(as_mapping(obj.attributes.get("info")).get("x_mitre_platforms")), ("info",)
    ),
    date_column("Modified", "last_modification_date"),
    plain_column("Address", "link"),
    Column("Description", _description, ("description",)),
)


def _seen(evidence: Evidence, section: ResultSection) -> Iterator[Finding]:
    """The file's own techniques: said to the platform, and not scored."""
    items = evidence.related.items if evidence.related else ()
    ids = tuple(dict.fromkeys(obj.ref.id for obj in items if _ATTACK_ID.fullmatch(obj.ref.id)))
    if ids:
        reason = f"VirusTotal names {len(ids)} ATT&CK techniques of the file."
        yield Points(Family.BEHAVIOUR, "attack_techniques", 0, reason, section, ids)


def _graph_name(obj: Object) -> str:
    return as_text(as_mapping(obj.attributes.get("graph_data")).get("description"))


_GRAPH = (
    Column("Name", _graph_name, ("graph_data",)),
    date_column("Created", "creation_date"),
    date_column("Modified", "last_modified_date"),
    Column("Nodes", lambda obj: len(as_list(obj.attributes.get("nodes"))) or None, ("nodes",)),
    Column("Links", lambda obj: len(as_list(obj.attributes.get("links"))) or None, ("links",)),
    plain_column("Comments", "comments_count"),
    plain_column("Views", "views_count"),
    Column("Id", _id),
)


#: Place in the result, columns, and what is added to their section: by kind of record, and by name where it differs.
_BY_KIND: Mapping[str, tuple[int, Sequence[Column], More | None]] = {
    "comment": (610, _COMMENT, None),
    "vote": (612, _VOTE, _ballots),
    "reference": (632, _REFERENCE, None),
    "attack_technique": (634, _TECHNIQUE, None),
    "graph": (640, _GRAPH, None),
}
_BY_NAME: Mapping[str, tuple[int, Sequence[Column], More | None]] = {
    "attack_techniques": (360, _TECHNIQUE, _seen),
    "related_comments": (611, _RELATED_COMMENT, None),
    "user_votes": (613, _VOTE, _ballots),
}
_ANALYZERS: tuple[Analyzer, ...] = tuple(
    record_analyzer(entry, *_BY_NAME.get(entry.name, _BY_KIND[kind]))
    for entry in relationships.CATALOGUE.values()
    for kind in entry.yields
    if kind in _BY_KIND
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of what people say."""
    return _ANALYZERS
