from collections import Counter

import pytest

from virustotal.api import relationships
from virustotal.api.relationships import ALIASES, CATALOGUE, KINDS, Family, Licence, Relationship
from virustotal.emulator import facts

LICENCES = {
    "E": Licence.PUBLIC,
    "U": Licence.PUBLIC,
    "P": Licence.PREMIUM,
    "T": Licence.THREATS,
    "?": Licence.UNCONFIRMED,
}
#: What raises a score and is tagged: a change here changes results.
DOES = {
    "file": {
        "attack_techniques",
        "behaviours",
        "carbonblack_children",
        "contacted_domains",
        "contacted_ips",
        "contacted_urls",
        "dropped_files",
        "screenshots",
        "sigma_analysis",
    },
    "url": {"contacted_domains", "contacted_ips", "downloaded_files", "redirects_to"},
    "domain": set(),
    "ip_address": set(),
}


def test_every_kind_has_as_many_relationships_as_the_reference() -> None:
    assert Counter(kind for kind, _ in CATALOGUE) == {"file": 58, "url": 35, "domain": 34, "ip_address": 25}


def test_no_row_overwrites_another() -> None:
    entries = list(relationships._entries(relationships._TABLE))
    assert len({(entry.kind, entry.name) for entry in entries}) == len(entries) == 152


@pytest.mark.parametrize("kind", KINDS)
def test_agrees_with_the_facts_that_the_emulator_enforces(kind: str) -> None:
    known = facts.RELATIONSHIPS[kind]
    assert {entry.name for entry in relationships.of_kind(kind)} == set(known)
    for entry in relationships.of_kind(kind):
        fact = known[entry.name]
        assert (entry.yields, entry.one, entry.licence) == (fact.types, not fact.many, LICENCES[fact.access])


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_doubtful_is_what_no_newer_list_has_or_what_has_no_type(entry: Relationship) -> None:
    fact = facts.RELATIONSHIPS[entry.kind][entry.name]
    assert entry.doubtful is (not fact.types or "O" in fact.sources)


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_object_does(kind: str) -> None:
    assert {entry.name for entry in relationships.of_kind(kind) if entry.family is Family.DOES} == DOES[kind]


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_titles_are_plain_words(entry: Relationship) -> None:
    assert entry.title[0].isupper()
    assert "_" not in entry.title
    assert not entry.title.endswith(".")


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases_lead_to_a_relationship_and_hide_none(alias: str, name: str) -> None:
    names = {known for _, known in CATALOGUE}
    assert name in names
    assert alias not in names


def test_only_exact_names_are_found() -> None:
    assert relationships.find("file", "contacted_ips") is not None
    assert relationships.find("file", "contacted_ip") is None
    assert relationships.find("domain", "contacted_ips") is None
