"""The one section of flagged related objects: each object once, with its tags and what it counts."""

import json

import pytest

from virustotal.core.findings import About, Points
from virustotal.core.models import Ref
from virustotal.core.scoring.heuristics import ReportedPoints
from virustotal.result.flagged import MOST_TAGS, flagged_section


def given(
    name: str,
    amount: int = 300,
    relationship: str = "contacted_domains",
    *,
    void: str = "",
    external: bool = False,
    tag: str = "network.dynamic.domain",
) -> ReportedPoints:
    title = relationship.replace("_", " ").capitalize()
    about = About(Ref("domain", name), name.lower(), title, "3/90", "trojan.eicar", tag)
    points = Points("related", relationship, amount, "It is flagged.", about=about)
    return ReportedPoints(points, void_because=void, external=external)


OTHER = ReportedPoints(Points("engines", "engines", 400, "Four engines."))


def test_a_section_with_one_table_its_tags_and_one_entry_for_each_relationship() -> None:
    section, points = flagged_section([given("a.example.net"), OTHER, given("b.example.net", 700)])
    assert section.title == "Related objects flagged by engines (2)"
    assert [row["Object"] for row in json.loads(section.body or "")] == ["b.example.net", "a.example.net"]
    assert section.tags == {"network.dynamic.domain": ("b.example.net", "a.example.net")}
    assert points[0] is OTHER
    (entry,) = points[1:]
    assert (entry.points.amount, entry.section) == (1000, section)
    assert entry.points.reason == ("Contacted domains: 2 flagged: b.example.net (3/90), a.example.net (3/90).")


def test_an_object_of_several_relationships_counts_once() -> None:
    section, points = flagged_section([given("A.example.net", 100), given("a.example.net", 300, "dropped_files")])
    (row,) = json.loads(section.body or "")
    assert row["Relationship"] == "Contacted domains, Dropped files"
    assert [entry.points.amount for entry in points] == [300]


@pytest.mark.parametrize(("tags", "tagged"), [(("", "a"), "a"), (("a", ""), "a"), (("a", "b"), "b"), (("", ""), "")])
def test_an_object_has_the_tag_of_the_relationship_that_counts_most_and_has_one(
    tags: tuple[str, str], tagged: str
) -> None:
    less, most = tags
    section, _ = flagged_section([given("a.example.net", 0, "parents", tag=less), given("a.example.net", tag=most)])
    assert dict(section.tags) == ({tagged: ("a.example.net",)} if tagged else {})


def test_context_is_listed_and_adds_nothing() -> None:
    section, points = flagged_section([given("a.example.net", 0, "execution_parents")])
    assert section.title == "Related objects flagged by engines (1)"
    assert not points


def test_points_that_do_not_count_stay_explained_and_give_way_to_those_that_count() -> None:
    _, points = flagged_section([given("a.example.net", 300, void="Safelisted."), given("b.example.net")])
    assert [(entry.points.amount, entry.void_because) for entry in points] == [(300, ""), (300, "Safelisted.")]
    _, points = flagged_section([given("a.example.net", 300, void="Safelisted."), given("a.example.net", 100)])
    assert [(entry.points.amount, entry.void_because) for entry in points] == [(100, "")]


def test_many_objects_are_bounded() -> None:
    section, points = flagged_section([given(f"h{number}.example.net") for number in range(MOST_TAGS + 1)])
    assert section.title == "Related objects flagged by engines (200 of 1001)"
    assert len(section.tags["network.dynamic.domain"]) == MOST_TAGS
    assert len(points) == 1
