"""Related objects with their verdicts, most suspicious first."""

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from virustotal.core.models import Evidence, Level, Object, Verdict
from virustotal.core.values import integer, pairs
from virustotal.plugins.relations.columns import identity

#: Categories of engines that gave an answer; all others had none (time-out, unsupported type).
ANSWERED = frozenset({"malicious", "suspicious", "undetected", "harmless"})
_HITS = frozenset({"malicious", "suspicious"})


@frozen
class Judged:
    """A related object and what the engines say of it."""

    obj: Object
    verdict: Verdict

    @property
    def flagged(self) -> bool:
        """True if it is held to be suspicious or malicious."""
        return self.verdict.level in {Level.SUSPICIOUS, Level.MALICIOUS}

    @property
    def detections(self) -> str:
        """How many engines of those that answered found something, such as `3/90`; empty where none answered."""
        answered = [each for each in self.verdict.detections if each.category in ANSWERED]
        if not answered:
            return ratio(self.obj.attributes.get("last_analysis_stats"))
        hits = sum(each.category in _HITS and not each.ignored_because for each in answered)
        return f"{hits}/{len(answered)}"


def ratio(stats: Any) -> str:
    """Return VirusTotal's own counters as `3/90`; empty where nobody answered."""
    counts = {name: integer(count) or 0 for name, count in pairs(stats)}
    total = sum(counts.get(name, 0) for name in ANSWERED)
    return f"{sum(counts.get(name, 0) for name in _HITS)}/{total}" if total > 0 else ""


def known(obj: Object) -> bool:
    """True if the object came with a report, and not as an id alone."""
    return not obj.error and bool(obj.attributes)


def judged(evidence: Evidence, found: Iterable[Object]) -> tuple[Judged, ...]:
    """Return the objects with their verdicts: worst level first, then the higher score, then by name."""
    pairs_ = [Judged(obj, evidence.judge(obj)) for obj in found]
    pairs_.sort(key=lambda each: (-each.verdict.level.rank, -each.verdict.score, identity(each.obj)))
    return tuple(pairs_)
