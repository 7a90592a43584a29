"""What a hook answers is checked field by field and bounded: nothing behind it has a `try`."""

from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from virustotal.core import Detection, Verdict, hookimpl
from virustotal.core.plugin_host.hooks import HookCaller
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings
from virustotal.testing import hooks, obj

ACME = Detection("Acme", "malicious", "Loader")
GIVEN = (ACME, Detection("Umbrella", "undetected"))
FILE = obj("file", last_analysis_results={name: {"category": "malicious"} for name in ("Acme", "Umbrella")})


def of(**answers: Any) -> HookCaller:
    """The hooks of a plugin that always answers the same."""
    functions: dict[str, Any] = {}
    if "remap" in answers:
        functions["virustotal_remap"] = hookimpl(lambda detections: answers["remap"])
        functions["virustotal_remap"].__name__ = "virustotal_remap"
    if "verdict" in answers:
        functions["virustotal_verdict"] = hookimpl(lambda obj: answers["verdict"])
    return hooks(SimpleNamespace(__name__="virustotal_mine", **functions))


ODD: list[tuple[dict[str, Any], str]] = [
    ({"score": "high"}, "`score` of a Detection is a whole number, not str"),
    ({"score": True}, "`score` of a Detection"),
    ({"score": 1.5}, "`score` of a Detection"),
    ({"category": ["x"]}, "`category` of a Detection is a text, not list"),
    ({"engine": None}, "`engine` of a Detection is a text, not NoneType"),
    ({"result": 7}, "`result` of a Detection"),
    ({"version": b"1"}, "`version` of a Detection"),
    ({"update": 20240101}, "`update` of a Detection"),
    ({"ignored_because": True}, "`ignored_because` of a Detection"),
    ({"remapped_because": {}}, "`remapped_because` of a Detection"),
]


@pytest.mark.parametrize(("changes", "message"), ODD)
def test_the_fields_of_detections_are_checked(changes: dict[str, Any], message: str) -> None:
    odd = (evolve(ACME, **changes), GIVEN[1])
    remapping = of(remap=odd)
    assert remapping.remap(GIVEN) == GIVEN
    judging = of(verdict=Verdict("malicious", odd))
    assert judging.decide(FILE, GIVEN) is None
    for caller in (remapping, judging):
        (failed,) = caller.failed
        assert failed.error.startswith("TypeError: ")
        assert message in failed.error
        # What is not checked there would end the task here.
        assert judge(FILE, Settings(), caller.remap, caller.decide).score == 200


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": "100"}, "`score` of a Verdict"),
        ({"score": True}, "`score` of a Verdict"),
        ({"detections": None}, "`detections` of a Verdict"),
        ({"detections": (detection for detection in GIVEN)}, "`detections` of a Verdict"),
        ({"detections": ("Acme",)}, "an entry of `detections` of a Verdict is a Detection, not str"),
        ({"reasons": "because"}, "`reasons` of a Verdict"),
        ({"reasons": (reason for reason in ("because",))}, "`reasons` of a Verdict"),
        ({"reasons": ("because", 1)}, "`reasons` of a Verdict"),
        ({"reasons": None}, "`reasons` of a Verdict"),
    ],
)
def test_the_fields_of_a_verdict_are_checked(changes: dict[str, Any], message: str) -> None:
    caller = of(verdict=evolve(Verdict("malicious"), **changes))
    assert caller.decide(FILE, GIVEN) is None
    assert message in caller.failed[0].error


def test_a_verdict_is_bounded_and_says_so() -> None:
    reasons = tuple(f"{number} " + "x" * 5_000 for number in range(20_000))
    many = tuple(Detection(f"Engine {number}", "malicious", "y" * 5_000) for number in range(20_000))
    caller = of(verdict=Verdict("malicious", many, reasons, 10**30))
    verdict = caller.decide(FILE, GIVEN)
    assert verdict is not None
    assert len(verdict.detections) == 500
    assert max(len(detection.result) for detection in verdict.detections) == 500
    assert verdict.reasons[0] == "The plugin mine 0 says so."
    assert verdict.reasons[-2:] == (
        "Left out: 19980 reasons beyond the 20 that a plugin's verdict may have.",
        "Left out: 19500 detections beyond the 500 that a plugin's verdict may have.",
    )
    assert (len(verdict.reasons), max(map(len, verdict.reasons)), verdict.score) == (23, 500, 1_000_000)
    assert not caller.failed


def test_what_a_remap_makes_is_bounded() -> None:
    longer = evolve(ACME, result="x" * 10_000, score=-(10**30))
    caller = of(remap=[longer, GIVEN[1]])
    first, second = caller.remap(GIVEN)
    assert (len(first.result), first.score) == (500, -1_000_000)
    assert second is GIVEN[1]
