"""The one section of related objects that engines flag: a table, their tags, and the heuristic that colours them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve, frozen

from virustotal.core.findings import About
from virustotal.core.plugin_host.output import Section
from virustotal.core.scoring.heuristics import ReportedPoints
from virustotal.core.tables import MOST_ROWS, listed
from virustotal.result.subject_header import KINDS
from virustotal.util.readers import as_text

TITLE = "Related objects flagged by engines"
COLUMNS = ("Level", "Relationship", "Kind", "Object", "Detections", "Threat")
#: Objects named in the reason of a score, and values of one tag type.
MOST_NAMED, MOST_TAGS = 5, 1000


@frozen
class Flagged:
    """One flagged object: the points that count of it, and all relationships that lead to it."""

    about: About
    reported: ReportedPoints
    relationships: tuple[str, ...]


def flagged_section(entries: Iterable[ReportedPoints]) -> tuple[Section, tuple[ReportedPoints, ...]]:
    """Move the points about related objects to one section.

    An object that several relationships or subjects lead to is listed and counted once, with its highest amount.

    Returns:
        The section; and all points: those of other findings as they came, then one entry for each relationship of
        flagged objects.
    """
    others: list[ReportedPoints] = []
    objects: dict[tuple[str, str], list[tuple[About, ReportedPoints]]] = {}
    for reported in entries:
        about = reported.points.about
        if about is None:
            others.append(reported)
        else:
            objects.setdefault((about.ref.kind, about.ref.id.lower()), []).append((about, reported))
    flagged = sorted(map(_merged, objects.values()), key=lambda entry: -_counting(entry.reported))
    section = _section(flagged)
    groups: dict[tuple[str, str, str, str], list[Flagged]] = {}
    for entry in flagged:
        reported, points = entry.reported, entry.reported.points
        if points.amount > 0:
            key = (points.family, points.name, reported.subject, reported.void_because)
            groups.setdefault(key, []).append(entry)
    return section, (*others, *(_points(group, section) for group in groups.values()))


def _merged(same: Sequence[tuple[About, ReportedPoints]]) -> Flagged:
    """Return one object with the points that count most; any relationship that tags its objects tags it."""
    ordered = sorted(same, key=lambda pair: -_counting(pair[1]))
    tag = next((about.tag for about, _ in ordered if about.tag), "")
    about, reported = ordered[0]
    return Flagged(evolve(about, tag=tag), reported, tuple(dict.fromkeys(about.relationship for about, _ in same)))


def _counting(entry: ReportedPoints) -> int:
    return 0 if entry.void_because else entry.points.amount


def _section(flagged: Sequence[Flagged]) -> Section:
    rows = [_row(entry) for entry in flagged[:MOST_ROWS]]
    columns = [name for name in COLUMNS if any(row[name] for row in rows)]
    shown = [{name: row[name] for name in columns} for row in rows]
    tags: dict[str, dict[str, None]] = {}
    for entry in flagged:
        if entry.about.tag:
            tags.setdefault(entry.about.tag, {})[entry.about.value] = None
    count = f"{len(rows)} of {len(flagged)}" if len(flagged) > len(rows) else str(len(rows))
    return Section(
        title=f"{TITLE} ({count})",
        body=json.dumps(shown),
        body_format="TABLE",
        body_config={"column_order": columns},
        tags={tag: tuple(values)[:MOST_TAGS] for tag, values in tags.items()},
    )


def _row(entry: Flagged) -> dict[str, Any]:
    about = entry.about
    return {
        "Level": about.level,
        "Relationship": listed(entry.relationships),
        "Kind": KINDS.get(about.ref.kind, about.ref.kind),
        "Object": as_text(about.value, 300) or as_text(about.ref.id, 300),
        "Detections": about.detections,
        "Threat": as_text(about.threat, 120),
    }


def _points(group: Sequence[Flagged], section: Section) -> ReportedPoints:
    """Return the points of one relationship as one entry: their sum, and the objects by name."""
    first = group[0].reported
    named = [f"{entry.about.value} ({entry.about.detections or 'flagged'})" for entry in group]
    title = group[0].about.relationship or first.points.name
    reason = f"{title}: {len(group)} flagged: {listed(named, MOST_NAMED)}."
    amount = sum(entry.reported.points.amount for entry in group)
    attack_ids = tuple(dict.fromkeys(attack_id for entry in group for attack_id in entry.reported.points.attack_ids))
    points = evolve(first.points, amount=amount, reason=reason, attack_ids=attack_ids, about=None)
    return evolve(first, points=points, section=section)
