"""What a hook of a plugin answers: checked field by field and bounded, since nothing behind it has a `try`."""

from typing import Any

from attrs import evolve

from virustotal.core.models import Detection, Level, Verdict
from virustotal.util.readers import clean

#: Most detections of one verdict of a plugin; VirusTotal has about a hundred engines.
MOST_DETECTIONS = 500
#: Most reasons of one verdict of a plugin, and the longest one.
MOST_REASONS = 20
LONGEST_REASON = 500
#: Longest text of a detection.
LONGEST_FIELD = 500
#: No score is larger than this one; the caps are far below.
MOST_SCORE = 1_000_000

_TEXTS = ("engine", "category", "result", "version", "update", "ignored_because", "remapped_because")


def remapped(answer: Any, detections: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """Return what `virustotal_remap` answered; TypeError or ValueError for what is no list of as many detections."""
    if not isinstance(answer, tuple | list):
        raise TypeError("virustotal_remap returns a tuple of Detection")
    if len(answer) != len(detections):
        raise ValueError(
            f"virustotal_remap returned {len(answer)} of {len(detections)} detections; mark those to be ignored"
        )
    # Most come back as they went; only those that the plugin made are looked at.
    return tuple(new if new is old else detection(new) for new, old in zip(answer, detections, strict=True))


def detection(given: Detection) -> Detection:
    """Return a detection with texts of a bounded length; TypeError for anything else, or a field of another type."""
    if not isinstance(given, Detection):
        raise TypeError(f"expected a Detection, not {type(given).__name__}")
    texts = {name: getattr(given, name) for name in _TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise TypeError(f"`{name}` of a Detection is a text, not {type(value).__name__}")
    if given.score is not None and not _whole(given.score):
        raise TypeError(f"`score` of a Detection is a whole number or None, not {type(given.score).__name__}")
    score = None if given.score is None else _bounded(given.score)
    return Detection(**{name: clean(value, LONGEST_FIELD) for name, value in texts.items()}, score=score)


def verdict(answer: Any) -> Verdict:
    """Return what `virustotal_verdict` answered; TypeError or ValueError for what is no verdict.

    What is beyond the bounds is cut, and its last reason says so.
    """
    if not isinstance(answer, Verdict):
        raise TypeError(f"virustotal_verdict returns a Verdict or None, not {type(answer).__name__}")
    if not _whole(answer.score):
        raise TypeError("the score of a Verdict is a whole number")
    if not isinstance(answer.detections, tuple | list):
        raise TypeError("the detections of a Verdict are a tuple of Detection")
    if not isinstance(answer.reasons, tuple | list) or not all(isinstance(text, str) for text in answer.reasons):
        raise TypeError("the reasons of a Verdict are a tuple of texts")
    reasons = tuple(clean(text, LONGEST_REASON) for text in answer.reasons[:MOST_REASONS])
    return Verdict(
        Level(answer.level),
        tuple(map(detection, answer.detections[:MOST_DETECTIONS])),
        (*reasons, *_left_out(answer)),
        _bounded(answer.score),
    )


def verdict_or_none(answer: Any) -> Verdict | None:
    """Return the verdict that was answered; None where it is left to the next one."""
    return None if answer is None else verdict(answer)


def said_by(verdict: Verdict, provider: str) -> Verdict:
    """Return a verdict whose first reason says whose it is, where that of the engines has their count."""
    return evolve(verdict, reasons=(f"The plugin {provider} says so.", *verdict.reasons))


def _left_out(answer: Verdict) -> tuple[str, ...]:
    beyond = {
        "reasons": (len(answer.reasons), MOST_REASONS),
        "detections": (len(answer.detections), MOST_DETECTIONS),
    }
    return tuple(
        f"Left out: {count - most} {what} beyond the {most} that a plugin's verdict may have."
        for what, (count, most) in beyond.items()
        if count > most
    )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bounded(score: int) -> int:
    return max(-MOST_SCORE, min(MOST_SCORE, int(score)))
