"""What the reports of a task say of hosts and URLs already: nothing is asked for, or counted, twice."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from attrs import evolve, frozen

from virustotal.core.findings import Family
from virustotal.core.lookup.inline_attributes import ALWAYS_PRESENT
from virustotal.core.models import Object, Ref, Report
from virustotal.core.scoring.verdicts import NETWORK_KINDS
from virustotal.core.tables import listed
from virustotal.result.models import SubjectResult

#: A subject and a relationship of it; an empty one for the subject itself.
Place: TypeAlias = tuple[Ref, str]


@frozen
class KnownIndicator:
    """One host or URL of a task's reports.

    Args:
        places: Where it stands.
        report: What is judged of it; None where it came with too little for that.
    """

    places: tuple[Place, ...]
    report: Report | None = None

    @property
    def where(self) -> str:
        """A sentence that says where it is known from."""
        if any(not name for _, name in self.places):
            return "It is a subject of this task itself."
        return f"Known from this task's reports: {_names(self.places)}."

    def counted(self, scored: Collection[Place]) -> str:
        """Return why its points do not count again, as a sentence; empty where they do.

        Args:
            scored: See `scored_places`.
        """
        if any(not name for _, name in self.places):
            return "Not counted: it counts as a subject of this task."
        places = [place for place in self.places if place in scored]
        return f"Not counted: it counts as a related object already ({_names(places)})." if places else ""


def _names(places: Iterable[Place]) -> str:
    return listed(dict.fromkeys(name for _, name in places))


def known_indicators(reports: Iterable[tuple[Ref, Report]]) -> Mapping[Ref, KnownIndicator]:
    """Return the hosts and URLs of reports, subjects and related objects, by VirusTotal's references.

    Args:
        reports: Each with what was asked for, so that a URL that is a subject stands under the text of its address.
    """
    reports = tuple(reports)
    indicators = {ref: KnownIndicator(((report.subject.ref, ""),), report) for ref, report in reports}
    for _, report in reports:
        for name, related in report.related.items():
            for obj in filter(_may_score, related.items):
                before = indicators.get(obj.ref, KnownIndicator(()))
                places = (*before.places, (report.subject.ref, name))
                indicators[obj.ref] = evolve(before, places=places, report=before.report or _report(obj))
    return indicators


def _may_score(obj: Object) -> bool:
    """Whether a related object may have been scored: one that is more than an identifier."""
    return obj.ref.kind in NETWORK_KINDS and bool(obj.attributes) and not obj.error


def _report(obj: Object) -> Report | None:
    """The report of an object that came whole, or with what verdicts read."""
    return Report(obj) if obj.whole or obj.attributes.keys() >= set(ALWAYS_PRESENT[obj.ref.kind]) else None


def scored_places(results: Iterable[SubjectResult]) -> frozenset[Place]:
    """Return the relationships whose objects added to the score."""
    return frozenset(
        (result.report.subject.ref, points.name)
        for result in results
        for output in result.contributions
        for points, _ in output.scored
        if points.family == Family.RELATED and points.amount > 0
    )
