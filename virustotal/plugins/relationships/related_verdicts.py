"""Related objects with their verdicts, most suspicious first."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from attrs import frozen

from virustotal.core import Evidence, Level, Object, Settings, Verdict
from virustotal.core.readers import host_of, integer, pairs
from virustotal.core.verdicts import category_of, detection_ratio, needed_hits, ratio
from virustotal.plugins.relationships.columns import address, identity


@frozen
class JudgedObject:
    """A related object and what the engines say of it."""

    obj: Object
    verdict: Verdict

    @property
    def flagged(self) -> bool:
        """True if its verdict scores."""
        return self.verdict.score > 0 or self.verdict.level.rank >= Level.SUSPICIOUS.rank

    @property
    def note(self) -> str:
        """What the verdict says beside its count of engines: why it is less, or not, scored."""
        return " ".join(self.verdict.reasons[1:])

    @cached_property
    def detections(self) -> str:
        """How many engines of those that answered found something, such as `3/90`; empty where none answered."""
        return detection_ratio(self.obj, self.verdict)

    def undetected(self, settings: Settings) -> bool:
        """True if fewer engines than the hit threshold asks for found something, whatever the verdict made of it."""
        return self.verdict.counts.hits < needed_hits(settings)


def analysis_ratio(stats: Any) -> str:
    """Return the counters of an analysis as `ratio`; they are all 0 while it is queued."""
    return ratio({category_of(category): integer(count) or 0 for category, count in pairs(stats)})


def has_report(obj: Object) -> bool:
    """True if the object came with a report, and not as an id alone."""
    return not obj.error and bool(obj.attributes)


def is_subject(evidence: Evidence, obj: Object) -> bool:
    """True if a related object is the subject itself, such as a file that drops a copy of itself."""
    subject = evidence.report.subject.ref
    return obj.ref.kind == subject.kind and obj.ref.id.lower() == subject.id.lower()


def is_own_host(evidence: Evidence, obj: Object) -> bool:
    """True if a related host is the URL subject's own one, or a domain above it: it may serve many others."""
    subject = evidence.report.subject
    if subject.ref.kind != "url" or obj.ref.kind not in {"domain", "ip_address"}:
        return False
    related = (evidence.report.related.get(name) for name in ("last_serving_ip_address", "network_location"))
    hosts = {obj.ref.id.lower() for relationship in related if relationship is not None for obj in relationship.items}
    hosts.add(host_of(address(subject)))
    return any(obj.ref.id.lower() == host or host.endswith(f".{obj.ref.id.lower()}") for host in hosts if host)


def judge_objects(evidence: Evidence, objs: Iterable[Object]) -> tuple[JudgedObject, ...]:
    """Return the objects with their verdicts: worst level first, then the higher score, then by name."""
    judged_objects = [JudgedObject(obj, evidence.judge(obj)) for obj in objs]
    judged_objects.sort(key=lambda judged: (-judged.verdict.level.rank, -judged.verdict.score, identity(judged.obj)))
    return tuple(judged_objects)
