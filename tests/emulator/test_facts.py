"""The table of facts: as many relationships of each kind as the reference lists, and what it says of some."""

import pytest

from virustotal.emulator.facts import PATHS, RELATIONSHIPS, TYPES


@pytest.mark.parametrize(
    ("kind", "name", "types", "many", "access", "withdrawn"),
    [
        ("file", "contacted_ips", ("ip_address",), True, "E", False),
        ("file", "related_threat_actors", ("threat_actor",), True, "T", False),
        ("file", "clues", (), True, "?", False),
        ("file", "hash_collisions", ("file",), True, "?", True),
        ("file", "sigma_analysis", ("sigma_analysis",), False, "E", False),
        ("file", "user_votes", ("vote",), True, "U", False),
        ("url", "network_location", ("domain", "ip_address"), False, "E", False),
        ("url", "last_serving_ip_address", ("ip_address",), False, "E", False),
        ("domain", "immediate_parent", ("domain",), False, "E", False),
        ("domain", "soa_records", ("domain",), True, "P", False),
        ("ip_address", "resolutions", ("resolution",), True, "E", False),
    ],
)
def test_facts(kind: str, name: str, types: tuple[str, ...], many: bool, access: str, withdrawn: bool) -> None:
    facts = RELATIONSHIPS[kind][name]
    assert (facts.types, facts.many, facts.access, facts.withdrawn) == (types, many, access, withdrawn)


def test_every_type_has_one_path() -> None:
    assert len(TYPES) == len(PATHS) == len(RELATIONSHIPS)


def test_returned_types_have_a_path() -> None:
    returned = {kind for table in RELATIONSHIPS.values() for facts in table.values() for kind in facts.types}
    assert returned - set(PATHS) == {"hunting_ruleset"}
