"""What is learnt of a key: by one process, for a day, and for the others."""

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, field

from virustotal.core.memory import Memory, Parameter
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
    first = Memory(kept)
    first.learn("file", ("embedded_domains",), FORBIDDEN)
    first.tried(Parameter.INLINE, False)
    second = Memory(kept)
    assert second.refused("file") == {"embedded_domains": FORBIDDEN}
    assert second.refused("domain") == {}
    assert second.takes(Parameter.INLINE) is False
    assert second.takes(Parameter.CURSOR) is None


def test_the_store_is_not_looked_at_for_every_task() -> None:
    kept = Kept()
    memory = Memory(kept)
    for _ in range(9):
        memory.refused("file")
        memory.takes(Parameter.INLINE)
    assert kept.asked == 2


def test_what_others_have_learnt_meanwhile_is_added() -> None:
    kept = Kept()
    first, second = Memory(kept), Memory(kept)
    first.learn("file", ("embedded_domains",), FORBIDDEN)
    second.learn("file", ("embedded_ips",), FORBIDDEN)
    assert set(Memory(kept).refused("file")) == {"embedded_domains", "embedded_ips"}


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
    memory = Memory()
    memory.learn_premium("file", {name: Outcome(status)})
    assert (name in memory.refused("file")) is learnt


@pytest.mark.parametrize(
    "value", [{"a": 1}, {"a": ["other", ""]}, {"a": []}, {"a": ["forbidden"]}, {"taken": "yes"}, {"a": None}]
)
def test_what_cannot_be_understood_is_not_known(value: Mapping[str, Any]) -> None:
    memory = Memory(Kept({"refused:file": value, f"takes:{Parameter.INLINE}": value}))
    assert memory.refused("file") == {}
    assert memory.takes(Parameter.INLINE) is None
