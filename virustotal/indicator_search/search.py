"""The exhaustive search: what earlier services tagged, looked up side by side."""

from collections.abc import Callable, Iterable, Iterator

from attrs import evolve, frozen

from virustotal import __version__
from virustotal.api import endpoints
from virustotal.api.source import Source
from virustotal.core.lookup import quota_fit
from virustotal.core.lookup.fetch import look_up_all
from virustotal.core.models import Object, Ref, Report, Verdict
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.safelist import Safelist
from virustotal.indicator_search.already_known import known_indicators, scored_places
from virustotal.indicator_search.plan import IocPlan, cut_off, plan_iocs
from virustotal.indicator_search.search_table import IocLookup, search_output
from virustotal.platform.task import Task
from virustotal.result.models import SubjectResult
from virustotal.sources import KeyClient


@frozen
class IndicatorSearch:
    """What was tagged and how each look-up ended."""

    plan: IocPlan
    lookups: tuple[IocLookup, ...]

    @property
    def notes(self) -> Iterator[str]:
        """Sentences for the coverage."""
        if not self.lookups and not self.plan.refused:
            yield "exhaustive_search: earlier services tagged no domain, IP address or URL in this task."
        if self.plan.unread:
            yield f"exhaustive_search: {self.plan.unread} tagged values were not read, those that tell least."

    def outputs(
        self, results: Iterable[SubjectResult], judge: Callable[[Object], Verdict]
    ) -> tuple[AnalyzerOutput, ...]:
        """Return what is shown of it, and what it scores, beside the results of the subjects, if there are any."""
        if not (self.lookups or self.plan.refused):
            return ()
        return (search_output(self.plan, self.lookups, judge, f"VirusTotal {__version__}", scored_places(results)),)


def search_indicators(
    task: Task, reports: Iterable[tuple[Ref, Report]], client: KeyClient, safelist: Safelist
) -> IndicatorSearch:
    """Look up what was tagged and is not in the reports of the task's subjects.

    Args:
        task: The task, with its tags.
        reports: Each with what was asked for.
        client: VirusTotal.
        safelist: What is not looked up.

    Raises:
        AuthenticationError: The key is missing or wrong.
    """
    settings = task.settings
    indicators = known_indicators(reports)
    plan = plan_iocs(task.tags, indicators, safelist, settings.max_iocs, filtered=not settings.ignore_filtering)
    lookups = tuple(
        evolve(lookup, origin=client.source.origins(lookup.ioc.ref, ()).get("", ""))
        for lookup in look_up(plan, client.source, task.deadline)
    )
    return IndicatorSearch(plan, lookups)


def look_up(plan: IocPlan, source: Source, deadline: float) -> tuple[IocLookup, ...]:
    """Ask for each wanted one, one request each, as far as the quota goes.

    What the source answers without a request (a mirror, a cache) is no matter of the quota. What was cut off keeps its
    outcome.

    Raises:
        AuthenticationError: The key is missing or wrong.
    """
    requests = {ioc.ref: endpoints.object_request(ioc.ref) for ioc in plan.wanted}
    answers = source.ask_many(list(requests.values()), deadline) if requests else ()
    at_once = {request: answer for request, answer in zip(requests.values(), answers, strict=True) if answer}
    costs = {ref: int(request not in at_once) for ref, request in requests.items()}
    plan = cut_off(plan, quota_fit.fit(requests, costs, source, deadline))
    reports = look_up_all([ioc.ref for ioc in plan.wanted], source, deadline, at_once)
    lookups = [IocLookup(ioc, report) for ioc, report in zip(plan.wanted, reports, strict=True)]
    lookups += [IocLookup(ioc, ioc.report) for ioc in plan.reported if ioc.report]
    lookups += [IocLookup(ioc, Report(Object(ioc.ref), outcome=outcome)) for ioc, outcome in plan.cut]
    return tuple(lookups)
