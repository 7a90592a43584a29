"""A picture of what leads from a subject to flagged objects: positions of its nodes, for an SVG.

The subject is in the middle, flagged objects are in a column on each side, and between
them is a node for each relationship.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from attrs import frozen

from virustotal.core.scoring.words import score_word
from virustotal.rendering.result_data import contacts, find_section, table_rows
from virustotal.rendering.section_parts import level_of
from virustotal.result import flagged
from virustotal.util.readers import as_mapping, as_text

#: Objects of the picture at most, and of a column before a relationship is split between both.
MOST_OBJECTS, MOST_IN_COLUMN = 40, 12
#: Pixels: width of the picture; least and largest distance of two objects; height that few of them share; distances of
#: relationships and objects from the middle.
WIDTH, LEAST_ROW, MOST_ROW, FEW_HEIGHT, RELATIONSHIPS, OBJECTS = 1040, 26, 60, 240, 150, 240
#: Longest labels of objects, relationships and the subject, which do not reach each other; what is cut is cut in its
#: middle, and whole in the table.
LONGEST_LABEL, LONGEST_TITLE, LONGEST_NAME = 34, 26, 15


@frozen
class Neighbour:
    """A flagged object.

    Args:
        value: What an analyst calls it.
        kind: `File`, `URL`, `Domain` or `IP address`.
        level: The platform's word for it.
        note: Its detections and threat.
        relationships: Titles of those that lead to it.
    """

    value: str
    kind: str
    level: str
    note: str
    relationships: tuple[str, ...]


@frozen
class Point:
    """A node.

    Args:
        x: In pixels, from the left.
        y: In pixels, from the top.
        label: Its text.
        side: -1 left of the middle, 1 right of it.
        neighbour: The flagged object; None for the subject and for relationships.
    """

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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its objects."""
        return tuple(dict.fromkeys(point.neighbour.kind for point in self.objects if point.neighbour))


def picture(name: str, sections: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Return the picture of a subject's flagged objects; None where there are none."""
    neighbours = tuple(flagged_neighbours(sections))
    if not neighbours:
        return None
    first = {title: place for place, title in enumerate(dict.fromkeys(entry.relationships[0] for entry in neighbours))}
    shown = sorted(neighbours[:MOST_OBJECTS], key=lambda entry: first[entry.relationships[0]])
    cut = _cut([entry.relationships[0] for entry in shown])
    columns = {1: shown[:cut], -1: shown[cut:]}
    longest = max(map(len, columns.values()))
    row = max(LEAST_ROW, min(MOST_ROW, FEW_HEIGHT / longest))
    subject = Point(WIDTH / 2, row * (longest + 1) / 2, shorten(name, LONGEST_NAME))
    objects: list[Point] = []
    relationships: list[Point] = []
    edges: list[tuple[Point, Point]] = []
    for side, column in columns.items():
        x, top = subject.x + side * OBJECTS, subject.y - row * (len(column) - 1) / 2
        points = [
            Point(x, top + row * place, shorten(entry.value, LONGEST_LABEL), side, entry)
            for place, entry in enumerate(column)
        ]
        objects += points
        for point, ends in _relationships(subject, points, side):
            relationships.append(point)
            edges += [(subject, point), *((point, end) for end in ends)]
    left_out = len(neighbours) - len(shown)
    return Picture(2 * subject.y, subject, tuple(relationships), tuple(objects), tuple(edges), left_out)


def flagged_neighbours(sections: Sequence[Mapping[str, Any]]) -> Iterator[Neighbour]:
    """Yield the objects that are flagged, and the hosts and URLs of other scored findings, each once."""
    listed: set[str] = set()
    for row in table_rows(find_section(sections, flagged.TITLE)):
        value = row.get("Object", "")
        note = ", ".join(filter(None, (row.get("Detections"), row.get("Threat"))))
        titles = tuple(dict.fromkeys(row.get("Relationship", "").split(", ")))
        listed.add(value.lower())
        yield Neighbour(value, row.get("Kind", ""), level_of(row.get("Level", "")), note, titles)
    for section in sections:
        heuristic = as_mapping(section.get("heuristic"))
        for value, kind in contacts(section).items():
            if value.lower() not in listed:
                listed.add(value.lower())
                level = score_word(int(heuristic.get("score", 0)))
                yield Neighbour(value, kind, level, "", (as_text(heuristic.get("name")),))


def shorten(label: str, longest: int) -> str:
    """Return a label without the middle of a long text."""
    return label if len(label) <= longest else f"{label[: longest // 2 - 1]}…{label[-(longest // 2) :]}"


def _cut(titles: Sequence[str]) -> int:
    """Return how many of these objects, by their relationships, are on the right: about half, or all of few."""
    ends = [end for end in range(1, len(titles) + 1) if titles[end - 1 : end] != titles[end : end + 1]]
    cut = min(ends, key=lambda end: abs(2 * end - len(titles)))
    return cut if max(cut, len(titles) - cut) <= MOST_IN_COLUMN else (len(titles) + 1) // 2


def _relationships(subject: Point, objects: Sequence[Point], side: int) -> Iterator[tuple[Point, Sequence[Point]]]:
    """Yield the relationships of the objects on one side, in the order of these, with what each leads to."""
    ends: dict[str, list[Point]] = {}
    for point in objects:
        for title in point.neighbour.relationships if point.neighbour else ():
            ends.setdefault(title, []).append(point)
    order = sorted(ends, key=lambda title: mean(point.y for point in ends[title]))
    row = 2 * subject.y / (len(order) + 1)
    for place, title in enumerate(order, start=1):
        yield Point(subject.x + side * RELATIONSHIPS, row * place, shorten(title, LONGEST_TITLE), side), ends[title]
