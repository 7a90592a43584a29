"""What holds for every relationship of the catalogue, whatever VirusTotal sends."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from assemblyline_v4_service.common.result import ResultSection
from attrs import evolve
from hypothesis import given as given_strategy
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import load, of_each, report_files
from tests.plugins.relationships.kit import downloads, engines, points, sections, tags, titled
from virustotal.al_types import tags as tag_types
from virustotal.api import relationships
from virustotal.api.decoding import decode_page
from virustotal.api.relationships import CATALOGUE, Family
from virustotal.core.findings import Finding
from virustotal.core.models import Object, Ref
from virustotal.core.plugin_host.limits import Usage
from virustotal.core.plugin_host.output import Section
from virustotal.core.plugin_host.registry import Registry
from virustotal.core.plugin_host.section_sanitizer import SectionSanitizer
from virustotal.core.settings import Settings
from virustotal.plugins.relationships import (
    community,
    generic,
    history,
    host_history,
    objects,
    screenshots,
    threats,
)
from virustotal.plugins.relationships.related_table import MOST_FLAGGED
from virustotal.testing import evidence, obj, run
from virustotal.testing.text import as_text

MODULES = (community, generic, history, host_history, objects, screenshots, threats)
REGISTRY = Registry(tuple(analyzer for module in MODULES for analyzer in module.virustotal_analyzers(Settings())))
NAMES = sorted(key for key in CATALOGUE if key[1] != "behaviours")
BY_NAME = of_each(NAMES)

#: What real answers of each kind look like, with invented values.
SAMPLES: dict[str, dict[str, Any]] = {
    "file": {"names": ["a.exe"], "type_tag": "peexe", "size": 12, "last_analysis_results": engines(4)},
    "domain": {
        "registrar": "Example",
        "categories": {"Vendor": "phishing"},
        "popularity_ranks": {"Example List": {"rank": 90_000, "timestamp": 1}},
        "last_analysis_results": engines(4),
    },
    "ip_address": {"asn": 64496, "as_owner": "Example", "country": "CA", "last_analysis_results": engines(4)},
    "url": {"url": "http://example.com/x", "title": "X", "last_analysis_results": engines(4)},
    "comment": {"date": 1_700_000_000, "text": "bad", "html": "<b>bad</b>", "votes": {"positive": 1}, "tags": ["t"]},
    "vote": {"date": 1_700_000_000, "verdict": "malicious", "value": -1},
    "collection": {"name": "Example", "collection_type": "malware-family", "files_count": 3, "description": "d"},
    "threat_actor": {"name": "EXAMPLE BEAR", "description": "d"},
    "reference": {"title": "Report", "url": "https://example.org/report", "author": "A", "creation_date": 1},
    "attack_technique": {"name": "Process Injection", "link": "https://example.org/T1055", "info": {}},
    "graph": {"graph_data": {"description": "G"}, "nodes": [{}, {}], "links": [{}], "views_count": 3},
    "analysis": {"date": 1_700_000_000, "status": "completed", "stats": {"malicious": 3, "undetected": 60}},
    "submission": {"date": 1_700_000_000, "interface": "api", "country": "CA", "name": "a.exe", "source_key": "k"},
    "screenshot": {"date": 1_700_000_000, "link": "https://example.net/s.png", "sandbox_name": "A Sandbox"},
    "resolution": {"date": 1_700_000_000, "ip_address": "198.51.100.7", "host_name": "example.com", "resolver": "R"},
    "whois": {"first_seen_date": 1_700_000_000, "registrar_name": "R", "whois_map": {"Name Server": "a | b"}},
    "ssl_cert": {"subject": {"CN": "example.com"}, "issuer": {"O": "CA"}, "validity": {"not_after": "2030-01-01"}},
    "sigma_analysis": {"analysis_date": 1, "rule_matches": [{"rule": "x"}]},
    "thing": {"shape": "unknown"},
}
IDS = {"file": "ab" * 32, "domain": "bad.example.net", "ip_address": "198.51.100.9", "attack_technique": "T1055"}


def sample(kind: str, **attributes: Any) -> Object:
    return obj(kind, IDS.get(kind, f"{kind}-1"), context={"url": "http://example.com/y"}, **SAMPLES[kind] | attributes)


def yields(kind: str, name: str) -> str:
    entry = CATALOGUE[kind, name]
    return entry.yields[0] if entry.yields else "thing"


def found(kind: str, name: str, related: Iterable[Any], **given: Any) -> list[Finding]:
    (analyzer,) = REGISTRY.find(kind, name)
    return run(analyzer, evidence(kind, name, related=related, **given))


def check(result: Iterable[Finding]) -> None:
    """All that must hold of any finding: inert texts, valid JSON, valid tags, bounded size."""
    result = list(result)
    usage = Usage()
    rebuilder = SectionSanitizer(usage)
    for section in [each for each in result if isinstance(each, ResultSection)]:
        made = rebuilder.rebuild(section)
        assert made is not None
        assert all(tag_types.normal(name, value) for name, values in flat(made) for value in values)
    for point in points(result):
        assert point.section is None or rebuilder.value_of(point.section) is not None
    assert not [note for note in usage.notes if "tag" not in note]
    for section in sections(result):
        assert section.title_text
        whole = section.title_text + readable(section.body)
        assert len(whole) < 2_000_000
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", whole)
    assert all(tag_types.known(name) for name in tags(result))


def flat(section: Section) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tags of a rebuilt section and of all below it."""
    yield from section.tags.items()
    for subsection in section.subsections:
        yield from flat(subsection)


def readable(body: Any) -> str:
    """A body with what JSON escaped in it as characters again, but for control characters, which become NUL."""
    try:
        shown = json.dumps(json.loads(body), ensure_ascii=False)
    except (TypeError, ValueError):
        return body or ""  # plain text, in which nothing is escaped
    return re.sub(r"(?<!\\)(\\\\)*\\u00[01]", "\0", shown)


def test_the_check_sees_what_json_escapes() -> None:
    assert "\0" in readable(json.dumps(["a\x01"]))
    assert "\u202e" in readable(json.dumps(["a\u202e"]))


def test_names_of_analysers_are_unique() -> None:
    assert len({analyzer.name for analyzer in REGISTRY.analyzers}) == len(REGISTRY.analyzers)


@BY_NAME
def test_each_relationship_has_one_analyser_that_shows_its_objects(kind: str, name: str) -> None:
    (analyzer,) = REGISTRY.find(kind, name)
    assert analyzer.name == f"plain_{kind}" or (name, CATALOGUE[kind, name].title) == (
        analyzer.relationship,
        analyzer.summary,
    )
    result = found(kind, name, [sample(yields(kind, name))])
    first, *_ = sections(result)
    assert first.title_text.startswith(CATALOGUE[kind, name].title)
    check(result)


@BY_NAME
def test_bare_descriptors_are_listed_and_never_scored(kind: str, name: str) -> None:
    bare = [Object(Ref(yields(kind, name), f"id-{place}"), whole=False) for place in range(3)]
    result = found(kind, name, bare, detailed=False)
    assert list(sections(result))
    assert "id-2" in "".join(json.dumps(section.body) for section in sections(result)) or CATALOGUE[kind, name].one
    assert not [point for point in points(result) if point.amount]
    assert not downloads(result)
    check(result)


@BY_NAME
def test_only_what_an_object_does_is_scored_and_tagged(kind: str, name: str) -> None:
    result = found(kind, name, [sample(yields(kind, name))])
    if CATALOGUE[kind, name].family is not Family.DOES:
        assert not [point for point in points(result) if point.amount]
        assert {name.partition(".")[0] for name in tags(result)} <= {"attribution"}
    elif yields(kind, name) in {"file", "domain", "ip_address", "url"}:
        assert [point.amount for point in points(result)] == [400]


HOSTILE: tuple[Any, ...] = (
    None,
    0,
    True,
    -1.5,
    2**70,
    [],
    {},
    [None, 3, {"x": [1]}],
    {"": None, "rank": {"rank": []}},
    "<script>alert(1)</script>",
    "a\x00b\x1b[31mc\u202egpj.exe\ud800",
    "x" * 100_000,
)


#: One relationship of each family and kind of object: the others are of the same make.
ALIKE = {(entry.family, entry.yields, entry.one): key for key, entry in CATALOGUE.items() if key in NAMES}


@pytest.mark.parametrize(("kind", "name"), sorted(ALIKE.values()), ids=lambda each: each)
def test_any_attribute_may_be_of_any_type(kind: str, name: str) -> None:
    base = sample(yields(kind, name))
    for value in HOSTILE:
        related = [
            Object(base.ref, dict.fromkeys(base.attributes, value), {"url": value, "timestamp": value, "port": value}),
            *(Object(base.ref, {**base.attributes, key: value}) for key in base.attributes),
            Object(base.ref, error="NotFoundError"),
            Object(base.ref, whole=False),
            Object(Ref("no such kind", "an odd id \u202e\x00/?#\ud800" + "x" * 5_000), {"name": value}),
        ]
        for detailed in (True, False):
            check(found(kind, name, related, detailed=detailed))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=30),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=12), children, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("family", list(Family))
@hypothesis_settings(max_examples=25, deadline=None)
@given_strategy(data=st.data())
def test_no_mutated_object_ends_an_analysis(family: Family, data: st.DataObject) -> None:
    kind, name = data.draw(st.sampled_from([key for key in NAMES if CATALOGUE[key].family is family]))
    base = sample(yields(kind, name))
    keys = st.sampled_from(sorted(base.attributes)) | st.text(max_size=8)
    mutated = data.draw(st.dictionaries(keys, JSON, max_size=4))
    context = data.draw(st.dictionaries(st.sampled_from(["url", "timestamp", "port", "posted_in", "ttl"]), JSON))
    ref = Ref(data.draw(st.sampled_from([base.ref.kind, "file", "url", "x"])), data.draw(st.text(min_size=1)))
    related = [Object(ref, {**base.attributes, **mutated}, context), Object(ref, {}, context)]
    check(found(kind, name, related, detailed=data.draw(st.booleans()), complete=data.draw(st.booleans())))


@pytest.mark.parametrize(("kind", "name"), sorted(ALIKE.values()), ids=lambda each: each)
def test_many_objects_stay_bounded(kind: str, name: str) -> None:
    many = 10_000 if name == "contacted_domains" else 300
    base = sample(yields(kind, name), last_analysis_results=engines(2, 0))
    long = {key: value * 9_000 if isinstance(value, str) else value for key, value in base.attributes.items()}
    related = [Object(Ref(base.ref.kind, f"{place}.example.net"), long) for place in range(many)]
    (analyzer,) = REGISTRY.find(kind, name)
    result = run(analyzer, evidence(kind, name, related=related), check=many < 10_000)  # a check calls it again
    assert len(list(sections(result))) < 12 + threats.MOST_CARDS
    assert len(points(result)) <= MOST_FLAGGED + 1
    assert len(downloads(result)) <= screenshots.MOST_PICTURES
    check(result)


@pytest.mark.parametrize(("kind", "name"), sorted(ALIKE.values()), ids=lambda each: each)
def test_no_section_changes_after_it_was_yielded(kind: str, name: str) -> None:
    """The host copies a section as soon as it comes."""
    base = sample(yields(kind, name), last_analysis_results=engines(2, 0))
    related = [evolve(base, ref=Ref(base.ref.kind, f"{place}.example.net")) for place in range(60)]
    related.append(Object(Ref(base.ref.kind, "bare")))
    (analyzer,) = REGISTRY.find(kind, name)
    given = evolve(evidence(kind, name, related=related), settings=Settings(analyze_relationship=True))
    at_once = [as_text([finding]) for finding in analyzer.analyze(given)]
    assert at_once == [as_text([finding]) for finding in tuple(analyzer.analyze(given))]


@pytest.mark.parametrize("kind", relationships.KINDS)
def test_a_relationship_that_nobody_knows_yet_is_shown_plainly(kind: str) -> None:
    result = found(kind, "gadgets_of_tomorrow", [obj("gadget", "g-1", size=3, parts=[1, 2]), obj("url", "ab" * 32)])
    section, *_ = sections(result)
    assert section.title_text == "Gadgets of tomorrow (2)"
    assert titled(result, "Further attributes").body == "size: 3\nparts: 1, 2"
    assert not points(result)


def test_an_exact_analyser_is_preferred_to_the_plain_one() -> None:
    assert [each.name for each in REGISTRY.find("file", "dropped_files")] == ["dropped_files"]
    assert [each.name for each in REGISTRY.find("file", "no_such")] == ["plain_file"]
    assert REGISTRY.find("file") == ()
    assert REGISTRY.find("file_behaviour", "file") == ()


RECORDED = report_files("rel_file", "rel_url", "rel_domain", "rel_ip_address", "comments", "votes", "collection")
OF_FOLDER = {"comments": "comments", "votes": "votes", "collection": "associations"}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_collections(path: Path) -> None:
    payload = load(path)
    page = decode_page(payload)
    folder, stem = path.parent.name, path.stem
    kind = folder.removeprefix("rel_") if folder.startswith("rel_") else "file"
    name = OF_FOLDER.get(folder) or stem.split("-")[0]
    result = found(kind, name, page.items, total=page.total, complete=not page.cursor)
    assert bool(result) is bool(page.items)
    check(result)
    bare = [Object(item.ref, {}, item.context, whole=False) for item in page.items]
    check(found(kind, name, bare, detailed=False, complete=False))


@pytest.mark.parametrize("path", report_files("feed_file"), ids=lambda path: path.stem)
def test_recorded_inline_descriptors(path: Path) -> None:
    blocks = load(path)["data"]["relationships"]
    for name, block in blocks.items():
        page = decode_page(block)
        result = found("file", name, page.items, detailed=False)
        assert bool(result) is bool(page.items)
        check(result)
