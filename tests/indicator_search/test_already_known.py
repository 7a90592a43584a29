"""What the reports of a task say already of what was tagged."""

from virustotal.core.findings import Points
from virustotal.core.models import Object, Ref, Related, Report
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.indicator_search.already_known import KnownIndicator, known_indicators, scored_places
from virustotal.result.models import SubjectResult
from virustotal.testing import obj

FILE, DOMAIN = Ref("file", "a" * 64), Ref("domain", "example.com")
JUDGED = {"last_analysis_results": {}, "last_analysis_stats": {}}


def report(**related: Object) -> Report:
    return Report(Object(FILE), {name: Related(name, (item,)) for name, item in related.items()})


def test_what_tells_enough_is_judged_from_there() -> None:
    whole = Object(DOMAIN, {"reputation": 0})
    reduced = Object(DOMAIN, JUDGED, whole=False)
    little = Object(DOMAIN, {"reputation": 0}, whole=False)

    for item, judged in ((whole, whole), (reduced, reduced), (little, None)):
        found = known_indicators([(FILE, report(contacted_domains=item))])[DOMAIN]
        assert found.places == ((FILE, "contacted_domains"),)
        assert (found.report and found.report.subject) is judged


def test_identifiers_and_files_say_nothing() -> None:
    items = (Object(DOMAIN), Object(DOMAIN, {"a": 1}, error="NotFoundError"), obj("file", size=1))

    for item in items:
        assert set(known_indicators([(FILE, report(contacted_domains=item))])) == {FILE}


def test_it_stands_in_several_places_and_counts_in_those_that_scored() -> None:
    item = Object(DOMAIN, JUDGED)
    found = known_indicators([(FILE, report(embedded_domains=item, contacted_domains=item))])[DOMAIN]
    points = tuple((Points(family, name, amount, "Because."), None) for family, name, amount in POINTS)
    scored = scored_places(
        [SubjectResult(Report(Object(FILE)), contributions=(AnalyzerOutput("a", "b", scored=points),))]
    )

    assert scored == {(FILE, "contacted_domains")}
    assert found.where == "Known from this task's reports: embedded_domains, contacted_domains."
    assert found.counted(scored) == "Not counted: it counts as a related object already (contacted_domains)."
    assert found.counted({(FILE, "dropped_files")}) == ""


POINTS = (("related", "contacted_domains", 5), ("related", "embedded_domains", 0), ("plugin", "embedded_domains", 5))


def test_a_subject_is_one_whatever_else_it_is() -> None:
    indicators = known_indicators(
        [(FILE, report(contacted_domains=Object(DOMAIN, JUDGED))), (DOMAIN, Report(Object(DOMAIN)))]
    )

    assert isinstance(indicators[DOMAIN], KnownIndicator)
    assert indicators[DOMAIN].where == "It is a subject of this task itself."
    assert indicators[DOMAIN].counted(()) == "Not counted: it counts as a subject of this task."
    assert indicators[DOMAIN].report == Report(Object(DOMAIN))
