"""What is learnt of a key: by one process, for a day, and for the others."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, field

from virustotal.core.lookup.key_capabilities import (
    ACCOUNT,
    LICENCE,
    LOOK_AGAIN,
    MOST_NAMES,
    REMEMBERED,
    KeyCapabilities,
    Parameter,
    is_lasting,
)
from virustotal.core.models import Outcome, Status

FORBIDDEN = Outcome(Status.FORBIDDEN, "The licence of the API key does not cover this.")


@define
class Kept:
    """Keeps what is learnt in memory."""

    values: dict[str, Mapping[str, Any]] = field(factory=dict)
    asked: int = 0

    def get(self, key: str, name: str) -> str | None:
        self.asked += 1
        return json.dumps(self.values[name]) if name in self.values else None

    def put(self, key: str, name: str, value: str, seconds: float) -> None:
        assert seconds == 24 * 3600
        self.values[name] = json.loads(value)


def licence(status: Status, until: float | None = None) -> dict[str, Any]:
    """What is kept of the licence."""
    return {ACCOUNT: {LICENCE: [status, "No privilege.", until or time.time() + REMEMBERED]}}


def test_what_one_process_learns_the_others_know() -> None:
    kept = Kept()
    first = KeyCapabilities(kept)
    first.learn("file", {"embedded_domains": FORBIDDEN})
    first.tried(Parameter.INLINE, False)
    second = KeyCapabilities(kept)
    assert second.refused("file") == {"embedded_domains": FORBIDDEN}
    assert second.refused("domain") == {}
    assert second.takes(Parameter.INLINE) is False
    assert second.takes(Parameter.CURSOR) is None


def test_what_two_processes_learn_at_once_neither_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    first, second = KeyCapabilities(kept), KeyCapabilities(kept)
    assert first.refused("file") == second.refused("file") == {}
    first.learn("file", {"embedded_domains": FORBIDDEN})
    second.learn("file", {"embedded_ips": FORBIDDEN})  # overwrites what the first has just kept
    later = time.monotonic() + LOOK_AGAIN
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert first.refused("file") == {"embedded_domains": FORBIDDEN, "embedded_ips": FORBIDDEN}


@pytest.mark.parametrize(("first", "then", "takes"), [(False, True, False), (True, False, False), (True, True, True)])
def test_a_success_does_not_overwrite_a_remembered_refusal(first: bool, then: bool, takes: bool) -> None:
    kept = Kept()
    capabilities = KeyCapabilities(kept)
    capabilities.tried(Parameter.INLINE, first)
    capabilities.tried(Parameter.INLINE, then)
    assert capabilities.takes(Parameter.INLINE) is takes
    assert KeyCapabilities(kept).takes(Parameter.INLINE) is takes


def test_the_store_is_not_looked_at_for_every_task() -> None:
    kept = Kept()
    capabilities = KeyCapabilities(kept)
    for _ in range(9):
        capabilities.refused("file")
        capabilities.takes(Parameter.INLINE)
    assert kept.asked == 3  # names, licence, parameter


def test_what_others_have_learnt_meanwhile_is_added() -> None:
    kept = Kept()
    first, second = KeyCapabilities(kept), KeyCapabilities(kept)
    first.learn("file", {"embedded_domains": FORBIDDEN})
    second.learn("file", {"embedded_ips": FORBIDDEN})
    assert set(KeyCapabilities(kept).refused("file")) == {"embedded_domains", "embedded_ips"}


@pytest.mark.parametrize(
    ("name", "status", "lasting"),
    [
        ("embedded_domains", Status.FORBIDDEN, True),
        ("embedded_domains", Status.QUOTA, False),
        ("contacted_ips", Status.FORBIDDEN, False),  # every key may read it: this refusal is about something else
        ("nonsense", Status.FORBIDDEN, False),
        ("nonsense", Status.UNKNOWN, True),
    ],
)
def test_only_a_licence_that_is_missing_is_remembered(name: str, status: Status, lasting: bool) -> None:
    assert is_lasting("file", name, Outcome(status)) is lasting


def test_names_outside_the_catalogue_are_remembered_within_bounds() -> None:
    capabilities = KeyCapabilities()
    unknown = {f"name_{number}": Outcome(Status.UNKNOWN) for number in range(MOST_NAMES + 9)}
    capabilities.learn("file", {name: unknown[name] for name in list(unknown)[:9]})
    capabilities.learn("file", unknown)
    capabilities.learn("file", {"one_more": Outcome(Status.UNKNOWN), "embedded_ips": FORBIDDEN})
    assert len(capabilities.refused("file")) == MOST_NAMES + 1


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        {"a": ["other", "", 9e9]},
        {"a": []},
        {"a": ["forbidden"]},
        {"a": ["forbidden", ""]},
        {"a": ["forbidden", "", "soon"]},
        {LICENCE: ["forbidden", "", None]},
        {LICENCE: {"holds": False, "until": 9e9}},
        {"a": None},
    ],
)
def test_what_cannot_be_understood_is_not_known(value: Mapping[str, Any]) -> None:
    capabilities = KeyCapabilities(Kept({"refused:file": value, ACCOUNT: value, f"takes:{Parameter.INLINE}": value}))
    assert capabilities.refused("file") == {}
    assert capabilities.takes(Parameter.INLINE) is None


def test_each_name_has_a_day_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    kept = Kept()
    capabilities = KeyCapabilities(kept)
    capabilities.learn("file", {"embedded_domains": FORBIDDEN})
    capabilities.tried(Parameter.INLINE, False)
    now += REMEMBERED / 2
    capabilities.learn("file", {"embedded_ips": FORBIDDEN})
    late = KeyCapabilities(kept)  # another process, which hears of it only now
    assert set(late.refused("file")) == {"embedded_domains", "embedded_ips"}
    now += REMEMBERED / 2 + 1
    for memory in (capabilities, late, KeyCapabilities(kept)):
        assert set(memory.refused("file")) == {"embedded_ips"}
        assert memory.takes(Parameter.INLINE) is None


def test_what_another_process_learnt_later_counts_once_the_own_day_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    monkeypatch.setattr("virustotal.core.lookup.key_capabilities.LOOK_AGAIN", 0.0)
    kept, later = Kept(), Kept()
    capabilities = KeyCapabilities(kept)
    capabilities.tried(Parameter.INLINE, False)
    capabilities.learn("file", {"embedded_domains": FORBIDDEN})
    now += REMEMBERED / 2
    other = KeyCapabilities(later)
    other.tried(Parameter.INLINE, False)
    other.learn("file", {"embedded_domains": FORBIDDEN})
    kept.values = later.values
    now += REMEMBERED / 2 + 1
    assert capabilities.takes(Parameter.INLINE) is False
    assert set(capabilities.refused("file")) == {"embedded_domains"}


def test_what_a_host_of_another_time_says_counts_for_a_day_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    until = now + 99 * REMEMBERED
    capabilities = KeyCapabilities(
        Kept({"refused:file": {"votes": ["forbidden", "", until]}, **licence(Status.FORBIDDEN, until)})
    )
    assert "votes" in capabilities.refused("file")
    assert "embedded_ips" in capabilities.refused("file")
    now += REMEMBERED + 1
    assert capabilities.refused("file") == {}


@pytest.mark.parametrize(("status", "refused"), [(Status.FORBIDDEN, True), (Status.FOUND, False)])
def test_a_key_without_any_privilege_is_not_asked_for_what_needs_one(status: Status, refused: bool) -> None:
    names = KeyCapabilities(Kept(licence(status))).refused("file").keys()
    assert ({"embedded_domains", "related_references"} <= names) is refused
    assert not {"contacted_ips", "vulnerabilities", "votes"} & names  # for every key, stated nowhere, its own


def test_what_is_learnt_of_the_licence_is_not_kept_as_refusals() -> None:
    kept = Kept(licence(Status.FORBIDDEN))
    capabilities = KeyCapabilities(kept)
    capabilities.learn("file", {"embedded_ips": FORBIDDEN})
    assert list(kept.values["refused:file"]) == ["embedded_ips"]


def test_a_licence_that_was_just_learnt_of_is_looked_at_without_waiting() -> None:
    kept = Kept()
    capabilities = KeyCapabilities(kept)
    assert capabilities.refused("file") == {}
    kept.values |= licence(Status.FORBIDDEN)
    assert capabilities.refused("file") == {}, LOOK_AGAIN
    capabilities.look_again()
    assert capabilities.refused("file")
