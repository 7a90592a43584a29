"""Checks what hooks of plugins return, field by field, and bounds it: nothing behind them has a `try`."""

from typing import Any

import attrs

from virustotal.core.models import Detection, Verdict
from virustotal.core.plugin_host.field_checks import clamped, entries, expect, texts
from virustotal.util.readers import clean

#: Most detections of one verdict of a plugin; VirusTotal has about a hundred engines.
MOST_DETECTIONS = 500
#: Most reasons of one verdict of a plugin, and the longest one.
MOST_REASONS = 20
LONGEST_REASON = 500
#: Longest text of a detection.
LONGEST_FIELD = 500

_TEXTS = {field.name: LONGEST_FIELD for field in attrs.fields(Detection) if field.type is str}


def remapped(answer: Any, detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """Return the detections that `virustotal_remap` returned.

    Args:
        answer: What it returned.
        detections: What it was given.

    Raises:
        TypeError: It is no list of detections, or a field has another type.
        ValueError: There are more or fewer detections than were given.
    """
    expect("the answer of virustotal_remap", answer, tuple, list)
    if len(answer) != len(detections):
        raise ValueError(
            f"virustotal_remap returned {len(answer)} of {len(detections)} detections; mark those to be ignored"
        )
    # Most come back as they went; only those that the plugin made are looked at.
    return tuple(new if new is old else detection(new) for new, old in zip(answer, detections, strict=True))


def detection(answer: Any) -> Detection:
    """Return a detection with texts of a bounded length.

    Raises:
        TypeError: It is none, or a field has another type.
    """
    expect("an entry of the detections", answer, Detection)
    fields = texts("a Detection", answer, **_TEXTS)
    return Detection(**fields, score=None if answer.score is None else clamped("`score` of a Detection", answer.score))


def verdict(answer: Any) -> Verdict | None:
    """Return the verdict that `virustotal_verdict` returned, or None where it left it open.

    Reasons and detections beyond the limits are cut, and the last reasons say so.

    Raises:
        TypeError: It is no verdict, or a field has another type.
    """
    if answer is None:
        return None
    expect("the answer of virustotal_verdict", answer, Verdict)
    score = clamped("`score` of a Verdict", answer.score)
    detections = entries("`detections` of a Verdict", answer.detections, Detection)
    reasons = entries("`reasons` of a Verdict", answer.reasons, str)
    beyond = (("reasons", len(reasons), MOST_REASONS), ("detections", len(detections), MOST_DETECTIONS))
    left_out = (
        f"Left out: {count - most} {what} beyond the {most} that a plugin's verdict may have."
        for what, count, most in beyond
        if count > most
    )
    return Verdict(
        answer.level,
        tuple(map(detection, detections[:MOST_DETECTIONS])),
        (*(clean(reason, LONGEST_REASON) for reason in reasons[:MOST_REASONS]), *left_out),
        score,
    )
