"""What is learnt of a key: by one process, for a day, and for the others."""

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, field

from virustotal.core.lookup.key_capabilities import (
    LICENCE,
    LOOK_AGAIN,
    REMEMBERED,
    KeyCapabilities,
    Parameter,
    keep_flag,
)
from virustotal.core.models import Outcome, Status

FORBIDDEN = Outcome(Status.FORBIDDEN, "The licence of the API key does not cover this.")


@define
class Kept:
    """Keeps what is learnt in memory."""

    values: dict[str, Mapping[str, Any]] = field(factory=dict)
    asked: int = 0

    def recall(self, name: str) -> Mapping[str, Any]:
        self.asked += 1
        return self.values.get(name, {})

    def keep(self, name: str, value: Mapping[str, Any], seconds: float) -> None:
        assert seconds == 24 * 3600
        self.values[name] = value


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
    ("name", "status", "learnt"),
    [
        ("embedded_domains", Status.FORBIDDEN, True),
        ("embedded_domains", Status.QUOTA, False),
        ("contacted_ips", Status.FORBIDDEN, False),  # every key may read it: this refusal is about something else
        ("nonsense", Status.FORBIDDEN, False),
    ],
)
def test_only_a_licence_that_is_missing_is_remembered(name: str, status: Status, learnt: bool) -> None:
    capabilities = KeyCapabilities()
    capabilities.learn_alone("file", {name: Outcome(status)})
    assert (name in capabilities.refused("file")) is learnt


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        {"a": ["other", "", 9e9]},
        {"a": []},
        {"a": ["forbidden"]},
        {"a": ["forbidden", ""]},
        {"a": ["forbidden", "", "soon"]},
        {"holds": "yes", "until": 9e9},
        {"holds": False},
        {"holds": False, "until": None},
        {"holds": None, "until": 9e9},
        {"a": None},
    ],
)
def test_what_cannot_be_understood_is_not_known(value: Mapping[str, Any]) -> None:
    capabilities = KeyCapabilities(Kept({"refused:file": value, LICENCE: value, f"takes:{Parameter.INLINE}": value}))
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
    for each in (capabilities, late, KeyCapabilities(kept)):
        assert set(each.refused("file")) == {"embedded_ips"}
        assert each.takes(Parameter.INLINE) is None


def test_what_a_host_of_another_time_says_counts_for_a_day_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    until = now + 99 * REMEMBERED
    capabilities = KeyCapabilities(
        Kept({"refused:file": {"votes": ["forbidden", "", until]}, LICENCE: {"holds": False, "until": until}})
    )
    assert "votes" in capabilities.refused("file")
    assert "embedded_ips" in capabilities.refused("file")
    now += REMEMBERED + 1
    assert capabilities.refused("file") == {}


@pytest.mark.parametrize(("holds", "refused"), [(False, True), (True, False), (None, False)])
def test_a_key_without_any_privilege_is_not_asked_for_what_needs_one(holds: bool | None, refused: bool) -> None:
    kept = Kept()
    keep_flag(kept, LICENCE, holds)
    found = KeyCapabilities(kept).refused("file")
    assert ("embedded_domains" in found) is refused
    assert not {"contacted_ips", "vulnerabilities", "votes"} & found.keys()  # for every key, stated nowhere, its own


def test_what_is_learnt_of_the_licence_is_not_kept_as_refusals() -> None:
    kept = Kept()
    keep_flag(kept, LICENCE, False)
    capabilities = KeyCapabilities(kept)
    capabilities.learn_alone("file", {"embedded_ips": FORBIDDEN})
    assert list(kept.values["refused:file"]) == ["embedded_ips"]


def test_a_licence_that_was_just_learnt_of_is_looked_at_without_waiting() -> None:
    kept = Kept()
    capabilities = KeyCapabilities(kept)
    assert capabilities.refused("file") == {}
    keep_flag(kept, LICENCE, False)
    assert capabilities.refused("file") == {}, LOOK_AGAIN
    capabilities.look_again()
    assert capabilities.refused("file")
