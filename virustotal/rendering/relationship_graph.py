"""A picture of what leads from a subject to flagged objects: positions of its nodes, for an SVG.

The subject is in the middle, flagged objects are in a column on each side; between them a node for each relationship,
which a force-directed layout (networkx) puts near what it connects.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
from attrs import field, frozen

from virustotal.core.scoring.words import score_word
from virustotal.rendering.result_data import contacts, table_rows, titled
from virustotal.result import flagged
from virustotal.util.readers import as_mapping, as_text

#: Objects of the picture at most.
MOST_OBJECTS = 40
#: Pixels: width of the picture, least and largest distance of two objects, height that few of them share, and distance
#: of the columns from the middle.
WIDTH, LEAST_ROW, MOST_ROW, FEW_HEIGHT, COLUMN = 1040, 26, 60, 240, 235
#: Longest label; what is cut is cut in its middle, and whole in the tooltip.
LONGEST_LABEL = 36

#: Steps and seed of the layout: the same result is always drawn alike.
_STEPS, _SEED = 60, 1


@frozen
class Neighbour:
    """A flagged object.

    level: the platform's word for it. note: its detections and threat. relationships: titles of those that lead to it.
    """

    value: str
    kind: str
    level: str
    note: str
    relationships: tuple[str, ...]


@frozen
class Point:
    """A node. side: -1 left of the middle, 1 right of it."""

    x: float
    y: float
    label: str
    side: int = 1
    neighbour: Neighbour | None = None


@frozen
class Picture:
    """A picture in pixels. left_out: flagged objects beyond `MOST_OBJECTS`."""

    height: float
    subject: Point
    relationships: tuple[Point, ...]
    objects: tuple[Point, ...]
    edges: tuple[tuple[Point, Point], ...]
    left_out: int = 0
    width: int = WIDTH
    kinds: tuple[str, ...] = field(init=False)

    @kinds.default
    def _kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(point.neighbour.kind for point in self.objects if point.neighbour))


def picture(name: str, sections: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Return the picture of a subject's flagged objects; None where there are none."""
    neighbours = tuple(flagged_neighbours(sections))
    if not neighbours:
        return None
    shown = neighbours[:MOST_OBJECTS]
    sides = _sides(shown)
    columns = {side: [entry for entry in shown if sides[entry.relationships[0]] == side] for side in (-1, 1)}
    longest = max(map(len, columns.values()))
    row = max(LEAST_ROW, min(MOST_ROW, FEW_HEIGHT / longest))
    height = row * (longest + 1)
    subject = Point(WIDTH / 2, height / 2, shortened(name))
    objects = {
        entry: Point(subject.x + side * COLUMN, subject.y + place * row, shortened(entry.value), side, entry)
        for side, column in columns.items()
        for place, entry in zip(_places(len(column)), column, strict=True)
    }
    relationships = _relationships(subject, objects, sides, row)
    edges = [(subject, point) for point in relationships.values()]
    edges += [(relationships[title], point) for entry, point in objects.items() for title in entry.relationships]
    left_out = len(neighbours) - len(shown)
    return Picture(height, subject, tuple(relationships.values()), tuple(objects.values()), tuple(edges), left_out)


def flagged_neighbours(sections: Sequence[Mapping[str, Any]]) -> Iterator[Neighbour]:
    """Yield the objects that are flagged, and the hosts and URLs of other scored findings, each once."""
    listed: set[str] = set()
    for row in table_rows(titled(sections, flagged.TITLE)):
        value = row.get("Object", "")
        note = ", ".join(filter(None, (row.get("Detections"), row.get("Threat"))))
        titles = tuple(dict.fromkeys(row.get("Relationship", "").split(", ")))
        listed.add(value.lower())
        yield Neighbour(value, row.get("Kind", ""), row.get("Level", ""), note, titles)
    for section in sections:
        heuristic = as_mapping(section.get("heuristic"))
        for value, kind in contacts(section).items():
            if value.lower() not in listed:
                listed.add(value.lower())
                level = score_word(int(heuristic.get("score", 0)))
                yield Neighbour(value, kind, level, "", (as_text(heuristic.get("name")),))


def shortened(label: str) -> str:
    """Return a label without the middle of a long text."""
    half = LONGEST_LABEL // 2
    return label if len(label) <= LONGEST_LABEL else f"{label[: half - 1]}…{label[-half:]}"


def _places(count: int) -> Iterator[float]:
    """Yield so many places one apart, with 0 in their middle."""
    yield from ((1 - count) / 2 + place for place in range(count))


def _sides(neighbours: Sequence[Neighbour]) -> dict[str, int]:
    """Return the side of each relationship, so that both columns are about as long."""
    counts: dict[str, int] = {}
    for entry in neighbours:
        for title in entry.relationships:
            counts.setdefault(title, 0)
        counts[entry.relationships[0]] += 1
    sides, lengths = {}, {1: 0, -1: 0}
    for title, count in sorted(counts.items(), key=lambda entry: -entry[1]):
        sides[title] = min(lengths, key=lambda side: lengths[side])
        lengths[sides[title]] += count
    return sides


def _relationships(
    subject: Point, objects: Mapping[Neighbour, Point], sides: Mapping[str, int], row: float
) -> dict[str, Point]:
    """Place the nodes of the relationships; subject and objects stay where they are."""
    graph: nx.Graph[Any] = nx.Graph()
    places: dict[Any, tuple[float, float]] = {subject: (subject.x, subject.y)}
    for entry, point in objects.items():
        places[entry] = (point.x, point.y)
        for title in entry.relationships:
            graph.add_edge(subject, title)
            graph.add_edge(title, entry)
    for title, side in sides.items():
        places[title] = (subject.x + side * COLUMN / 2, subject.y)
    found = nx.spring_layout(graph, pos=places, fixed=[subject, *objects], k=row, iterations=_STEPS, seed=_SEED)
    return {title: Point(float(found[title][0]), float(found[title][1]), title, side) for title, side in sides.items()}
