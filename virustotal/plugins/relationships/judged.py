"""Related objects with their verdicts, most suspicious first."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from attrs import frozen

from virustotal.core import Detection, Evidence, Level, Object, Settings, Verdict
from virustotal.core.readers import host_of
from virustotal.core.verdicts import ANSWERED, MALICIOUS, SUSPICIOUS, counters, needed_hits
from virustotal.plugins.relationships.columns import address, identity

HITS = frozenset({MALICIOUS, SUSPICIOUS})


@frozen
class Judged:
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
        answered = [each for each in self.verdict.detections if each.category in ANSWERED]
        return f"{len(self._hits(HITS))}/{len(answered)}" if answered else ratio(counters(self.obj))

    def undetected(self, settings: Settings) -> bool:
        """True if fewer engines than the hit threshold asks for found something, whatever the verdict made of it."""
        counts = counters(self.obj)  # a reduced object has these alone
        if self.verdict.detections:
            counts = {category: len(self._hits({category})) for category in HITS}
        return counts.get(MALICIOUS, 0) + counts.get(SUSPICIOUS, 0) / 2 < needed_hits(settings)

    def _hits(self, categories: Collection[str]) -> list[Detection]:
        return [each for each in self.verdict.detections if each.category in categories and not each.ignored_because]


def ratio(counts: Mapping[str, int]) -> str:
    """Return VirusTotal's own counters as `3/90`; empty where nobody answered."""
    total = sum(counts.get(name, 0) for name in ANSWERED)
    return f"{sum(counts.get(name, 0) for name in HITS)}/{total}" if total > 0 else ""


def known(obj: Object) -> bool:
    """True if the object came with a report, and not as an id alone."""
    return not obj.error and bool(obj.attributes)


def is_subject(evidence: Evidence, obj: Object) -> bool:
    """True if a related object is the subject itself, such as a file that drops a copy of itself."""
    subject = evidence.report.subject.ref
    return obj.ref.kind == subject.kind and obj.ref.id.lower() == subject.id.lower()


def own_host(evidence: Evidence, obj: Object) -> bool:
    """True if a related host is the URL subject's own one, or a domain above it: it may serve many others."""
    subject = evidence.report.subject
    if subject.ref.kind != "url" or obj.ref.kind not in {"domain", "ip_address"}:
        return False
    related = (evidence.report.related.get(name) for name in ("last_serving_ip_address", "network_location"))
    known = {item.ref.id.lower() for found in related if found is not None for item in found.items}
    hosts = known | {host_of(address(subject))}
    return any(obj.ref.id.lower() == host or host.endswith(f".{obj.ref.id.lower()}") for host in hosts if host)


def judged(evidence: Evidence, found: Iterable[Object]) -> tuple[Judged, ...]:
    """Return the objects with their verdicts: worst level first, then the higher score, then by name."""
    pairs_ = [Judged(obj, evidence.judge(obj)) for obj in found]
    pairs_.sort(key=lambda each: (-each.verdict.level.rank, -each.verdict.score, identity(each.obj)))
    return tuple(pairs_)
