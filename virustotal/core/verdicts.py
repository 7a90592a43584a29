"""Detections to a verdict: remap, thresholds, the explained score."""

from collections.abc import Callable, Iterable

from virustotal.core.models import Detection, Level, Object, Verdict
from virustotal.core.settings import Settings
from virustotal.core.values import mapping, pairs, text

#: Folds the detections of one object through the remap hooks.
Remap = Callable[[tuple[Detection, ...]], tuple[Detection, ...]]
#: The first verdict of the verdict hooks, or None.
Decide = Callable[[Object, tuple[Detection, ...]], Verdict | None]

POINTS_AN_ENGINE = 100


def detections(obj: Object) -> tuple[Detection, ...]:
    """Return every engine's verdict in `last_analysis_results`, by engine."""
    return tuple(
        Detection(
            engine=text(mapping(entry).get("engine_name")) or name,
            category=text(mapping(entry).get("category")) or "undetected",
            result=text(mapping(entry).get("result")),
            version=text(mapping(entry).get("engine_version")),
            update=text(mapping(entry).get("engine_update")),
        )
        for name, entry in sorted(pairs(obj.attributes.get("last_analysis_results")))
    )


def judge(obj: Object, settings: Settings, remap: Remap | None = None, decide: Decide | None = None) -> Verdict:
    """Return the verdict of one object: remap, then the first answer of `decide`, then the engines' own."""
    found = detections(obj)
    found = remap(found) if remap else found
    return (decide(obj, found) if decide else None) or by_engines(found, settings)


def by_engines(found: Iterable[Detection], settings: Settings) -> Verdict:
    """Return the built-in verdict of the engines alone."""
    found = tuple(found)
    counted = [each for each in found if not each.ignored_because and each.category in {"malicious", "suspicious"}]
    hits = sum(1.0 if each.category == "malicious" else 0.5 for each in counted)
    if not found:
        return Verdict()
    if hits < max(settings.av_config.hit_threshold, 0.5):
        return Verdict(Level.CLEAN, found, (f"{len(counted)} of {len(found)} engines, below the threshold",))
    score = min(1000, int(hits * POINTS_AN_ENGINE))
    return Verdict(Level.MALICIOUS, found, (f"{len(counted)} of {len(found)} engines",), score)
